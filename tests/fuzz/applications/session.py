"""One session over the real interpreter, engine, cache and simulated callee, and what must hold of any of them."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, cast

from services.dialer.application import session_variables, start_fields
from services.dialer.carriers.callee import Callee
from services.dialer.carriers.callee_script import Rehearsed
from services.dialer.carriers.port import CarrierError, Seen
from services.dialer.carriers.simulated import SimulatedCall
from services.dialer.classify import classify_answered, fault_of_ending, to_outcome
from services.dialer.fetching import Cache, CallFetcher
from services.dialer.realms.apart import Realms
from services.dialer.store import Intent
from services.dialer.telling import tell
from services.dialer.vxml.interpreter import interpret
from services.dialer.vxml.jumps import Ending
from services.dialer.vxml.library import Library
from services.dialer.vxml.ports import FetchRequest
from services.dialer.vxml.quickjs_engine import QuickJs
from shared.clock import VirtualClock
from shared.contracts.applications import ApplicationResult
from shared.contracts.calls import Slot
from shared.domain.call_state import CalleeType
from shared.runtime.outbound import Outbound
from tests.fuzz.applications.answers import Strangers
from tests.fuzz.applications.callees import Fickle
from tests.fuzz.applications.cases import Case

_NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
_MARK = re.compile(r"mark\d+x")
_SLOT = Slot(campaign_id=1, period_no=1, slot_no=0)


class World:
    """What all sessions of a process share, as those of a dialer do: answers, what was read of them, and where scripts
    are run.
    """

    def __init__(self) -> None:
        self.cache = Cache(2 << 20)
        self.library = Library(2 << 20)
        self.realms = Realms()


async def attack(case: Case, world: World) -> str:
    """Run a case; return how it ended. What must not be is an AssertionError, or whatever came out of it."""
    dice = Random(case.name)
    site = f"http://{case.mark}.test/"
    clock = VirtualClock(_NOON)
    strangers = Strangers(site, case.bodies, dice, case.wild)
    callee = Callee(Rehearsed(case.callee), patience=case.callee.patience)
    line = Fickle(SimulatedCall(callee, CalleeType.VOICE, clock=clock, ended=lambda _: None), dice, case.wild)
    intent = Intent(_SLOT, 1, 1, _NOON, _NOON + timedelta(minutes=1), f"{site}one.vxml", "+1", None, None, case.mark)
    logged: list[str] = []
    engine = QuickJs(now=lambda: clock.now().timestamp() * 1000, seed=1, realm=world.realms.open)
    try:
        ending = await interpret(
            FetchRequest(intent.start_url, dice.choice(("GET", "POST")), tuple(start_fields(intent).items())),
            fetcher=CallFetcher(cast("Outbound", strangers), world.cache, clock),
            platform=line,
            engine=engine,
            variables=session_variables(intent, CalleeType.VOICE),
            log=lambda label, text: logged.append(label + text),
            library=world.library,
            apart=asyncio.to_thread,
        )
    except CarrierError:
        assert line.failed, "the line has not failed"
        return "the line failed"
    finally:
        engine.end()
    judge(ending)
    seen = [repr(ending), *line.played, *strangers.asked, *logged]
    others = {mark for each in seen for mark in _MARK.findall(each)} - {case.mark}
    assert not others, f"another session's mark was seen: {others}"
    return ending.how if ending.event is None else f"{ending.how} {ending.event[:40]}"


def judge(ending: Ending) -> None:
    """Hold an ending against all who have to live with it: the contract, JSON, PostgreSQL, and the tenant's page."""
    assert isinstance(ending, Ending)
    result = tell(ending)
    fault = fault_of_ending(ending)
    outcome = to_outcome(_SLOT, 1, classify_answered(fault), seen=Seen(_NOON), ended_at=_NOON, application=result)
    written = outcome.model_dump_json()
    assert type(outcome).model_validate_json(written) == outcome, "it does not survive JSON"
    assert ApplicationResult.model_validate_json(result.model_dump_json()) == result
    _storable(written)
    told: Any = json.loads(result.model_dump_json())
    _storable(json.dumps(told, ensure_ascii=False, allow_nan=False))
    assert (fault is None) == (ending.how not in {"error", "limit"})
    if fault is not None:
        _storable(json.dumps(fault, ensure_ascii=False))  # it is no JSON itself, and may show the words of a script
        assert fault.endswith(".")
        assert len(fault) <= 501
        assert fault.isprintable(), fault


def _storable(text: str) -> None:
    text.encode()
    assert "\0" not in text, "a NUL"
    assert not re.search(r"(?<!\\)(?:\\\\)*\\u(?:0000|[dD][89a-fA-F]..)", text), "what PostgreSQL takes for no text"
