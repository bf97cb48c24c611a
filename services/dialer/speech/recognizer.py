"""The port to whatever understands what is said on a line, and the only one that is built in: one that is deaf."""

from __future__ import annotations

from collections.abc import AsyncIterable, Collection
from typing import Protocol

from services.dialer.speech.samples import Samples
from services.dialer.vxml.ports import Input


class Recognizer(Protocol):
    """Hears words in what a line brings. What they mean is the grammars' to say."""

    @property
    def languages(self) -> frozenset[str]:
        """The languages it knows, as `xml:lang` has them; none: it hears nothing, and no line should wait for it."""

    async def hear(self, sound: AsyncIterable[Samples], languages: Collection[str]) -> Input | None:
        """Return the first utterance in one of these languages, of mode `voice`; None when the sound ends without one.

        The languages are those of the voice grammars that are active (SRGS 1.0 section 4.5); the sound is 8 kHz.
        """


class Deaf:
    """Knows no language and hears nothing, however long it listens; the port Recognizer."""

    languages: frozenset[str] = frozenset()

    async def hear(self, sound: AsyncIterable[Samples], languages: Collection[str]) -> Input | None:  # noqa: ARG002 (the port's)
        """Listen to the end, and return None."""
        async for _ in sound:
            pass
        return None
