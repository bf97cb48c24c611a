"""What is asked about campaigns and calls: progress, course, forecast, the calls themselves and why one waits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from aiohttp import web

from services.api import bodies, campaign_store
from services.api.deliveries import refuse_dropped
from services.api.desk import Visit, answer
from services.api.errors import not_found, refuse_field
from services.api.insight import calls, store
from services.api.insight.export import as_csv, as_ndjson
from services.api.insight.forecast import Change, DayPlan, Forecast, advise, foretell
from services.api.insight.store import Standing
from services.api.insight.timetable import Calendar
from services.api.insight.waiting import Reason, Why, explain
from services.api.schemas.campaigns import PAGE_LIMIT
from services.api.schemas.insight import CallsPage, CourseWanted, Form
from shared.db.pool import Record
from shared.domain.call_id import QUEUE_CAPACITY, to_call_id
from shared.domain.campaign_state import CampaignState
from shared.domain.sandbox import shown

_EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2300, 1, 1, tzinfo=UTC))
_ROWS_LIMIT = 20_000
_TYPES = {Form.CSV: "text/csv", Form.NDJSON: "application/x-ndjson"}


async def get_campaign(visit: Visit) -> web.Response:
    """Answer one campaign with its progress."""
    database, one = visit.desk.database, {"account_id": visit.account_id, "campaign_id": visit.resource_id}
    campaign = await campaign_store.get(database, **one)
    told = await store.load_progress(database, **one)
    progress = {
        "total": told.total,
        "waiting": told.waiting,
        "calling": told.calling,
        "finished": told.finished,
        "outcomes": told.outcomes,
        "application_failures": told.application_failures,
        "dead_letters": told.dead_letters,
    }
    return answer(campaign | {"progress": progress})


async def course(visit: Visit) -> web.Response:
    """Answer how many calls ended how in each stretch of time."""
    wanted = CourseWanted.model_validate(bodies.from_query(visit.request))
    standing = await _standing(visit)
    since, until = wanted.since or _EVER[0], wanted.until or _EVER[1]
    rows = await store.course(
        visit.desk.database, standing.id, interval=wanted.interval, since=since, until=until, limit=_ROWS_LIMIT + 1
    )
    if len(rows) > _ROWS_LIMIT:
        raise refuse_field("interval", "is too short for so long a time: ask for longer stretches or a shorter time")
    return answer([_stretch(at, list(told)) for at, told in groupby(rows, key=itemgetter("at"))])


def _stretch(at: datetime, told: Sequence[Record]) -> dict[str, Any]:
    return {
        "at": _say(at),
        "finished": sum(each["entries"] for each in told),
        "outcomes": {each["disposition"]: each["entries"] for each in told},
        "application_failures": sum(each["failed"] for each in told),
    }


async def forecast(visit: Visit) -> web.Response:
    """Answer when a campaign's waiting numbers will be called, as if it ran from now on."""
    standing, now = await _standing(visit), visit.shown
    calendar, waiting = standing.calendar, standing.waiting
    over = calendar is None or standing.state is CampaignState.ENDED
    # In a thread: a campaign of years and a hundred windows takes a while, and others ask meanwhile.
    told = None if calendar is None or over else await asyncio.to_thread(foretell, now, calendar, waiting=waiting)
    changes = [] if calendar is None or over else await asyncio.to_thread(_changes, now, calendar, waiting)
    return answer(
        {
            "as_of": _say(now),
            "state": standing.state,
            "ends_at": _say(shown(visit.caller.sandbox, standing.ends_at)),
            "waiting": waiting,
            "first_call_at": _say(told.first_call_at) if told and told.first_call_at else None,
            "last_call_at": _say(told.last_call_at) if told and told.last_call_at else None,
            "dialed": told.dialed if told else 0,
            "expires": told.expires if told else waiting,
            "days": [_day(each, standing, now) for each in told.days] if told else [],
            "advice": list(_advice(standing, told, changes)),
        }
    )


async def list_calls(visit: Visit) -> web.Response | web.StreamResponse:
    """Answer the calls of a campaign: a page of them, or all as text."""
    page = CallsPage.model_validate(bodies.from_query(visit.request))
    standing = await _standing(visit)
    wanted = calls.Filter(page.state, page.disposition)
    after = min(max(page.after - to_call_id(standing.id, 0), 0), standing.total)
    form = page.form or _accepted(visit.request.headers.get("Accept", ""))
    database, total = visit.desk.database, standing.total
    if form is Form.JSON:
        limit = page.limit or PAGE_LIMIT
        found = await calls.read_page(database, standing.id, wanted=wanted, after=after, total=total, limit=limit)
        more = None if found.more_after is None else to_call_id(standing.id, found.more_after)
        return answer(found.calls, headers={} if more is None else visit.link(limit=limit, after=more))
    if page.limit is not None:
        raise refuse_field("limit", f"is for pages of JSON; {form} brings all of them")
    stretches = calls.read_all(database, standing.id, wanted=wanted, after=after, total=total)
    pieces = as_csv(stretches) if form is Form.CSV else as_ndjson(stretches)
    return await visit.stream(pieces, content_type=_TYPES[form], name=f"campaign-{standing.id}-calls.{form}")


async def get_call(visit: Visit) -> web.Response:
    """Answer one call: its outcome and history, or why it was not made yet."""
    campaign_id, seq = divmod(visit.resource_id, QUEUE_CAPACITY)
    database, sandbox_of = visit.desk.database, visit.account_id if visit.caller.sandbox else None
    one = {"account_id": visit.account_id, "campaign_id": campaign_id}
    standing = await store.load_standing(database, **one, now=visit.now)
    async with database.connection() as connection:
        await refuse_dropped(connection, visit.account_id, campaign_id)
    everything = calls.Filter()
    found = await calls.read_page(database, campaign_id, wanted=everything, after=seq - 1, total=seq, limit=1)
    if not found.calls:
        raise not_found("call")
    (call,) = found.calls
    why = None
    if call["state"] == calls.CallState.CALLING:
        why = Why(Reason.CALLING, "It has its slot: it is called just now, or in a moment.")
    elif call["state"] == calls.CallState.WAITING:
        at = {"next_seq": standing.next_seq, "requeued": standing.requeued}
        ahead = await calls.count_ahead(database, campaign_id, seq, **at)
        state, calendar = standing.state, standing.calendar
        why = await asyncio.to_thread(explain, visit.shown, calendar, state=state, ahead=ahead)
    return answer(
        call
        | {
            "campaign_id": campaign_id,
            "history": await calls.read_history(database, campaign_id, seq, sandbox_of=sandbox_of),
            "delivery": await calls.read_delivery(database, campaign_id, seq),
            "why": _why(why) if why else None,
        }
    )


async def _standing(visit: Visit) -> Standing:
    """Return where the campaign of the path stands, while its calls are kept.

    Raises:
        Problem: 404, or 410.
    """
    one = {"account_id": visit.account_id, "campaign_id": visit.resource_id}
    async with visit.desk.database.connection() as connection:
        await refuse_dropped(connection, **one)
    return await store.load_standing(visit.desk.database, **one, now=visit.now)


def _accepted(accept: str) -> Form:
    """Return the form that a request's Accept header asks for."""
    return next((form for form, kind in _TYPES.items() if kind in accept), Form.JSON)


def _day(plan: DayPlan, standing: Standing, now: datetime) -> dict[str, Any]:
    return {
        "date": plan.day.isoformat(),
        "capacity": plan.capacity,
        "calls": plan.calls,
        "openings": [
            {
                "opens_at": _say(opening.opens_at),
                "closes_at": _say(opening.closes_at),
                "profile": standing.profiles[opening.window],
                "capacity": capacity,
                "calls": called,
            }
            for opening, capacity, called in plan.openings()
        ],
        "hours": [{"at": _say(at), "calls": called} for at, called in plan.hours(now).items()],
    }


def _changes(now: datetime, calendar: Calendar, waiting: int) -> list[Change]:
    return list(advise(now, calendar, waiting=waiting))


def _advice(standing: Standing, told: Forecast | None, changes: Iterable[Change]) -> Iterable[dict[str, Any]]:
    if told and standing.state in (CampaignState.CREATED, CampaignState.STOPPED):
        yield {"change": "start", "to": None, "detail": "It calls nobody until it is started."}
    for change in changes:
        if change.window is None:
            detail = f"With this as its last day, all {standing.waiting:,} numbers that wait are called."
            yield {"change": change.what, "to": str(change.to), "detail": detail}
        else:
            name = standing.profiles[change.window]
            others = " (and those of the other profiles as told)" if len(standing.profiles) > 1 else ""
            detail = (
                f"With this as the amount of {name}{others}, all {standing.waiting:,} numbers that wait are called."
            )
            yield {"change": change.what, "to": change.to, "profile": name, "detail": detail}


def _why(why: Why) -> dict[str, Any]:
    return {
        "reason": why.reason,
        "detail": why.detail,
        "ahead": why.ahead,
        "expected_at": _say(why.expected_at) if why.expected_at else None,
    }


def _say(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="seconds")
