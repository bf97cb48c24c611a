"""What we are measured beside: others' ways to do the same work, and the bare cost of its requests."""
