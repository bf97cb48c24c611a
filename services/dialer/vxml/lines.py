"""Recording the callee and connecting him to others: VoiceXML 2.0 sections 2.3.6 and 2.3.7."""

from __future__ import annotations

from typing import Literal

from lxml import etree

from services.dialer.vxml import leaving
from services.dialer.vxml.context import Context
from services.dialer.vxml.documents import name_of
from services.dialer.vxml.events import Event
from services.dialer.vxml.ports import Json, RecordRequest, TransferRequest

_TRANSFERRED = "connection.disconnect.transfer"
_RESULTS = frozenset(
    {"busy", "noanswer", "network_busy", "near_end_disconnect", "far_end_disconnect", "network_disconnect"}
    | {"maxtime_disconnect", "unknown"}
)


async def record(context: Context, item: etree._Element, name: str, silence: float | None) -> bool:
    """Record what the callee says; the variable stands for it in audio and submit."""
    await context.session.flush()
    request = RecordRequest(
        beep=item.get("beep") == "true",
        max_time=context.duration("maxtime", item.get("maxtime", "60s")),
        final_silence=context.duration("finalsilence", item.get("finalsilence", "3s")),
        timeout=silence if silence is not None else context.duration("timeout"),
        dtmf_term=item.get("dtmfterm", "true") == "true",
        type=item.get("type", "audio/x-wav"),
    )
    with context.session.line() as line:
        recording = await line.record(request)
    if recording is None:
        raise Event("noinput")
    key = f"recording:{len(context.session.recordings) + 1}"
    context.session.recordings[key] = recording.audio
    shadow: dict[str, Json] = {
        "duration": round(recording.duration * 1000),
        "size": len(recording.audio),
        "termchar": recording.term_char,
        "maxtime": recording.max_time,
    }
    _fill(context, name, key, shadow)
    if recording.hung_up:
        context.session.is_gone = True
        raise Event("connection.disconnect.hangup", "the callee hung up while he was recorded")
    return True


async def transfer(context: Context, item: etree._Element, name: str, _silence: float | None) -> bool:
    """Connect the callee; how that ends is the variable's value, or an event."""
    destination = leaving.reference(context, item, "dest", "destexpr")
    if destination is None:
        raise Event("error.badfetch", "transfer has no destination")
    request = TransferRequest(
        destination,
        _type(item),
        connect_timeout=context.duration("connecttimeout", item.get("connecttimeout", "30s")),
        max_time=context.duration("maxtime", item.get("maxtime", "0s")),
        aai=leaving.reference(context, item, "aai", "aaiexpr"),
    )
    await context.session.flush()
    with context.session.line() as line:
        outcome = await line.transfer(request)
    if outcome.result == _TRANSFERRED:
        context.session.is_gone = True
    if outcome.result not in _RESULTS:
        raise Event(outcome.result)
    _fill(context, name, outcome.result, {"duration": outcome.duration, "inputmode": None, "utterance": None})
    return True


def _type(item: etree._Element) -> Literal["bridge", "blind", "consultation"]:
    written = item.get("type")
    if written == "bridge" or (written is None and item.get("bridge") == "true"):
        return "bridge"
    if written == "consultation":
        return "consultation"
    if written in {None, "blind"}:
        return "blind"
    raise Event("error.unsupported.transfer", f"{name_of(item)} knows no such type")


def _fill(context: Context, name: str, value: Json, shadow: dict[str, Json]) -> None:
    scope = context.scopes.dialog
    assert scope is not None
    context.scopes.put(scope, name, value)
    context.scopes.put(scope, f"{name}$", shadow)
