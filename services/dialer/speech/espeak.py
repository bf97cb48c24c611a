"""espeak-ng as a synthesiser: a program beside ours, that reads what it says from its standard input.

Never from its arguments, which every user of the machine can read, nor does anything that is said come into a log.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import numpy as np

from services.dialer.speech.espeak_prosody import Prosody, prosody_of
from services.dialer.speech.espeak_voices import Voice, Voices, read_voices
from services.dialer.speech.samples import NOTHING, RATE, Downsampling, Samples
from services.dialer.speech.synthesiser import CannotSay
from services.dialer.vxml.prompts import Speech

PROGRAM = "espeak-ng"
MAX_CHARACTERS = 10_000  # some ten minutes
MAX_SECONDS = 1_800  # of sound: slow speech
TIME_LIMIT = 20.0  # seconds; it speaks a hundred times as fast as people do
AT_ONCE = 2
_VERSION = re.compile(r"text-to-speech: (\S+)")
_ENVIRONMENT = {"LC_ALL": "C.UTF-8"}
_CHUNK = 1 << 16
_HEAD = 44  # bytes of a WAV file before its samples, of which this is its rate
_HEADS_RATE = slice(24, 28)
# To espeak-ng, what is in [[ ]] are phonemes, and control characters begin commands.
_PHONEMES = re.compile(r"\[(?=\[)|\](?=\])")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_ENDS_SENTENCE = re.compile(r"""[.!?。！？।؟…]["'»”’)\]]*\Z""")


class NoEngine(Exception):
    """espeak-ng is not to be had here; says what to install."""


class Espeak:
    """Speaks with a program that is started for each speech, a few of them at once; the port Synthesiser."""

    def __init__(
        self, program: str, version: str, voices: Voices, *, at_once: int = AT_ONCE, time_limit: float = TIME_LIMIT
    ) -> None:
        self._program = program
        self._version = version
        self._voices = voices
        self._turns = asyncio.Semaphore(at_once)
        self._time_limit = time_limit

    @classmethod
    async def find(cls, program: str = PROGRAM, *, at_once: int = AT_ONCE, time_limit: float = TIME_LIMIT) -> Espeak:
        """Return the one that PATH leads to.

        Raises:
            NoEngine: there is none, or it does not work.
        """
        path = shutil.which(program)
        if path is None:
            raise NoEngine(
                "Speech needs espeak-ng (Debian, Ubuntu: apt install espeak-ng; macOS: brew install espeak-ng)."
            )
        try:
            async with asyncio.timeout(time_limit):
                version, voices, variants = [
                    await _told(path, word) for word in ("--version", "--voices", "--voices=variant")
                ]
        except (OSError, TimeoutError, ValueError):
            raise NoEngine(f"{path} cannot be run, or does not say what voices it has.") from None
        said, known = _VERSION.search(version), read_voices(voices, variants)
        if said is None or not known.languages:
            raise NoEngine(f"{path} does not say what version it is and what voices it has; 1.51 does.")
        return cls(path, said[1], known, at_once=at_once, time_limit=time_limit)

    @property
    def engine(self) -> tuple[str, str]:
        """Its name and version."""
        return PROGRAM, self._version

    def unheeded(self, speech: Speech) -> tuple[str, ...]:
        """Return what cannot be heard as it was asked for, a sentence for each."""
        voice = self._voices.choose(speech.lang, speech.voice)
        return voice.unheeded + prosody_of(speech, female=voice.female).unheeded if voice else ()

    async def say(self, speech: Speech) -> Samples:
        """Return the speech, 8 kHz; raises CannotSay."""
        voice = self._voices.choose(speech.lang, speech.voice)
        if voice is None:
            raise CannotSay(f"espeak-ng knows no language '{speech.lang}'")
        if len(speech.text) > MAX_CHARACTERS:
            raise CannotSay(f"a speech has more than {MAX_CHARACTERS} characters")
        text = bare(speech.text)
        arguments = _arguments(voice, prosody_of(speech, female=voice.female), pauses=bool(_ENDS_SENTENCE.search(text)))
        async with self._turns:
            try:
                async with asyncio.timeout(self._time_limit):
                    return await self._spoken(text.encode(), arguments)
            except TimeoutError:
                raise CannotSay(f"espeak-ng took longer than {self._time_limit:g} s") from None
            except OSError as error:
                raise CannotSay(f"espeak-ng could not be run: {error.strerror}") from None

    async def _spoken(self, text: bytes, arguments: tuple[str, ...]) -> Samples:
        async with _running(self._program, *arguments) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            with suppress(ConnectionError):  # it may have ended already
                process.stdin.write(text)
                await process.stdin.drain()
            process.stdin.close()
            sound = await _received(process.stdout)
            if code := await process.wait():
                raise CannotSay(f"espeak-ng failed with exit code {code}")
        return sound


def bare(text: str) -> str:
    """Return words that espeak-ng takes for nothing but words."""
    return _PHONEMES.sub(lambda bracket: f"{bracket[0]} ", _CONTROLS.sub(" ", text)).strip()


def _arguments(voice: Voice, prosody: Prosody, *, pauses: bool) -> tuple[str, ...]:
    """Return the command line, in which nothing of the text is; it pauses after what ends a sentence."""
    spoken = ("-s", str(prosody.rate), "-p", str(prosody.pitch), "-a", str(prosody.amplitude))
    return ("-v", voice.argument, *spoken, *(() if pauses else ("-z",)), "-b", "1", "--stdin", "--stdout")


async def _received(stream: asyncio.StreamReader) -> Samples:
    """Return the sound of a WAV file that is still being written, whose head knows no length."""
    try:
        head = await stream.readexactly(_HEAD)
    except asyncio.IncompleteReadError:
        return NOTHING
    rate = int.from_bytes(head[_HEADS_RATE], "little")
    if not head.startswith(b"RIFF") or rate < RATE:
        raise CannotSay("espeak-ng gave something else than sound")
    downsampling, parts, left, rest = Downsampling(rate), list[Samples](), MAX_SECONDS * rate * 2, b""
    while chunk := await stream.read(_CHUNK):
        left -= len(chunk)
        if left < 0:
            raise CannotSay(f"a speech lasts longer than {MAX_SECONDS} s")
        rest += chunk
        whole = len(rest) // 2 * 2
        parts.append(downsampling.feed(np.frombuffer(rest[:whole], "<i2").astype(np.int16)))
        rest = rest[whole:]
    parts.append(downsampling.feed(NOTHING, last=True))
    return np.concatenate(parts)


@asynccontextmanager
async def _running(program: str, *arguments: str) -> AsyncIterator[Process]:
    """Run a program for as long as it is wanted, and no longer."""
    process = await asyncio.create_subprocess_exec(
        program, *arguments, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=_ENVIRONMENT
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.communicate()


async def _told(program: str, word: str) -> str:
    async with _running(program, word) as process:
        said, _ = await process.communicate()
        return said.decode()
