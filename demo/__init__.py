"""A campaign from end to end on one command: its own application, sink and list of numbers."""
