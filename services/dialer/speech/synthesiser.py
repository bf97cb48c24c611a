"""The port to whatever speaks: words in, samples out, and in words of its own what it cannot do."""

from __future__ import annotations

from typing import Protocol

from services.dialer.speech.samples import Samples
from services.dialer.vxml.prompts import Speech


class CannotSay(Exception):
    """Nothing can be heard of a speech; says why, and never quotes it: what is said may be personal."""


class Synthesiser(Protocol):
    """Speaks as a speech's language, voice and prosody ask (SSML 1.0 sections 2.1.2, 3.2.1 and 3.2.4)."""

    @property
    def engine(self) -> tuple[str, str]:
        """Its name, and a version that is another one whenever the same speech may sound otherwise."""

    def unheeded(self, speech: Speech) -> tuple[str, ...]:
        """Return what of its voice and prosody will not be heard as it was asked for, a sentence for each."""

    async def say(self, speech: Speech) -> Samples:
        """Return the speech, 8 kHz.

        Raises:
            CannotSay: it knows no such language, the speech is too long, or it failed.
        """
