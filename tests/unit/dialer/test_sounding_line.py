"""A rehearsal that is heard: where in the file what the callee hears and keys is."""

from __future__ import annotations

import tracemalloc
import wave
from contextlib import ExitStack
from datetime import UTC, datetime

import numpy as np
import pytest

from services.dialer.carriers.callee import Callee
from services.dialer.carriers.callee_script import Rehearsed, read_script
from services.dialer.carriers.simulated import SimulatedCall
from services.dialer.rehearsal.conversation_file import MAX_SECONDS, ConversationFile
from services.dialer.rehearsal.dtmf_tones import tones_of
from services.dialer.rehearsal.sounding_line import SoundingLine
from services.dialer.speech.play_lists import Studio
from services.dialer.speech.prompts import Prompts
from services.dialer.vxml.ports import FetchFailed, HungUp, Input, RecordRequest
from services.dialer.vxml.prompts import Break, Mark, Speech
from shared.clock import VirtualClock
from shared.domain.call_state import CalleeType
from tests.support.sound import PADS, Engine, keys_in, power, tone

SECOND = Speech("It lasts a second.")
RECORD = RecordRequest(beep=True, max_time=10, final_silence=2, timeout=5, dtmf_term=True, type="audio/x-wav")


class NoFiles:
    async def fetch(self, _request):
        raise FetchFailed


@pytest.fixture
def path(tmp_path):
    return tmp_path / "conversation.wav"


@pytest.fixture
def held():
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def line(path, held):
    clock = VirtualClock(datetime(2027, 1, 1, tzinfo=UTC))
    file = held.enter_context(ConversationFile(path))

    def made(digits):
        script = read_script(digits)
        callee = Callee(Rehearsed(script), patience=script.patience)
        call = SimulatedCall(callee, CalleeType.VOICE, clock=clock, ended=lambda _: None)
        studio = Studio(Prompts(Engine()), NoFiles(), lambda *_: None)
        return SoundingLine(call, studio, file, clock.monotonic)

    return made


@pytest.fixture
def heard(path, held):
    """What is in the file; the conversation is over then."""

    def read():
        held.close()
        with wave.open(str(path)) as file:
            return np.frombuffer(file.readframes(file.getnframes()), "<i2")

    return read


@pytest.mark.parametrize("key", "".join(PADS))
def test_a_key_is_the_two_tones_that_an_exchange_knows(key):
    sound = np.concatenate([np.zeros(1000, np.int16), tones_of(key), np.zeros(1000, np.int16)])
    assert [each for _, each in keys_in(sound)] == [key]


async def test_speech_sounds_keys_sound_and_between_them_is_silence(line, heard):
    callee = line("12")
    assert (await callee.play([SECOND, Break(0.5)], bargein=True)).input is None
    assert [await callee.listen(within=3), await callee.listen(within=3)] == [Input("1"), Input("2")]
    assert await callee.listen(within=3) is None
    sound = heard()
    assert power(sound[1000:7000], 440) == pytest.approx(10_000, rel=0.03)
    assert not sound[8000:18_000].any()
    assert [each for _, each in keys_in(sound)] == ["1", "2"]
    assert [at for at, _ in keys_in(sound)] == pytest.approx([2.3, 2.6], abs=0.03)
    assert not sound[22_000:].any()
    assert len(sound) == round((1.5 + 0.8 + 0.3 + 3) * 8000)


async def test_of_a_prompt_that_is_cut_short_the_rest_is_not_heard(line, heard):
    callee = line("!5")
    played = await callee.play([Break(0.5), Mark("m"), SECOND, SECOND, SECOND], bargein=True)
    assert (played.input, played.mark, played.after) == (Input("5"), "m", pytest.approx(0.5))
    sound = heard()
    assert power(sound[4200:7800], 440) == pytest.approx(10_000, rel=0.03)
    assert [each for _, each in keys_in(sound)] == ["5"]
    assert len(sound) == round(1.1 * 8000), "a second, and the key"


async def test_a_key_is_heard_to_its_end_beside_what_follows_at_once(line, heard):
    callee = line("1")
    await callee.listen(within=3)
    await callee.play([], bargein=True)
    await callee.play([SECOND], bargein=True)
    sound = heard()
    key = round(0.8 * 8000)
    for at, hertz, loud in ((key, 697, 6_000), (key, 1209, 6_000), (key, 440, 10_000), (key + 800, 697, 0)):
        assert power(sound[at : at + 800], hertz) == pytest.approx(loud, rel=0.1, abs=300)


async def test_who_hangs_up_hears_no_more(line, heard):
    callee = line("hangup@0.25")
    with pytest.raises(HungUp):
        await callee.play([SECOND], bargein=True)
    assert len(heard()) == 2000


async def test_a_recording_begins_with_a_beep_and_ends_with_its_key(line, heard):
    recording = await line("#").record(RECORD)
    assert (recording.term_char, recording.duration) == ("#", 4.0)
    sound = heard()
    assert power(sound[500:3500], 1000) == pytest.approx(6_000, rel=0.05)
    assert [each for _, each in keys_in(sound)] == ["#"]
    assert keys_in(sound)[0][0] == pytest.approx(4.5, abs=0.03)


def test_the_file_is_whole_when_a_conversation_breaks_off(path):
    def broken_off():
        with ConversationFile(path) as file:
            file.lay(8000, tone(440, 1.0))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    with wave.open(str(path)) as written:
        assert (written.getnframes(), written.getframerate(), written.getsampwidth()) == (16_000, 8000, 2)


def test_what_is_too_loud_is_as_loud_as_it_goes(path):
    with ConversationFile(path) as file:
        for _ in range(4):
            file.lay(0, np.full(10, 20_000, np.int16))
    assert np.frombuffer(path.read_bytes()[44:], "<i2").tolist() == [32_767] * 10


def test_an_hour_takes_no_memory_and_days_are_cut(path):
    with ConversationFile(path) as file:
        tracemalloc.start()
        for second in range(3600):
            file.lay(second * 8000, tone(440, 1.0))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 1 << 20
        assert not file.is_full
        file.cut(10**13)
        file.lay(10**13, tone(440, 1.0))
        assert file.is_full
    assert path.stat().st_size == 44 + MAX_SECONDS * 16_000
