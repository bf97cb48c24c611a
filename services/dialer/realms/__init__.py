"""Strangers' scripts in processes of their own, one for each call that has some; what does not end is ended."""
