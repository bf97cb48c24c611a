"""The front door: the documented requests become state in Postgres and letters to the pacer."""
