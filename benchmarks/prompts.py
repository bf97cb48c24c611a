"""Prompts: how long one takes to be spoken, to be found on disk and in memory, and how many bytes it is.

Beside the program alone, whose sound is thrown away: what our part adds is reading that sound, the filter and
the encoding.
"""

from __future__ import annotations

import asyncio
import itertools
import resource
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path

from benchmarks.ground import Options
from benchmarks.report import Result
from benchmarks.rounds import Goal, Run, Variant, compete, rate
from services.dialer.speech.espeak import PROGRAM, Espeak
from services.dialer.speech.prompt_files import PromptFiles
from services.dialer.speech.prompts import Prompts
from services.dialer.vxml.prompts import Speech
from shared.clock import Clock

_SENTENCES = (
    "Hello. This is a reminder from the practice of Doctor Miller: your appointment is tomorrow at ten.",
    "Press 1 to confirm, 2 to move your appointment, or 3 to hear this again.",
    "Thank you, we look forward to seeing you. Goodbye.",
    "Please key in the four digits of your code, and the pound key.",
)
_ALONE, _SPOKEN, _ON_DISK, _IN_MEMORY = "espeak-ng alone (limit)", "spoken", "found on disk", "found in memory"
_numbers = itertools.count(1_111)  # all of them as long to say


async def measure(options: Options) -> Result:
    """Ask for one prompt after the other, as one call does."""
    count = 20 if options.quick else 200
    engine = await Espeak.find()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        files = PromptFiles(Path(folder), max_bytes=1 << 30, max_age=timedelta(days=1), clock=Clock())
        known = _speeches(count)
        warm = Prompts(engine, files, memory=1 << 30)
        for speech in known:
            await warm.ready(speech, "PCMU")

        def spoken() -> Awaitable[Run]:
            return _ask(Prompts(engine), _speeches(count))

        variants = [
            Variant(_ALONE, lambda: _alone(count)),
            Variant(_SPOKEN, spoken),
            Variant(_ON_DISK, lambda: _ask(Prompts(engine, files), known)),
            Variant(_IN_MEMORY, lambda: _ask(warm, known)),
        ]
        runs = await compete(variants, rounds=options.rounds)
    goal = Goal("prompts a second beside the program alone", rate, _SPOKEN, _ALONE, at_least=0.8)
    return Result("prompts", "prompt", runs, [goal])


def _speeches(count: int) -> list[Speech]:
    """Return speeches that nobody has asked for before."""
    return [Speech(f"{_SENTENCES[at % len(_SENTENCES)]} {next(_numbers)}.", "en-US") for at in range(count)]


async def _ask(prompts: Prompts, speeches: list[Speech]) -> Run:
    sizes: list[int] = []

    async def one(speech: Speech) -> None:
        sizes.append(len(await prompts.ready(speech, "PCMU")))

    run = await _timed(speeches, one)
    return Run(run.units, run.seconds, run.cpu, {**run.figures, "bytes a prompt": sum(sizes) / len(sizes)})


async def _alone(count: int) -> Run:
    async def one(speech: Speech) -> None:
        process = await asyncio.create_subprocess_exec(
            PROGRAM, "-v", "gmw/en-US", "-b", "1", "--stdin", "--stdout",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        await process.communicate(speech.text.encode())
        assert process.returncode == 0

    return await _timed(_speeches(count), one)


async def _timed(speeches: list[Speech], one: Callable[[Speech], Awaitable[None]]) -> Run:
    clock, before = Clock(), _cpu()
    began, slowest = clock.monotonic(), 0.0
    for speech in speeches:
        at = clock.monotonic()
        await one(speech)
        slowest = max(slowest, clock.monotonic() - at)
    seconds = clock.monotonic() - began
    cpu = {name: used - before[name] for name, used in _cpu().items()}
    return Run(len(speeches), seconds, cpu, {"ms": seconds / len(speeches) * 1000, "slowest ms": slowest * 1000})


def _cpu() -> Mapping[str, float]:
    ours, theirs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"ours": ours.ru_utime + ours.ru_stime, PROGRAM: theirs.ru_utime + theirs.ru_stime}
