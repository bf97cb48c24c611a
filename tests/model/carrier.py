"""The two witnesses outside the house: who was rung, and what was posted. They are never disturbed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.dialer.carriers.port import CarrierError, Cause, NotPlaced, Seen
from services.dialer.store import Key
from services.results.callback import Reply
from services.results.store import Due
from tests.model.tables import Intent
from tests.model.world import Steps, Violation, World

_CAUSES = (None, None, None, *Cause)


@dataclass(frozen=True, slots=True)
class Rung:
    """A call as the carrier saw it: by the dialer's clock and in true seconds."""

    intent: Intent
    at: datetime
    t: float
    seconds: float
    cause: Cause | None
    line_lost: bool

    def seen(self, now: datetime) -> Seen:
        """Return what is remembered of it."""
        return Seen(self.at, now, self.cause)


class Carrier:
    """Rings, remembers every attempt, and refuses what comes too late."""

    def __init__(self, world: World) -> None:
        self.rung: list[Rung] = []
        self._world = world
        self._by_key: dict[Key, Rung] = {}

    def place(self, intent: Intent, *, at: datetime) -> Rung:
        """Ring, unless it is too late or nothing can be rung."""
        world = self._world
        if intent.key in self._by_key:
            raise Violation(f"{intent.key} was ordered twice at the carrier")
        if at >= intent.not_after or world.is_out("carrier"):
            raise NotPlaced
        cause = world.random.choice(_CAUSES)
        rung = Rung(intent, at, world.t, world.random.choice((0.2, 3, 25)), cause, world.chance(0.03))
        if rung.line_lost:
            world.marks.add("a line was lost")
        self.rung.append(rung)
        self._by_key[intent.key] = rung
        return rung

    def lookup(self, key: Key) -> Seen | None:
        """Return what is remembered of an attempt."""
        if self._world.is_out("carrier"):
            raise CarrierError
        rung = self._by_key.get(key)
        if rung is None:
            return None
        ended = self._world.t >= rung.t + rung.seconds
        return rung.seen(rung.at + timedelta(seconds=rung.seconds)) if ended else Seen(rung.at)


class Receiver:
    """A tenant's result_url: it keeps every body it got, also when its answer is lost."""

    def __init__(self, world: World) -> None:
        self.bodies: dict[tuple[int, int, int], list[bytes]] = defaultdict(list)
        self.trouble = 0.0
        self._world = world

    def post(self, due: Due) -> Steps:
        """Take a post, or not."""
        world = self._world
        yield world.random.choice((0.01, 0.3))
        if world.is_out("receiver"):
            return Reply(None, "refused") if world.chance(0.5) else Reply(503, retry_after="7")
        if world.chance(self.trouble):
            if world.chance(0.5):
                return Reply(500)
            self.bodies[due.campaign_id, due.seq, due.version].append(due.body)
            return Reply(None, "too slow")
        self.bodies[due.campaign_id, due.seq, due.version].append(due.body)
        return Reply(410) if world.chance(self.trouble / 10) else Reply(200)
