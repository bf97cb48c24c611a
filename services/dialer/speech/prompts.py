"""Prompts ready for a line: spoken once, kept as G.711 in memory and on disk, and given to all who ask at once."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from hashlib import sha256

from services.dialer.speech import g711
from services.dialer.speech.g711 import Encoding
from services.dialer.speech.prompt_files import PromptFiles
from services.dialer.speech.synthesiser import CannotSay, Synthesiser
from services.dialer.vxml.prompts import Speech

_MEMORY = 16 << 20  # bytes
_MADE_AS = 1  # another number whenever the way from the engine's sound to these bytes changes


def name_of(engine: tuple[str, str], speech: Speech, encoding: Encoding) -> str:
    """Return the name of a prompt, 64 hexadecimal digits: one for what sounds the same, and for nothing else."""
    asked = [speech.voice, speech.lang, speech.rate, speech.pitch, speech.volume, speech.text]
    return sha256(json.dumps([_MADE_AS, *engine, *asked, encoding]).encode()).hexdigest()


class Prompts:
    """Gives prompts to the calls of one process."""

    def __init__(self, synthesiser: Synthesiser, files: PromptFiles | None = None, *, memory: int = _MEMORY) -> None:
        self.synthesiser = synthesiser
        self._files = files
        self._room = memory
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._coming: dict[str, asyncio.Future[bytes | None]] = {}

    async def ready(self, speech: Speech, encoding: Encoding) -> bytes:
        """Return a prompt, a byte for each of 8,000 samples a second.

        Raises:
            CannotSay: nothing can be heard of it.
        """
        name = name_of(self.synthesiser.engine, speech, encoding)
        while (prompt := self._kept.get(name)) is None:
            if (coming := self._coming.get(name)) is None:
                return await self._bring(name, speech, encoding)
            prompt = await asyncio.shield(coming)
            if prompt is not None:
                return prompt  # and not asked for again: it may be too large for the memory
        self._kept.move_to_end(name)
        return prompt

    async def _bring(self, name: str, speech: Speech, encoding: Encoding) -> bytes:
        """Find or make a prompt for all who wait; when this call ends meanwhile, one of them goes on."""
        coming = self._coming[name] = asyncio.get_running_loop().create_future()
        try:
            prompt = await self._found_or_made(name, speech, encoding)
        except CannotSay as error:
            coming.set_exception(CannotSay(*error.args))
            coming.exception()  # nobody may be waiting for it
            raise
        else:
            self._remember(name, prompt)
            coming.set_result(prompt)
            return prompt
        finally:
            del self._coming[name]
            if not coming.done():
                coming.set_result(None)

    async def _found_or_made(self, name: str, speech: Speech, encoding: Encoding) -> bytes:
        files = self._files
        if files is not None and (found := await asyncio.to_thread(files.find, name)) is not None:
            return found
        prompt = g711.encode(await self.synthesiser.say(speech), encoding)
        if files is not None:
            await asyncio.to_thread(files.keep, name, prompt)
        return prompt

    def _remember(self, name: str, prompt: bytes) -> None:
        self._kept[name] = prompt
        self._room -= len(prompt)
        while self._room < 0:
            _, gone = self._kept.popitem(last=False)
            self._room += len(gone)
