"""VoiceXML without sockets: documents, grammars, prompts, and the interpreter that runs them on its ports."""
