"""Sessions by the thousand in one process, some at once as in a dialer: what each came to, and what they cost."""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.fuzz.applications.cases import Case
from tests.fuzz.applications.session import World, attack
from tests.fuzz.applications.shrinking import shrunk

AT_ONCE = 8
_LONGEST = 10_000  # milliseconds of a turn that are told apart
PATIENCE = 60.0  # seconds that a batch may take: a hundred times what it does


@dataclass
class Report:
    """What was found; `turns` counts those of the event loop by their whole milliseconds, `worst` is in seconds."""

    sessions: int = 0
    endings: Counter[str] = field(default_factory=Counter)
    turns: Counter[int] = field(default_factory=Counter)
    worst: tuple[float, str] = (0.0, "")
    memory: list[float] = field(default_factory=list)  # MiB, from time to time
    kinds: dict[str, str] = field(default_factory=dict)  # of findings, each with the smallest case of its first one

    @property
    def findings(self) -> list[str]:
        """One of each kind."""
        return list(self.kinds.values())


class Timed(Awaitable[str]):
    """A session each of whose turns of the event loop is measured: in one of them no other call has any."""

    def __init__(self, session: Coroutine[Any, Any, str], report: Report, name: str) -> None:
        self._session, self._report, self._name = session, report, name

    def __await__(self) -> Generator[Any, Any, str]:
        turn: Callable[[], Any] = partial(self._session.send, None)
        while True:
            began = time.perf_counter()
            try:
                waits_for = turn()
            except StopIteration as over:
                return str(over.value)
            finally:
                self._took(time.perf_counter() - began)
            try:
                turn = partial(self._session.send, (yield waits_for))
            except BaseException as error:  # noqa: BLE001 (it is the session's to handle)
                turn = partial(self._session.throw, error)

    def _took(self, seconds: float) -> None:
        report = self._report
        report.turns[min(int(seconds * 1000), _LONGEST)] += 1
        report.worst = max(report.worst, (seconds, self._name))


class Watchdog:
    """Says which cases ran when nothing goes on any more, and ends the process: nothing else would."""

    def __init__(self, patience: float) -> None:
        self.running: Sequence[Case] = ()
        self._patience = patience
        self._fed = time.monotonic()
        self._is_over = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def feed(self, running: Sequence[Case]) -> None:
        self._fed, self.running = time.monotonic(), running
        faulthandler.dump_traceback_later(2 * self._patience, exit=True)  # for what does not even let threads run

    def close(self) -> None:
        self._is_over.set()
        faulthandler.cancel_dump_traceback_later()

    def _watch(self) -> None:
        while not self._is_over.wait(1.0):
            if time.monotonic() - self._fed > self._patience:
                cases = "\n\n".join(case.told() for case in self.running)
                sys.stderr.write(f"Nothing has gone on for {self._patience:g} s in one of these:\n{cases}\n")
                faulthandler.dump_traceback()
                os._exit(3)


async def run(cases: Iterator[Case], goes_on: Callable[[], bool], *, patience: float = PATIENCE) -> Report:
    """Run cases, some at once, for as long as it goes on; every finding is made small."""
    report, world, watchdog = Report(), World(), Watchdog(patience)
    with world.realms:
        while goes_on():
            batch = [next(cases) for _ in range(AT_ONCE)]
            watchdog.feed(batch)
            for case, became in zip(
                batch,
                await asyncio.gather(*(Timed(_became(case, world), report, case.name) for case in batch)),
                strict=True,
            ):
                report.sessions += 1
                report.endings[became.partition(":")[0]] += 1
                if became.startswith("FOUND") and (kind := became.partition(":")[0]) not in report.kinds:
                    report.kinds[kind] = await _small(case, became, watchdog)
            if report.sessions % 1000 < AT_ONCE:
                gc.collect()
                report.memory.append(_memory())
    watchdog.close()
    return report


async def _became(case: Case, world: World) -> str:
    try:
        return await attack(case, world)
    except AssertionError as error:
        return f"FOUND {_place(error)} {type(error).__name__}: {error}"
    except Exception as error:  # noqa: BLE001 (whatever comes out is a finding)
        return f"FOUND {_place(error)} {type(error).__name__}: {str(error)[:300]}"


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "nowhere" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name} line {trace.tb_lineno}"


async def _small(case: Case, became: str, watchdog: Watchdog) -> str:
    """Return a finding with the smallest case that makes it, in a world of its own where it is found there, too."""
    kind = became.partition(":")[0]

    def fails(smaller: Case) -> bool:
        watchdog.feed((smaller,))
        world = World()
        with world.realms:
            return asyncio.run(_became(smaller, world)).startswith(kind)

    small = await asyncio.to_thread(lambda: shrunk(case, fails) if fails(case) else case)
    return f"{became}\n{small.told()}"


def _memory() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
