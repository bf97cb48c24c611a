"""What runs on an answered call: the port, and the VoiceXML application that start_url names."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from services.dialer.carriers.port import Call
from services.dialer.classify import fault_of_ending
from services.dialer.fetching import Cache, CallFetcher
from services.dialer.slow_lane import SlowLane
from services.dialer.store import Intent
from services.dialer.telling import tell
from services.dialer.vxml.events import Occurred
from services.dialer.vxml.interpreter import interpret
from services.dialer.vxml.library import Library
from services.dialer.vxml.ports import FetchRequest, Json
from services.dialer.vxml.quickjs_engine import QuickJs
from services.dialer.vxml.realm import Realm
from shared.clock import Clock
from shared.contracts.applications import ApplicationResult
from shared.domain.call_id import to_call_id
from shared.domain.call_state import CalleeType
from shared.observability.metrics.dialer import START_URL_SECONDS
from shared.runtime.outbound import Outbound

_HEARD, _FAILED = map(START_URL_SECONDS.labels, ("heard", "failed"))


@dataclass(frozen=True, slots=True)
class Talked:
    """What came of a conversation: what went wrong, in a sentence, and what the application did.

    A callee who hangs up has done nothing wrong.
    """

    fault: str | None
    result: ApplicationResult | None = None


class Application(Protocol):
    """Talks to whoever answered."""

    async def run(self, call: Call, intent: Intent, clock: Clock) -> Talked:
        """Run to the end of the conversation; `clock` is the one the callee lives by."""
        ...


class VoiceXmlApplication:
    """Asks start_url for VoiceXML and interprets it; `realm` makes what the scripts of a call run in."""

    def __init__(
        self, outbound: Outbound, clock: Clock, *, method: Literal["POST", "GET"], realm: Callable[[], Realm]
    ) -> None:
        self._outbound = outbound
        self._clock = clock
        self._method = method
        self._realm = realm
        self._lane = SlowLane(clock)
        self._cache = Cache()
        self._library = Library()

    async def run(self, call: Call, intent: Intent, clock: Clock) -> Talked:
        """Interpret the application until it ends."""
        fetcher = CallFetcher(self._outbound, self._cache, self._clock)
        engine = QuickJs(now=lambda: clock.now().timestamp() * 1000, realm=self._realm)
        occurred = deque[Occurred](maxlen=1)
        try:
            ending = await self._lane.share(
                interpret(
                    FetchRequest(intent.start_url, self._method, tuple(start_fields(intent).items())),
                    fetcher=fetcher,
                    platform=call,
                    engine=engine,
                    variables=session_variables(intent, call.callee_type),
                    library=self._library,
                    apart=self._lane.apart,
                    watch=occurred.append,
                ),
                is_scripted=lambda: engine.has_realm,
            )
        finally:
            engine.end()
        if fetcher.start_seconds is not None:
            (_FAILED if ending.document is None else _HEARD).observe(fetcher.start_seconds)
        return Talked(fault_of_ending(ending, occurred[-1] if occurred else None), tell(ending))


def start_fields(intent: Intent) -> dict[str, str]:
    """Return what start_url is told about the call."""
    campaign_id = intent.slot.campaign_id
    return {
        "phone_number": intent.phone,
        "ani": intent.ani or "",
        "message_reference": intent.message_reference or "",
        "call_id": str(to_call_id(campaign_id, intent.seq)),
        "campaign_id": str(campaign_id),
    }


def session_variables(intent: Intent, callee_type: CalleeType) -> dict[str, Json]:
    """Return what scripts find in `session` (VoiceXML 2.0 section 5.1.4, and the vendor's own names).

    We call: the number shown is `ani`, the number dialed is `dnis`.
    """
    fields = start_fields(intent)
    return {
        "id": fields["call_id"],
        "call_id": fields["call_id"],
        "campaign_id": fields["campaign_id"],
        "message_reference": fields["message_reference"],
        "telephone": {"ani": fields["ani"], "dnis": intent.phone},
        "connection": {
            "callee_type": str(callee_type),
            "local": {"uri": f"tel:{intent.ani}" if intent.ani else ""},
            "remote": {"uri": f"tel:{intent.phone}"},
            "originator": "local",
            "protocol": {},
        },
    }
