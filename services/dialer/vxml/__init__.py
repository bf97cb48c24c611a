"""A VoiceXML 2.0/2.1 interpreter that awaits its ports: no socket, no clock, no HTTP client is in here."""
