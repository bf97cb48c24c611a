"""One module for each resource: parse, decide, commit, answer."""
