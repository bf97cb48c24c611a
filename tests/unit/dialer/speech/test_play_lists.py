"""A play list as a stream: sound, silence, and where its marks are."""

from __future__ import annotations

import numpy as np
import pytest

from services.dialer.speech.g711 import decode, encode
from services.dialer.speech.play_lists import Reached, Silence, Sound, Studio
from services.dialer.speech.prompts import Prompts
from services.dialer.vxml.ports import FetchFailed, FetchResponse
from services.dialer.vxml.prompts import Audio, Break, Mark, Speech
from tests.support.sound import Engine, tone, wav

BELL = tone(1000, 0.25)


class Files:
    def __init__(self):
        self.asked = []

    async def fetch(self, request):
        self.asked.append(request)
        if request.url == "bell.wav":
            return FetchResponse(request.url, 200, "audio/wav", wav(BELL.tobytes()))
        if request.url == "bell.ulaw":
            return FetchResponse(request.url, 200, "audio/basic", encode(BELL, "PCMU"))
        if request.url == "bell.mp3":
            return FetchResponse(request.url, 200, "audio/mpeg", b"ID3")
        raise FetchFailed("http.404", "it answered with HTTP status 404")


@pytest.fixture
def files():
    return Files()


@pytest.fixture
def heard(files):
    async def streamed(*pieces):
        unheard = []
        engine = Engine(cannot=("mute",))
        studio = Studio(Prompts(engine), files, lambda what, why: unheard.append(f"{what}: {why}"))
        return [step async for step in studio.stream(pieces)], unheard

    return streamed


def lengths(steps):
    return [len(each.samples) if isinstance(each, Sound) else each for each in steps]


async def test_a_file_is_what_its_server_says_it_is(heard):
    steps, unheard = await heard(Audio("bell.ulaw"))
    assert (lengths(steps), unheard) == ([2000], [])


async def test_speech_files_silence_and_marks_in_their_order(heard):
    steps, unheard = await heard(
        Mark("a"), Speech("Hello."), Mark("b"), Break(0.5), Audio("bell.wav"), Mark("c"), Speech("Bye."), Mark("d")
    )
    assert lengths(steps) == [
        Reached("a", 0), 8000, Reached("b", 8000), Silence(4000), 2000, Reached("c", 14_000),
        8000, Reached("d", 22_000),
    ]  # fmt: skip
    assert unheard == []


async def test_sound_is_as_a_line_carries_it(heard):
    (speech, bell), _ = await heard(Speech("Hello."), Audio("bell.wav"))
    for sound, original in ((speech, tone(440, 1.0)), (bell, BELL)):
        assert (sound.samples == decode(encode(original, "PCMU"), "PCMU")).all()
        assert np.abs(sound.samples.astype(int) - original).max() < 300


@pytest.mark.parametrize(("src", "reason"), [("bell.mp3", "it is no WAV file"), ("none.wav", "HTTP status 404")])
async def test_the_fallback_is_played_for_what_cannot_be(heard, src, reason):
    steps, unheard = await heard(Audio(src, (Mark("in"), Audio("bell.wav"), Break(1.0), Speech("Instead."))), Mark("z"))
    assert lengths(steps) == [Reached("in", 0), 2000, Silence(8000), 8000, Reached("z", 18_000)]
    assert len(unheard) == 1
    assert unheard[0].startswith(src)
    assert reason in unheard[0]


async def test_a_fallback_is_not_asked_for_without_need(heard, files):
    steps, _ = await heard(Audio("bell.wav", (Audio("none.wav"),)))
    assert lengths(steps) == [2000]
    assert len(files.asked) == 1


async def test_a_recording_of_the_call_is_not_fetched(heard, files):
    steps, _ = await heard(Audio("message", body=wav(BELL.tobytes())))
    assert (lengths(steps), files.asked) == ([2000], [])


async def test_files_are_asked_for_as_the_element_says(heard, files):
    await heard(Audio("bell.wav", timeout=3.0, max_age=60.0, max_stale=5.0))
    (request,) = files.asked
    assert (request.purpose, request.method) == ("audio", "GET")
    assert (request.timeout, request.max_age, request.max_stale) == (3.0, 60.0, 5.0)


async def test_what_cannot_be_said_is_told_without_its_words_and_the_rest_is_heard(heard):
    steps, unheard = await heard(Speech("mute"), Speech("Hello.", voice="Bob"))
    assert lengths(steps) == [8000]
    assert unheard == ["speech: it is mute", "speech: voice 'Bob' is not known"]


async def test_a_silence_of_days_costs_nothing(heard):
    steps, _ = await heard(Break(1e9), Mark("late"))
    assert steps == [Silence(8 * 10**12), Reached("late", 8 * 10**12)]
