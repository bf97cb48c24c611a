"""VoiceXML calls one after another on virtual time: a reminder with one question, beside parsing its document alone."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from lxml import etree

from benchmarks.ground import Options
from benchmarks.processes import cpu_seconds
from benchmarks.report import Result
from benchmarks.rounds import Goal, Run, Variant, compete, rate, seconds_a_unit
from services.dialer.realms.apart import Realms
from services.dialer.vxml.interpreter import interpret
from services.dialer.vxml.library import Library
from services.dialer.vxml.ports import (
    FetchRequest,
    FetchResponse,
    HungUp,
    Input,
    Played,
    Recording,
    RecordRequest,
    TransferOutcome,
    TransferRequest,
)
from services.dialer.vxml.prompts import Piece
from services.dialer.vxml.quickjs_engine import QuickJs
from services.dialer.vxml.realm import Realm, RealmHere

URL = "http://application.test/start"
SAME, OWN, SCRIPT = "one document for all", "a document for each call", "one document with a script"
APART = "one document with a script, a process for each call"
PARSED = "lxml parses the document (limit)"
_CALLS, _QUICK = 3_000, 300

REMINDER = """<?xml version="1.0" encoding="UTF-8"?>
<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml" xml:lang="en-US">
  <property name="timeout" value="4s"/>
  <var name="asked" expr="0"/>
  {script}
  <form id="reminder">
    <block><prompt bargein="false">Hello {name}. This is a reminder of your appointment.</prompt></block>
    <field name="coming">
      <prompt>It is tomorrow at ten. Will you come? Say yes or press 1, say no or press 2.</prompt>
      <grammar mode="voice" version="1.0" root="answer" tag-format="semantics/1.0-literals">
        <rule id="answer" scope="public"><one-of>
          <item>yes <tag>yes</tag></item><item>yes please <tag>yes</tag></item>
          <item>no <tag>no</tag></item><item>no thanks <tag>no</tag></item>
        </one-of></rule>
      </grammar>
      <grammar mode="dtmf" version="1.0" root="key" tag-format="semantics/1.0-literals">
        <rule id="key" scope="public"><one-of>
          <item>1 <tag>yes</tag></item><item>2 <tag>no</tag></item>
        </one-of></rule>
      </grammar>
      <noinput>I did not hear you. <reprompt/></noinput>
      <nomatch count="2">Please say yes or no. <reprompt/></nomatch>
      <filled>
        <if cond="{condition}"><prompt>Good, see you tomorrow.</prompt>
        <else/><prompt>It is cancelled.</prompt></if>
        <exit namelist="coming"/>
      </filled>
    </field>
  </form>
</vxml>"""
_FUNCTION = "<script>function isComing(said) { return said === 'yes'; }</script>"


def reminder(name: str = "there", *, scripted: bool = False) -> bytes:
    """Return the application; a scripted one asks a function of its own."""
    condition = "isComing(coming)" if scripted else "coming == 'yes'"
    return REMINDER.format(name=name, script=_FUNCTION if scripted else "", condition=condition).encode()


@dataclass(slots=True)
class Page:
    """A server that knows one document."""

    body: bytes

    async def fetch(self, request: FetchRequest) -> FetchResponse:
        return FetchResponse(request.url, 200, "application/voicexml+xml", self.body)


@dataclass(slots=True)
class Callee:
    """Presses keys as soon as something is waited for, and then hangs up."""

    keys: list[str] = field(default_factory=list)

    async def play(self, pieces: list[Piece], *, bargein: bool) -> Played:
        return Played()

    async def listen(self, *, within: float) -> Input | None:
        if not self.keys:
            raise HungUp
        return Input(self.keys.pop(0))

    async def record(self, request: RecordRequest) -> Recording | None:
        raise HungUp

    async def transfer(self, request: TransferRequest) -> TransferOutcome:
        raise HungUp

    async def disconnect(self) -> None:
        """Nobody is there."""


async def one_call(body: bytes, library: Library, realm: Callable[[], Realm] = RealmHere) -> None:
    """Run the reminder once; it must end as the callee has answered."""
    engine = QuickJs(realm=realm)
    ending = await interpret(URL, fetcher=Page(body), platform=Callee(["1"]), engine=engine, library=library)
    engine.end()
    assert ending.value == {"coming": "yes"}, ending


async def measure_calls(options: Options) -> Result:
    """Run calls one after another."""
    count = _QUICK if options.quick else _CALLS
    library = Library()

    async def calls(body: Callable[[int], bytes], realm: Callable[[], Realm] = RealmHere) -> Run:
        before, began = cpu_seconds(os.getpid()), time.perf_counter()
        for number in range(count):
            await one_call(body(number), library, realm)
        seconds = time.perf_counter() - began
        return Run(count, seconds, {"interpreter": cpu_seconds(os.getpid()) - before})

    async def parses() -> Run:
        body, began = reminder(), time.perf_counter()
        for _ in range(count):
            etree.fromstring(body)
        return Run(count, time.perf_counter() - began)

    same, scripted, rounds = reminder(), reminder(scripted=True), iter(range(1 << 20))

    def own() -> Callable[[int], bytes]:
        this = next(rounds)
        return lambda number: reminder(f"Anna {this} {number}")

    variants = [
        Variant(SAME, lambda: calls(lambda _: same)),
        Variant(OWN, lambda: calls(own())),
        Variant(SCRIPT, lambda: calls(lambda _: scripted)),
        Variant(APART, lambda: calls(lambda _: scripted, realms.open)),
        Variant(PARSED, parses),
    ]
    with Realms() as realms:
        runs = await compete(variants, rounds=options.rounds)
    goals = [Goal(f"calls a second, {name}", rate, name, at_least=1_000) for name in (SAME, OWN)]
    goals += [
        Goal(f"time of a call to that of parsing its document, {name}", seconds_a_unit, name, PARSED, at_most=most)
        for name, most in ((SAME, 40), (OWN, 60))
    ]
    return Result("calls", "call", runs, goals)
