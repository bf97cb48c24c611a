"""The recogniser that is built in."""

from __future__ import annotations

from services.dialer.speech.recognizer import Deaf
from tests.support.sound import tone


async def test_it_knows_no_language_and_listens_to_the_end_for_nothing():
    heard = []

    async def line():
        for _ in range(3):
            heard.append(1)
            yield tone(440, 0.1)

    assert Deaf().languages == frozenset()
    assert await Deaf().hear(line(), ["en-US"]) is None
    assert len(heard) == 3
