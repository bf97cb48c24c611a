"""Virtual time: processes of generators that crash, freeze and are cut off between any two of their steps."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any

Steps = Generator[float, None, Any]  # yields the real seconds until it goes on

GHOST_SECONDS = 15.0  # for so long the server may still run a statement whose connection was lost
MEASURED_EVERY = 5.0
_HEALED_PAUSE = 3  # nothing is in a hurry once nobody disturbs: an idle loop comes round so many times less often


class Violation(AssertionError):
    """A promise was broken."""


class Away(Exception):
    """A server did not answer: what was asked of it may have been done, now or later, or not."""


class Task:
    """Steps of a process, and which of its wake-ups counts."""

    __slots__ = ("process", "steps", "ticket")

    def __init__(self, process: Process, steps: Steps) -> None:
        self.process = process
        self.steps = steps
        self.ticket = 0


class World:
    """The heap of what comes next, the true time, the clock of the database, and what is out of order just now."""

    def __init__(self, seed: int, origin: datetime) -> None:
        self.random = Random(seed)
        self.origin = origin
        self.t = 0.0
        self.offset = timedelta(0)
        self.events = 0
        self.healing = False
        self.database_trouble = 0.0  # how probable it is that a statement goes wrong
        self.strikes = 0.0  # how probable it is that a process dies or freezes just before its next step
        self.strike: Callable[[Process], None] = lambda _: None
        self.out: dict[str, float] = {}  # until when the database, broker, carrier or receiver is away
        self.marks: set[str] = set()  # what was done to the house: some of it excuses an `unknown`
        self._heap: list[tuple[float, int, Task | None, int, Callable[[], None] | None]] = []
        self._n = count()

    def real(self) -> datetime:
        """Return the true time: what the database's clock shows when nobody has set it."""
        return self.origin + timedelta(seconds=self.t)

    def house(self) -> datetime:
        """Return what the database's clock shows."""
        return self.real() + self.offset

    def is_out(self, what: str) -> bool:
        """Whether a server is away."""
        return self.out.get(what, 0.0) > self.t

    def chance(self, probability: float) -> bool:
        """Draw; nothing goes wrong any more once the world heals."""
        return not self.healing and self.random.random() < probability

    def pause(self, seconds: float) -> float:
        """Return how long an idle loop rests."""
        return seconds * (_HEALED_PAUSE if self.healing else self.random.uniform(1, 4))

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Have something happen that belongs to no process."""
        heapq.heappush(self._heap, (self.t + seconds, next(self._n), None, 0, act))

    def wake(self, task: Task, seconds: float) -> None:
        """Have a task go on after so many seconds, and not as was said before."""
        task.ticket += 1
        heapq.heappush(self._heap, (self.t + max(seconds, 0.0), next(self._n), task, task.ticket, None))

    def step(self) -> None:
        """Let the next thing happen."""
        at, _, task, ticket, act = heapq.heappop(self._heap)
        self.t = max(self.t, at)
        if act is not None:
            self.events += 1
            act()
        elif task is not None and task.ticket == ticket and task.process.alive:
            self._go_on(task)

    def _go_on(self, task: Task) -> None:
        process = task.process
        if process.frozen_until > self.t:
            self.wake(task, process.frozen_until - self.t)
            return
        self.events += 1
        if self.chance(self.strikes):
            self.wake(task, 0.0)
            self.strike(process)
            return
        process.look_at_the_clock()
        try:
            seconds = next(task.steps)
        except StopIteration:
            return
        self.wake(task, seconds)


class Process:
    """A process of the house: its tasks live and die with it, and its clock never goes back."""

    def __init__(self, world: World, room: str, name: str) -> None:
        self.world = world
        self.room = room
        self.name = name
        self.alive = True
        self.frozen_until = 0.0
        self.undecided: set[Any] = set()  # letters that came here
        self._offset = world.offset
        self._latest = world.house()
        self._measured_at = world.t

    def now(self) -> datetime:
        """Return the house's time as this process has measured it."""
        self._latest = max(self._latest, self.world.real() + self._offset)
        return self._latest

    def look_at_the_clock(self) -> None:
        """Measure the house's clock when it is time to; who was frozen may do other things first."""
        if self.world.t - self._measured_at >= MEASURED_EVERY and not self.world.chance(0.3):
            self._offset = self.world.offset
            self._measured_at = self.world.t

    def spawn(self, steps: Steps) -> Task:
        """Start a task."""
        task = Task(self, steps)
        self.world.wake(task, 0.0)
        return task

    def ask(self, statement: Callable[..., Any], *values: Any) -> Steps:
        """Have the ledger do a statement; raises Away when its fate is unknown."""
        world = self.world
        if world.chance(0.6):
            yield 0.7 if world.chance(0.03) else 0.002
        if world.is_out("database"):
            raise Away
        if world.chance(world.database_trouble):
            fate = world.random.choice(("refused", "done", "ghost"))
            if fate == "done":
                statement(*values)
            elif fate == "ghost":
                world.later(world.random.uniform(0, GHOST_SECONDS), lambda: statement(*values))
            raise Away
        answer = statement(*values)
        if world.chance(0.4):
            yield 0.001  # a place to die between the commit and what follows
        return answer
