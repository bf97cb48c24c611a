"""The lines a dialer may speak over: a port, and the carriers that fit it."""
