"""What VoiceXML sessions hold while they wait, and what very many of them leave; each in a process of its own."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE

from benchmarks.applications import URL, Callee, Page, one_call, reminder
from benchmarks.ground import Options
from benchmarks.processes import memory
from benchmarks.report import Result
from benchmarks.rounds import Goal, Run, Variant, compete, figure
from services.dialer.vxml.interpreter import interpret
from services.dialer.vxml.library import Library
from services.dialer.vxml.ports import Input
from services.dialer.vxml.quickjs_engine import QuickJs

PLAIN, SCRIPTED, MANY = "waits, no script", "waits, with a script", "short calls"
_SESSIONS, _CALLS = 2_000, 100_000
_BYTES, _GROWN = "bytes a session", "RSS after all calls to that after a tenth"


class Patient(Callee):
    """Never says anything."""

    async def listen(self, *, within: float) -> Input | None:
        await asyncio.Event().wait()
        return None


async def measure_waiting(options: Options) -> Result:
    """Let sessions wait for their first key, and let others come and go."""
    less = 20 if options.quick else 1
    variants = [
        Variant(PLAIN, lambda: _in_a_process(PLAIN, _SESSIONS // less)),
        Variant(SCRIPTED, lambda: _in_a_process(SCRIPTED, _SESSIONS // less)),
        Variant(MANY, lambda: _in_a_process(MANY, _CALLS // less)),
    ]
    runs = await compete(variants, rounds=min(options.rounds, 2), warm_up=False)  # nothing is warm in a new process
    goals = [
        Goal(f"bytes {PLAIN}", figure(_BYTES), PLAIN, at_most=64 << 10),
        Goal(_GROWN, figure(_GROWN), MANY, at_most=1.1),
    ]
    return Result("waiting", "call", runs, goals)


async def _in_a_process(kind: str, count: int) -> Run:
    words = [sys.executable, "-m", "benchmarks.waiting", kind, str(count)]
    process = await asyncio.create_subprocess_exec(*words, stdin=DEVNULL, stdout=PIPE)
    told, _ = await process.communicate()
    assert process.returncode == 0
    run = json.loads(told)
    return Run(count, run["seconds"], figures=run["figures"])


def _rss() -> int:
    gc.collect()
    return memory(os.getpid(), "VmRSS")


async def _waiting(count: int, *, scripted: bool) -> dict[str, float]:
    body, library = reminder(scripted=scripted), Library()
    await one_call(body, library)
    before = _rss()
    waiting = [
        asyncio.create_task(interpret(URL, fetcher=Page(body), platform=Patient(), engine=QuickJs(), library=library))
        for _ in range(count)
    ]
    await asyncio.sleep(0)
    held = _rss() - before
    for each in waiting:
        each.cancel()
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(each, asyncio.CancelledError) for each in ended)
    return {_BYTES: held / count}


async def _many(count: int) -> dict[str, float]:
    """Run calls of all kinds: half of them with a document of their own, a tenth with a script."""
    library, seen = Library(), {}
    for number in range(1, count + 1):
        await one_call(reminder(f"Anna {number * (number % 2)}", scripted=number % 10 == 0), library)
        if number in {count // 10, count // 2, count}:
            seen[number] = _rss()
    figures = {f"MiB after {number:,}": rss / (1 << 20) for number, rss in seen.items()}
    return figures | {_GROWN: seen[count] / seen[count // 10]}


def main(kind: str, count: int) -> None:
    """Measure one kind, and say what was found."""
    began = time.perf_counter()
    figures = asyncio.run(_many(count) if kind == MANY else _waiting(count, scripted=kind == SCRIPTED))
    print(json.dumps({"seconds": time.perf_counter() - began, "figures": figures}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
