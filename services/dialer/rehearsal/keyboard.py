"""A callee who sits at the keyboard: at each question a line is read, and done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from services.dialer.carriers.callee_script import LEAVES, FarEnd, ScriptFault, Turn, read_turn

_ASKS = "> "


class Keyboard:
    """Turns as somebody types them; an empty line is silence, the end of the input hangs up."""

    def __init__(self, lines: TextIO, complain: Callable[[str], None]) -> None:
        self._lines = lines
        self._complain = complain

    def ahead(self) -> None:
        """Nobody knows what he will type."""

    def take(self) -> Turn:
        """Ask until a turn was typed."""
        while True:
            self._complain(_ASKS)
            line = self._lines.readline()
            if not line:
                self._complain("\n")
                return LEAVES
            try:
                return read_turn(line)
            except ScriptFault as fault:
                self._complain(f"{fault}\n")

    def far_end(self) -> FarEnd:
        """Whom he is transferred to takes the call."""
        return "connected"
