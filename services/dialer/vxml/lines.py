"""Recording the callee and connecting him to others: VoiceXML 2.0 sections 2.3.6 and 2.3.7."""

from __future__ import annotations

from typing import Literal

from lxml import etree

from services.dialer.vxml import leaving
from services.dialer.vxml.activation import activate_beside
from services.dialer.vxml.context import Context
from services.dialer.vxml.documents import name_of
from services.dialer.vxml.events import Event
from services.dialer.vxml.filling import defined, evaluation, forget, reached, remember
from services.dialer.vxml.grammars.recognizer import Recognized
from services.dialer.vxml.jumps import Owner
from services.dialer.vxml.listening import Beside, Heard
from services.dialer.vxml.ports import Json, Recording, RecordRequest, TransferOutcome, TransferRequest

_GONE = "connection.disconnect"
_RESULTS = frozenset(
    {"busy", "noanswer", "network_busy", "near_end_disconnect", "far_end_disconnect", "network_disconnect"}
    | {"maxtime_disconnect", "unknown"}
)


async def record(context: Context, item: etree._Element, name: str) -> Recognized[Owner] | bool:
    """Record what the callee says; the variable stands for it in audio and submit.

    A grammar that is not the item's own has the input that ended the recording, and the variable gets nothing.
    """
    timeout, type_ = context.silence(), item.get("type", "audio/x-wav")
    if not type_.startswith("audio/"):
        raise Event("error.unsupported.format", "a telephone line is recorded as audio")
    beside = await _beside(context, item, is_modal=item.get("modal") != "false", any_key=_ends_by_any_key(item))
    request = RecordRequest(
        beep=item.get("beep") == "true",
        max_time=context.duration("maxtime", item.get("maxtime", "60s")),
        final_silence=context.duration("finalsilence", item.get("finalsilence", "3s")),
        timeout=timeout,
        dtmf_term=_ends_by_any_key(item),
        type=type_,
        ends=beside.ends if beside else None,
    )
    recording = await _recorded(context, request, beside)
    if recording is None:
        raise Event("noinput")
    if beside is not None and recording.term_char:
        beside.ended_by(recording.term_char)
    heard = _heard(context, beside)
    if heard is not None and heard.match is not None and heard.match.active.owner.kind != "item":
        return heard.match
    if not recording.audio and not recording.hung_up:
        return False  # a key came before anything was said
    _keep(context, name, recording, heard, has_term_char=_ends_by_any_key(item))
    if recording.hung_up:
        context.session.is_gone = True
        raise Event("connection.disconnect.hangup", "the callee hung up while he was recorded")
    return True


async def _recorded(context: Context, request: RecordRequest, beside: Beside | None) -> Recording | None:
    """Play what waits, and record; what cuts a prompt short may end the recording before it has begun."""
    forget(context)
    heard = await context.session.flush(listening=beside is not None or request.dtmf_term)
    if heard is not None and (beside.ends(heard) if beside is not None else heard.mode == "dtmf"):
        return Recording(b"", 0.0)
    with context.session.line() as line:
        return await line.record(request)


def _ends_by_any_key(item: etree._Element) -> bool:
    return item.get("dtmfterm", "true") == "true"


def _keep(context: Context, name: str, recording: Recording, heard: Heard | None, *, has_term_char: bool) -> None:
    key = context.session.keep(recording.audio)
    shadow: dict[str, Json] = {
        "duration": round(recording.duration * 1000),
        "size": len(recording.audio),
        "termchar": _term_char(recording, heard) if has_term_char else None,
        "maxtime": recording.max_time,
    }
    if heard is not None and heard.match is not None:
        shadow |= {"utterance": heard.utterance, "confidence": heard.heard.confidence, "inputmode": heard.heard.mode}
    _fill(context, name, key, shadow)


def _term_char(recording: Recording, heard: Heard | None) -> str | None:
    return heard.utterance if heard and heard.match else recording.term_char


async def transfer(context: Context, item: etree._Element, name: str) -> bool:
    """Connect the callee; how that ends is the variable's value, or an event.

    Its own grammars alone are heard: while prompts are played, and by a bridge as long as it lasts.
    """
    destination = leaving.reference(context, item, "dest", "destexpr")
    if destination is None:
        raise Event("error.badfetch", "transfer has no destination")
    type_ = _type(item)
    beside = await _beside(context, item, is_modal=True)
    audio = item.get("transferaudio")
    request = TransferRequest(
        destination,
        type_,
        connect_timeout=context.duration("connecttimeout", item.get("connecttimeout", "30s")),
        max_time=context.duration("maxtime", item.get("maxtime", "0s")),
        aai=leaving.reference(context, item, "aai", "aaiexpr"),
        audio=context.document.resolve(audio) if audio else None,
        ends=beside.ends if beside and type_ == "bridge" else None,
    )
    outcome = await _connected(context, request, beside)
    if f"{outcome.result}.".startswith(f"{_GONE}."):
        context.session.is_gone = True
    if outcome.result not in _RESULTS:
        raise Event(outcome.result)
    shadow: dict[str, Json] = {"duration": outcome.duration}
    heard = _heard(context, beside)
    if outcome.result == "near_end_disconnect" and heard is not None:
        shadow |= {"inputmode": heard.heard.mode, "utterance": heard.utterance}
    _fill(context, name, outcome.result, shadow)
    return True


async def _connected(context: Context, request: TransferRequest, beside: Beside | None) -> TransferOutcome:
    """Play what waits, and transfer; where what cuts a prompt short matches a grammar, nobody is called."""
    forget(context)
    heard = await context.session.flush(listening=beside is not None)
    if beside is not None and heard is not None and beside.ends(heard):
        return TransferOutcome("near_end_disconnect")
    try:
        with context.session.line() as line:
            return await line.transfer(request)
    except Event as event:
        if event.name == "error.unsupported.transfer":
            event.name += f".{request.type}"
        raise


def _type(item: etree._Element) -> Literal["bridge", "blind", "consultation"]:
    written = item.get("type")
    if written == "bridge" or (written is None and item.get("bridge") == "true"):
        return "bridge"
    if written == "consultation":
        return "consultation"
    if written in {None, "blind"}:
        return "blind"
    raise Event("error.unsupported.transfer", f"{name_of(item)} knows no such type")


async def _beside(context: Context, item: etree._Element, *, is_modal: bool, any_key: bool = False) -> Beside | None:
    recognizer = await activate_beside(context, item, is_modal=is_modal)
    return None if recognizer is None else Beside(recognizer, any_key=any_key)


def _heard(context: Context, beside: Beside | None) -> Heard | None:
    """Return what was heard meanwhile, and remember it when a grammar has it."""
    if beside is None:
        return None
    with evaluation(context) as evaluate:
        heard = beside.heard(evaluate)
    if heard is not None and heard.match is not None:
        remember(context, heard)
    return heard


def _fill(context: Context, name: str, value: Json, shadow: dict[str, Json]) -> None:
    scope = context.scopes.dialog
    assert scope is not None
    context.scopes.put(scope, name, value)
    context.scopes.put(scope, f"{name}$", defined(shadow | reached(context)))
