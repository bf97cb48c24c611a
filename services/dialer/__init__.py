"""The hand on the telephone: a dial job becomes at most one call, and the call a reported outcome."""
