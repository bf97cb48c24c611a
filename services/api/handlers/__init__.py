"""What each operation does: parse, decide, commit, answer."""
