"""The command line: what a person or a script does in a house, in words, tables and JSON."""

from __future__ import annotations

from paceline.commands.entry import main

__all__ = ["main"]
