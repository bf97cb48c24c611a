"""What answers hold, as JSON schemas that allow nothing else."""

from __future__ import annotations

from typing import Any

from services.api.errors import title_of, type_of
from services.api.insight.calls import CallState
from services.api.insight.waiting import Reason
from services.api.schemas.campaigns import PROFILES_LIMIT
from services.api.schemas.deliveries import DELIVERY_ID
from services.api.schemas.fields import INTEGER_LIMIT, NICKNAME_LIMIT, URL_LIMIT
from services.api.uploads import ERRORS_SHOWN
from shared.contracts.applications import ApplicationResult
from shared.domain.call_state import CalleeType, Disposition
from shared.domain.calling_hours import WEEK
from shared.domain.campaign_state import CampaignState

Schema = dict[str, Any]
INTEGER: Schema = {"type": "integer", "format": "int64"}
ID: Schema = INTEGER | {"minimum": 1, "description": "What the house gave it; it stays."}
COUNT: Schema = INTEGER | {"minimum": 0}
TEXT: Schema = {"type": "string"}
TIME: Schema = {"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$"}
INSTANT: Schema = {"type": "string", "format": "date-time"}
INSTANT_OR_NOT: Schema = {"type": ["string", "null"], "format": "date-time"}
OR_NONE: Schema = {"type": ["string", "null"]}
DATE: Schema = {"type": "string", "format": "date"}
URL: Schema = {"type": "string", "maxLength": URL_LIMIT}
NICKNAME: Schema = {
    "type": ["string", "null"],
    "maxLength": NICKNAME_LIMIT,
    "description": "Your own name for it; null when it has none.",
}
STATES = [state.value for state in CampaignState if state is not CampaignState.DELETED]


def ref(name: str) -> Schema:
    """Return a reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def exactly(properties: Schema, *, optional: tuple[str, ...] = (), **more: Any) -> Schema:
    """Return the schema of an object that has these and no others."""
    required = [name for name in properties if name not in optional]
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
        **more,
    }


def done(response: Schema) -> Schema:
    """Return the schema of an answer to a write."""
    return exactly({"status": {"const": "success"}, "response": response})


def listed(name: str) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": ref(name)}


_BAD_LINE = exactly({"line": INTEGER | {"minimum": 1}, "detail": TEXT})
_BAD_FIELD = exactly({"field": TEXT, "detail": TEXT})
_IMPORT: Schema = {
    "id": ID,
    "added": COUNT | {"description": "How many numbers were added to the campaign's queue."},
    "invalid": COUNT | {"description": "How many lines were skipped; with `on_invalid=skip` only."},
    "errors": {
        "type": "array",
        "items": _BAD_LINE,
        "maxItems": ERRORS_SHOWN,
        "description": f"The first {ERRORS_SHOWN} of the skipped lines, and why.",
    },
}
_TOGETHER = {"invalid": ["added", "errors"], "errors": ["added", "invalid"]}

_CAMPAIGN: Schema = {
    "id": ID,
    "state": {
        "enum": STATES,
        "description": "`created`: not started yet; `running`: calls within its hours; `stopped`: calls nobody "
        "until it is started again; `ended`: its dates are over, for good.",
    },
    "start_date": DATE,
    "end_date": DATE,
    "schedule": ID,
    "profiles": {"type": "array", "items": ref("Window"), "minItems": 1, "maxItems": PROFILES_LIMIT},
    "start_url": URL,
    "result_url": URL | {"type": ["string", "null"]},
    "calls": COUNT | {"description": "How many numbers it was given."},
}
OUTCOMES: Schema = {
    "type": "object",
    "propertyNames": {"enum": list(Disposition)},
    "additionalProperties": INTEGER,
    "description": "How many calls ended so; what did not occur is left out.",
}
_FAILURES = COUNT | {"description": "How many of those that were answered met an application that failed."}
_ENDED = {"outcomes": OUTCOMES, "application_failures": _FAILURES}
_PROGRESS = exactly(
    {
        "total": COUNT | {"description": "How many numbers it was given."},
        "waiting": COUNT | {"description": "How many are still to be called."},
        "calling": COUNT | {"description": "How many are called just now, or in a moment."},
        "finished": COUNT | {"description": "How many have an outcome."},
        "dead_letters": COUNT | {"description": "How many results your `result_url` did not take."},
    }
    | _ENDED
)
_OPENING = exactly(
    {
        "opens_at": INSTANT,
        "closes_at": INSTANT,
        "profile": TEXT | {"description": "The nickname of its profile, or its id when it has none."},
        "capacity": COUNT | {"description": "How many calls it has room for."},
        "calls": COUNT | {"description": "How many are made."},
    }
)
_FORECAST: Schema = {
    "as_of": INSTANT,
    "state": {"enum": STATES},
    "ends_at": INSTANT | {"description": "From then on nobody is called."},
    "waiting": COUNT | {"description": "How many numbers are still to be called."},
    "first_call_at": INSTANT_OR_NOT,
    "last_call_at": INSTANT_OR_NOT,
    "dialed": COUNT | {"description": "How many of those that wait are called."},
    "expires": COUNT | {"description": "How many are not, because the campaign is over before."},
    "days": {
        "type": "array",
        "items": exactly(
            {
                "date": DATE,
                "capacity": COUNT,
                "calls": COUNT,
                "openings": {"type": "array", "items": _OPENING},
                "hours": {"type": "array", "items": exactly({"at": INSTANT, "calls": COUNT})},
            }
        ),
    },
    "advice": {
        "type": "array",
        "items": exactly(
            {
                "change": {"enum": ["start", "end_date", "amount_per_period"]},
                "to": {"type": ["string", "integer", "null"]},
                "profile": TEXT,
                "detail": TEXT,
            },
            optional=("profile",),
        ),
        "description": "What to change so that all are called; each of them alone is enough, but for `start` and "
        "for the amounts of several profiles.",
    },
}
_CALL: Schema = {
    "id": ID,
    "phone_number": TEXT,
    "ani": OR_NONE,
    "message_reference": OR_NONE,
    "state": {"enum": list(CallState)},
    "result": {"enum": ["completed", "failed", None]},
    "disposition": {"enum": [*Disposition, None]},
    "callee_type": {"enum": [*CalleeType, None]},
    "attempts": COUNT,
    "last_attempt_timestamp": {"type": ["integer", "null"], "description": "Seconds since 1970, as in its result."},
    "duration": COUNT | {"description": "Seconds from the answer to the end."},
    "error_message": OR_NONE,
    "application_result": {
        "anyOf": [ApplicationResult.model_json_schema(), {"type": "null"}],
        "description": "What the application at start_url did, when it ran; as in its result.",
    },
}
_HAPPENING: Schema = {
    "type": "object",
    "required": ["at", "kind"],
    "properties": {
        "at": {"type": "number", "minimum": 0, "description": "Seconds after the answer."},
        "kind": {"type": "string", "description": "`said`, `key`, `silence`, `fetched`, `event`, `ended` and so on."},
    },
    "description": "One thing that happened, with the fields of its kind.",
}
_FAULT: Schema = {
    "line": COUNT,
    "event": TEXT | {"description": "The event that it is, as `error.badfetch`; `warning` where nothing is thrown."},
    "refuses": {"type": "boolean", "description": "Whether the whole document is refused for it."},
    "detail": TEXT,
}
_SANDBOX: Schema = {
    "time": INSTANT | {"description": "What the clock shows."},
    "rate": {"type": "number", "minimum": 1, "description": "How many of its seconds pass in one."},
}
_CALL_IN_FULL: Schema = {
    "campaign_id": ID,
    "history": {
        "type": "array",
        "items": exactly(
            {
                "at": INSTANT,
                "what": {"enum": ["granted", "lapsed", "dialed", "orphaned", "unknown", "ended"]},
                "detail": TEXT,
            }
        ),
    },
    "delivery": {
        "oneOf": [
            {"type": "null"},
            exactly(
                {
                    "id": DELIVERY_ID,
                    "state": {"enum": ["pending", "delivered", "dead"]},
                    "tries": COUNT,
                    "last_status": {"type": ["integer", "null"]},
                    "last_error": OR_NONE,
                    "next_at": INSTANT_OR_NOT,
                }
            ),
        ],
        "description": "How the newest post about it stands; null: there is none.",
    },
    "why": {
        "oneOf": [
            {"type": "null"},
            exactly(
                {
                    "reason": {"enum": list(Reason)},
                    "detail": TEXT,
                    "ahead": COUNT | {"description": "How many numbers are called before it."},
                    "expected_at": INSTANT_OR_NOT,
                }
            ),
        ],
        "description": "Why it was not called yet; null when it was.",
    },
}

SUCCESSES: dict[str, Schema] = {
    "Schedule": exactly(
        {
            "id": ID,
            "nickname": NICKNAME,
            "days": {
                "type": "array",
                "items": {"enum": list(WEEK)},
                "minItems": 1,
                "maxItems": len(WEEK),
                "uniqueItems": True,
                "description": "In the order of the week.",
            },
        }
    ),
    "Profile": exactly(
        {
            "id": ID,
            "nickname": NICKNAME,
            "period": INTEGER | {"minimum": 1, "maximum": INTEGER_LIMIT, "description": "Minutes."},
            "time_between_periods": COUNT | {"maximum": INTEGER_LIMIT, "description": "Minutes."},
            "amount_per_period": INTEGER | {"minimum": 1, "maximum": INTEGER_LIMIT, "description": "Calls."},
        }
    ),
    "Window": exactly(
        {"profile": TEXT | {"description": "Its nickname, or its id when it has none."}}
        | {"start_time": TIME, "end_time": TIME}
    ),
    "Campaign": exactly(_CAMPAIGN),
    "Delivery": exactly(
        {
            "id": DELIVERY_ID | {"description": "The `webhook-id` of the post."},
            "state": {"const": "dead"},
            "call_id": INTEGER | {"minimum": 1},
            "campaign_id": ID,
            "tries": COUNT,
            "last_status": {"type": ["integer", "null"], "description": "The HTTP status your server answered last."},
            "last_error": {"type": ["string", "null"], "description": "What went wrong when there was no answer."},
            "finished_at": {"type": ["string", "null"], "format": "date-time"},
        }
    ),
    "Deed": exactly(
        {
            "id": ID,
            "at": {"type": "string", "format": "date-time"},
            "actor": {"enum": ["token", "operator"], "description": "A program of yours, or whoever runs this house."},
            "token_id": {
                "type": ["string", "null"],
                "description": "The part of the token after `pl_`, its secret not.",
            },
            "operation": TEXT | {"description": "A method and path of this document, or an operator's command."},
            "resource_kind": {"enum": ["schedule", "profile", "campaign", "delivery", "sandbox", None]},
            "resource_id": {"type": ["integer", "null"], "minimum": 1},
            "quantity": {
                "type": ["integer", "null"],
                "minimum": 0,
                "description": "Numbers added, or results replayed.",
            },
            "request_id": {"type": ["string", "null"], "description": "The `X-Request-ID` of its answer."},
            "status": {"enum": [0, 200], "description": "The HTTP status of its answer; 0 for an operator's command."},
        }
    ),
    "Event": exactly(
        {
            "specversion": {"const": "1.0"},
            "type": TEXT | {"pattern": r"^[a-z]+\.[a-z]+\.v[1-9][0-9]*$"},
            "source": TEXT | {"pattern": "^urn:paceline:account:[1-9][0-9]*$"},
            "id": TEXT | {"pattern": "^[1-9][0-9]*$", "description": "Its number in the account, without a gap."},
            "time": {"type": "string", "format": "date-time"},
            "subject": TEXT | {"pattern": "^campaign/[1-9][0-9]*(/call/[1-9][0-9]*)?$"},
            "sequence": TEXT | {"pattern": "^[0-9]{19}$", "description": "The number, to be compared as text."},
            "partitionkey": TEXT | {"pattern": "^[1-9][0-9]*$", "description": "The campaign's id."},
            "traceparent": TEXT | {"description": "Of the request that brought it about, when it had one."},
            "datacontenttype": {"const": "application/json"},
            "data": {"type": "object", "description": "What `GET /asyncapi.json` says of its type."},
        },
        optional=("traceparent",),
    ),
    "Events": listed("Event"),
    "Sandbox": exactly(_SANDBOX),
    "SandboxSet": done(exactly(_SANDBOX)),
    "Deeds": listed("Deed"),
    "Rehearsal": exactly(
        {
            "happenings": {
                "type": "array",
                "items": _HAPPENING,
                "description": "What happens, in its order; 2,001 at the most, and 1 MiB.",
            },
            "waits": {"type": "boolean", "description": "Whether a question waits for an answer."},
            "cut": {"type": "boolean", "description": "Whether so much happens that only its begin and end are told."},
        }
    ),
    "Faults": exactly(
        {
            "faults": {"type": "array", "items": exactly(_FAULT)},
            "runs": {"type": "boolean", "description": "Whether it would be run all the same."},
        }
    ),
    "CampaignInProgress": exactly(_CAMPAIGN | {"progress": _PROGRESS}),
    "Course": {"type": "array", "items": exactly({"at": INSTANT, "finished": INTEGER} | _ENDED)},
    "Forecast": exactly(_FORECAST),
    "Call": exactly(_CALL),
    "Calls": listed("Call"),
    "CallInFull": exactly(_CALL | _CALL_IN_FULL),
    "Schedules": listed("Schedule"),
    "Profiles": listed("Profile"),
    "Campaigns": listed("Campaign"),
    "Deliveries": listed("Delivery"),
    "Named": done(exactly({"id": ID, "nickname": NICKNAME})),
    "Done": done(exactly({"id": ID})),
    "Created": done(exactly(_IMPORT, optional=("added", "invalid", "errors"), dependentRequired=_TOGETHER)),
    "Added": done(exactly(_IMPORT, optional=("invalid", "errors"), dependentRequired=_TOGETHER)),
    "Replayed": done(exactly({"dead_letters": COUNT | {"description": "How many are posted again."}})),
}


# Each status with the kinds of problems behind it; the first is the one without a name of its own.
_KINDS = {
    400: (title_of(400),),
    401: (title_of(401),),
    403: ("insufficient-scope",),
    404: ("not-found",),
    408: (title_of(408),),
    409: ("in-progress", "in-use", "duplicate-nickname", "campaign-ended", "queue-full"),
    413: (title_of(413),),
    415: (title_of(415),),
    422: (title_of(422), "key-reused"),
    429: (title_of(429),),
    503: (title_of(503),),
}


def _problem(status: int, kinds: tuple[str, ...], errors: Schema, **more: Schema) -> Schema:
    properties = {
        "type": {"enum": [type_of(kind) for kind in kinds], "description": "The kind of problem, for programs."},
        "title": {"const": title_of(status)},
        "status": {"const": status},
        "detail": TEXT | {"description": "What was wrong and what to do, for people."},
        "errors": {"type": "array", "items": errors, "maxItems": ERRORS_SHOWN},
        "request_id": TEXT | {"pattern": r"^[A-Za-z0-9._\-]{1,64}$"},
    }
    return exactly(properties | more)


PROBLEMS: dict[str, Schema] = {
    f"Problem{status}": _problem(status, kinds, _BAD_FIELD) for status, kinds in _KINDS.items()
}
PROBLEMS["Problem410"] = _problem(
    410,
    ("calls-dropped",),
    _BAD_FIELD,
    calls=COUNT | {"description": "How many numbers the campaign had."},
    outcomes={"type": "object", "propertyNames": {"enum": list(Disposition)}, "additionalProperties": COUNT},
    delivered=COUNT | {"description": "Results that your server took."},
    dead_letters=COUNT | {"description": "Results that it did not take."},
)
PROBLEMS["BadLines"] = _problem(
    422, ("bad-lines",), _BAD_LINE, invalid=INTEGER | {"minimum": 1, "description": "How many lines are bad."}
)
