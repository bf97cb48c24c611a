"""VoiceXML sessions beside each other on one event loop: how long a dialog step takes, and what a hostile one costs."""

from __future__ import annotations

import asyncio
import gc
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from benchmarks.applications import URL, Callee, Page
from benchmarks.ground import Options
from benchmarks.report import Result
from benchmarks.rounds import Goal, Run, Variant, compete, figure
from services.dialer.realms.apart import Realms
from services.dialer.slow_lane import SlowLane
from services.dialer.vxml.interpreter import interpret
from services.dialer.vxml.library import Library
from services.dialer.vxml.ports import HungUp, Input, Played
from services.dialer.vxml.prompts import Piece
from services.dialer.vxml.quickjs_engine import QuickJs
from shared.clock import Clock

SESSIONS = 200
ALONE = f"{SESSIONS} sessions"
_THINKS = (0.5, 1.5)  # seconds between what a callee hears and what he does: 200 steps a second by all of them
_STEPS, _QUICK = 12, 3
_P50, _P99, _MAX = "p50 ms", "p99 ms", "max ms"

# A step has a grammar, a condition, an assignment and two prompts, one of which says a value of a script's.
_DIALOG = b"""<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml">
  <script>function times(n) { return n === 1 ? 'once' : n + ' times'; }</script>
  <var name="turns" expr="0"/>
  <form>
    <field name="answer">
      <prompt>Will you come? Press 1 for yes, 2 for no.</prompt>
      <grammar mode="dtmf" version="1.0" root="key" tag-format="semantics/1.0-literals">
        <rule id="key" scope="public"><one-of>
          <item>1 <tag>yes</tag></item><item>2 <tag>no</tag></item>
        </one-of></rule>
      </grammar>
      <filled>
        <assign name="turns" expr="turns + 1"/>
        <if cond="answer == 'yes'"><prompt>You said so <value expr="times(turns)"/>.</prompt></if>
        <clear namelist="answer"/>
      </filled>
    </field>
  </form>
</vxml>"""
_LOOP = "(function () { while (true); })()"
_LOOPS = (
    '<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml"><form><catch event="error">No.</catch>'
    f"<block><script>{_LOOP}</script></block><block><value expr='{_LOOP}'/></block>"
    f"<block><if cond='{_LOOP}'/></block></form></vxml>"
).encode()


def _large(number: int) -> bytes:
    """Return a document of nearly as many bytes and elements as are read, which nobody has read before."""
    prompt = '<prompt count="1" timeout="3s">Hello, this is a text.</prompt>'
    content = prompt * 15_000 + f"<prompt>{number}</prompt>"
    return (
        f'<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml"><form><block>{content}</block></form></vxml>'.encode()
    )


@dataclass(slots=True)
class Thinker(Callee):
    """Thinks before each key. A step is late from the moment in which its key was due."""

    late: list[float] = field(default_factory=list)
    due: float | None = None

    async def play(self, pieces: list[Piece], *, bargein: bool) -> Played:
        self._waits()
        return Played()

    async def listen(self, *, within: float) -> Input | None:
        self._waits()
        if not self.keys:
            raise HungUp
        due = time.perf_counter() + random.uniform(*_THINKS)
        await asyncio.sleep(due - time.perf_counter())
        self.due = due
        return Input(self.keys.pop(0))

    def _waits(self) -> None:
        if self.due is not None:
            self.late.append((time.perf_counter() - self.due) * 1000)
            self.due = None


async def measure_neighbours(options: Options) -> Result:
    """Run the sessions, by themselves and each time beside one kind of neighbour, who comes again and again."""
    steps = _QUICK if options.quick else _STEPS
    numbers = count()
    beside = {
        ALONE: None,
        "beside while (true)": lambda: _LOOPS,
        "beside documents of 1 MB": lambda: _large(next(numbers)),
    }
    variants = [Variant(name, lambda bodies=bodies: _together(steps, bodies)) for name, bodies in beside.items()]
    gc.collect()
    gc.freeze()  # as the rooms do: what was imported is not looked through again and again
    gc.set_threshold(10_000, *gc.get_threshold()[1:])
    runs = await compete(variants, rounds=options.rounds)
    return Result("neighbours", "step", runs, [Goal(f"p99 in ms, {n}", figure(_P99), n, at_most=20) for n in beside])


@dataclass(slots=True)
class Place:
    """What the calls of a dialer share."""

    realms: Realms
    library: Library = field(default_factory=Library)
    lane: SlowLane = field(default_factory=lambda: SlowLane(Clock()))

    async def session(self, body: bytes, callee: Callee) -> str:
        """Run one call as a dialer does; return how it ended."""
        engine = QuickJs(realm=self.realms.open)
        try:
            ending = await self.lane.share(
                interpret(
                    URL,
                    fetcher=Page(body),
                    platform=callee,
                    engine=engine,
                    library=self.library,
                    apart=self.lane.apart,
                ),
                is_scripted=lambda: engine.has_realm,
            )
        finally:
            engine.end()
        return ending.how


async def _together(steps: int, bodies: Callable[[], bytes] | None) -> Run:
    with Realms() as realms:
        return await _in(Place(realms), steps, bodies)


async def _in(place: Place, steps: int, bodies: Callable[[], bytes] | None) -> Run:
    callees = [Thinker([random.choice("12") for _ in range(steps)]) for _ in range(SESSIONS)]
    calls: list[str] = []
    neighbour = asyncio.create_task(_again(place, bodies, calls)) if bodies else None
    began = time.perf_counter()
    endings = await asyncio.gather(*(place.session(_DIALOG, callee) for callee in callees))
    seconds = time.perf_counter() - began
    if neighbour:
        neighbour.cancel()
        await asyncio.wait([neighbour])
        assert calls, "the neighbour never came"
    assert set(endings) == {"hangup"}, endings
    late = [each for callee in callees for each in callee.late]
    assert len(late) == steps * SESSIONS
    cuts = statistics.quantiles(late, n=100)
    figures = {_P50: cuts[49], _P99: cuts[98], _MAX: max(late)}
    return Run(len(late), seconds, figures=figures | ({"neighbour's calls": len(calls)} if bodies else {}))


async def _again(place: Place, bodies: Callable[[], bytes], calls: list[str]) -> None:
    while True:
        calls.append(await place.session(bodies(), Callee()))
