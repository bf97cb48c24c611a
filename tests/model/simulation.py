"""One run: a seed draws the campaigns and who does what to the house; then it heals, and everything must finish."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time, timedelta
from random import Random

from shared.domain.call_state import AttemptState
from shared.domain.calling_hours import CallingHours, Day, Window, resolve
from shared.domain.pacing import Pace
from tests.model import judge
from tests.model.broker import Broker
from tests.model.carrier import Carrier, Receiver
from tests.model.dialer import Dialer
from tests.model.ledger import Ledger
from tests.model.pacer import Pacer
from tests.model.results import Results
from tests.model.room import UNHEARD, House
from tests.model.tables import Order
from tests.model.world import Process, Steps, Violation, World

EVENTS = (100, 200, 400)  # after so many the disturbances end
_HEALED_WITHIN = 6000  # events; what is not finished by then never will be
_QUIET = 50  # events, after which time may pass faster
_BEFORE = timedelta(seconds=1)
_LAST_MOMENTS = timedelta(seconds=25)

# An ordinary day, one that skips an hour, and one that has an hour twice; with a window on each.
_DAYS = (
    (date(2022, 1, 3), time(8), time(8, 12)),
    (date(2022, 1, 3), time(23, 55), time(0, 10)),
    (date(2022, 3, 13), time(1, 56), time(3, 6)),
    (date(2022, 11, 6), time(1, 50), time(2, 5)),
)
_PACES = (
    Pace(timedelta(minutes=1), timedelta(0), 4),
    Pace(timedelta(minutes=1), timedelta(minutes=1), 20),
    Pace(timedelta(minutes=1), timedelta(0), 60),
    Pace(timedelta(minutes=1), timedelta(0), 240),
    Pace(timedelta(minutes=2), timedelta(minutes=1), 3),
)


ROOMS: dict[str, type[Pacer | Dialer | Results]] = {"pacer": Pacer, "dialer": Dialer, "results": Results}


class Run:
    """A house in a world. `ledger` is the honest one, or one with a bug in it."""

    def __init__(self, seed: int, *, ledger: type[Ledger] = Ledger) -> None:
        draw = Random(seed)
        self._day, self._start, self._end = draw.choice(_DAYS)
        self.seed = seed
        self._events = draw.choice(EVENTS)
        self._last = self._day + timedelta(days=draw.choice((0, 0, 1)))
        hours = CallingHours(frozenset(Day), self._day, self._last, (Window(self._start, self._end),))
        # A house in the middle of its hours, or one whose campaigns end while it is disturbed.
        begins = resolve(self._day, self._start) - _BEFORE if draw.random() < 0.7 else hours.ends_at() - _LAST_MOMENTS
        self.world = World(seed, begins)
        self.ledger = ledger()
        self.rooms: list[Process] = []
        carrier, receiver = Carrier(self.world), Receiver(self.world)
        self.house = House(self.world, self.ledger, Broker(self.world, self._alive), carrier, receiver)
        self.stops: list[tuple[int, float, int]] = []  # campaign, true second of the change, the revision it ended
        self.accepted: dict[int, int] = {}
        self._people = Process(self.world, "people", "people")
        self._draw_troubles(draw)
        self._order(draw, hours)
        for room, kind in ROOMS.items():
            for number in range(draw.choice((1, 2, 2, 3))):
                self.rooms.append(kind(self.house, f"{room}-{number}"))

    def play(self) -> None:
        """Let it all happen, heal, and judge; raises Violation with the seed."""
        try:
            while self.world.events < self._events:
                self.world.step()
            self._heal()
            judge.judge(self)
        except Violation as broken:
            raise Violation(f"seed {self.seed}: {broken}") from broken

    # -------------------------------------------------------------------------------------------- the beginning

    def _draw_troubles(self, draw: Random) -> None:
        """Choose what goes wrong in this run: everything at once hides more than it shows."""
        broker = self.house.broker
        broker.lost, broker.doubled, broker.delayed = (draw.choice((0, 0, 0.1, 0.3)) for _ in range(3))
        self.world.database_trouble = draw.choice((0, 0, 0, 0.05, 0.15))
        self.world.strikes, self.world.strike = draw.choice((0, 0, 0.005, 0.03)), self._strike
        self.house.receiver.trouble = draw.choice((0, 0.3))
        acts: list[Callable[[], None]] = [self._kill, self._freeze, self._outage, self._edit, self._stop_or_start]
        self._acts = draw.sample(acts, draw.randint(0, len(acts)))
        if draw.random() < 0.2:
            self._acts.append(self._set_the_clock)
        if self._acts:
            self._people.spawn(self._disturb())

    def _order(self, draw: Random, hours: CallingHours) -> None:
        for campaign in range(1, draw.choice((1, 1, 2)) + 1):
            numbers = draw.randint(1, 25)
            self.ledger.open_campaign(Order(campaign, hours, (draw.choice(_PACES),), numbers))
            self.accepted[campaign] = numbers

    def _alive(self, room: str) -> list[Process]:
        return [process for process in self.rooms if process.room == room]

    # -------------------------------------------------------------------------------------------- what is done to it

    def _disturb(self) -> Steps:
        yield self.world.random.uniform(0, 10)
        while not self.world.healing:
            self.world.random.choice(self._acts)()
            yield self.world.random.choice((0.05, 0.5, 3, 10, 30))

    def _kill(self) -> None:
        if self.rooms:
            self._kill_one(self.world.random.choice(self.rooms))

    def _strike(self, process: Process) -> None:
        """Kill or freeze a process between two of its steps."""
        if process in self.rooms:
            (self._kill_one if self.world.random.random() < 0.7 else self._freeze_one)(process)

    def _kill_one(self, process: Process) -> None:
        """Kill a process; another takes its place, at once or later."""
        self.world.marks.add(f"a {process.room} died")
        self.rooms.remove(process)
        process.alive = False
        for delivery in list(process.undecided):
            delivery.retry()
        name = f"{process.room}-{self.world.events}-{len(self.rooms)}"
        self.world.later(self.world.random.choice((0, 1, 20)), lambda: self._raise(process.room, name))

    def _raise(self, room: str, name: str) -> None:
        self.rooms.append(ROOMS[room](self.house, name))

    def _freeze(self) -> None:
        if self.rooms:
            self._freeze_one(self.world.random.choice(self.rooms))

    def _freeze_one(self, process: Process) -> None:
        self.world.marks.add(f"a {process.room} froze")
        process.frozen_until = self.world.t + self.world.random.choice((0.6, 2, 16, 45, 100))

    def _outage(self) -> None:
        what = self.world.random.choice(("database", "broker", "carrier", "receiver"))
        self.world.marks.add(f"no {what}")
        self.world.out[what] = self.world.t + self.world.random.choice((1, 10, 40, 200))

    def _set_the_clock(self) -> None:
        self.world.marks.add("the clock was set")
        by = self.world.random.choice((-86400, -3600, -60, -2, 2, 60, 3600, 86400))
        self.world.offset += timedelta(seconds=by)
        if self.world.random.random() < 0.7:  # somebody notices, and sets it right
            self.world.later(self.world.random.uniform(1, 60), lambda: self._set_back(by))

    def _set_back(self, by: int) -> None:
        self.world.offset -= timedelta(seconds=by)

    def _edit(self) -> None:
        """Change a campaign's pace or hours, or add numbers."""
        draw = self.world.random
        campaign = draw.choice(list(self.ledger.orders))
        order = self.ledger.orders[campaign]
        kind = draw.choice(("pace", "amount", "hours", "numbers"))
        if kind == "numbers":
            self.accepted[campaign] += self.ledger.extend_queue(campaign, draw.randint(1, 5))
        elif kind == "hours":
            window = Window(self._start, draw.choice((self._end, time(self._start.hour, self._start.minute + 3))))
            self._people.spawn(self._change(campaign, hours=replace(order.hours, windows=(window,))))
        else:
            old = order.paces[0]
            new = draw.choice(_PACES) if kind == "pace" else replace(old, amount=draw.choice((1, 5, 40)))
            self._people.spawn(self._change(campaign, paces=(new,)))

    def _stop_or_start(self) -> None:
        draw = self.world.random
        campaign = draw.choice(list(self.ledger.orders))
        state = draw.choice(
            ("stopped", "running", "running", "running", "deleted" if draw.random() < 0.1 else "stopped")
        )
        self._people.spawn(self._change(campaign, state=state))

    def _change(self, campaign: int, **changes: object) -> Steps:
        """Lock a campaign's row, take some time over it, and commit."""
        order = self.ledger.orders[campaign]
        while order.locked:
            yield 0.05
        order.locked = True
        yield self.world.random.choice((0.001, 0.2))
        self.stops.append((campaign, self.world.t, order.revision))
        self.ledger.change(campaign, **changes)
        order.locked = False

    # -------------------------------------------------------------------------------------------- the end

    def _heal(self) -> None:
        """Let nobody disturb any more, and time pass, until everything is finished."""
        world = self.world
        world.healing = True
        world.out.clear()
        for process in self.rooms:
            process.frozen_until = 0.0
        begun = world.events
        quiet = begun + _QUIET
        while not judge.is_finished(self.ledger, self.accepted):
            if world.events - begun > _HEALED_WITHIN:
                raise Violation(f"not finished: {judge.unfinished(self.ledger, self.accepted)}")
            world.step()
            if world.events > quiet:
                self._let_time_pass()
                quiet = world.events + _QUIET

    def _let_time_pass(self) -> None:
        """Nothing but waiting is left to do: for the clocks, the end of the campaigns, or the next try of a post."""
        ledger, house = self.ledger, self.world.house()
        ends = max(order.hours.ends_at() for order in ledger.orders.values())
        standing = max(process.now() for process in self.rooms)  # clocks that were ahead of one that was set back
        pending = [post.next_at for post in ledger.posts.values() if post.state == "pending"]
        counted = [
            o.drained_at + UNHEARD for o in ledger.orders.values() if o.drained_at and o.settled_to < o.queue_end
        ]
        if standing > house:
            target = standing
        elif held := [*ledger.in_state(AttemptState.DIALING), *ledger.in_state(AttemptState.ORPHANED)]:
            # A lease, or when to ask again, may have been written by a clock that was ahead.
            soonest = min(a.lease_until for _, a in held if a.lease_until is not None)
            if soonest <= house:
                return
            target = soonest
        elif house < ends:
            target = ends
        else:
            target = min((at for at in (*pending, *counted) if at > house), default=house + UNHEARD)
        self.world.t += (target - house).total_seconds()
