"""What the application at start_url did on a call: told by the dialer, kept with the outcome, posted to the tenant."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, WithJsonSchema

from shared.contracts.envelope import Sentence

MAX_VALUE = 4096  # characters of JSON
MAX_DEPTH = 16
MAX_INPUTS = 100
MAX_KEYS = 64  # of one input
MAX_ADDRESS = 1024
MAX_EVENT = 200


def is_storable(value: JsonValue) -> bool:
    """Return whether a value can be kept: not too long, not too deep, and of characters that the ledger can hold."""
    return value is None or (_depth(value) <= MAX_DEPTH and _length(value) <= MAX_VALUE)


def _depth(value: Any) -> int:
    """Return how deep lists and objects are nested, without going deeper than is allowed by much."""
    depth, layer = 0, [value]
    while layer and depth <= MAX_DEPTH:
        depth += 1
        layer = [
            each
            for one in layer
            if isinstance(one, (list, dict))
            for each in (one.values() if isinstance(one, dict) else one)
        ]
    return depth


def _length(value: JsonValue) -> float:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode()
    except ValueError:  # half a character pair, or no number that JSON knows
        return float("inf")
    return float("inf") if "\\u0000" in text else len(text)


def _checked(value: JsonValue) -> JsonValue:
    if not is_storable(value):
        raise ValueError("the value is too long, too deep, or holds characters that cannot be kept")
    return value


class ApplicationResult(BaseModel):
    """What the application did: how it ended, and what it gave and heard until then."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    ended: Literal["exit", "disconnect", "hangup", "error", "limit"] = Field(
        description="`exit`: by itself; `disconnect`: it hung up; `hangup`: the callee did; `error`: by an event that "
        "nothing in it caught; `limit`: by a limit on what one call may take."
    )
    value: Annotated[JsonValue, AfterValidator(_checked), WithJsonSchema({})] = Field(
        None, description="What it gave to `exit` or `disconnect`: a value, or an object of its namelist."
    )
    event: Annotated[Sentence, Field(max_length=MAX_EVENT)] | None = Field(
        None, description="The event that ended it, as `error.badfetch.http.404`."
    )
    document: Annotated[Sentence, Field(max_length=MAX_ADDRESS)] | None = Field(
        None, description="The address of the last document it was in, without its query."
    )
    digits: tuple[Annotated[str, Field(pattern="^[0-9*#A-D]*$", max_length=MAX_KEYS)] | None, ...] = Field(
        (),
        max_length=MAX_INPUTS,
        description="What was keyed in, input by input; null for what it keeps private.",
    )
    cut: bool = Field(False, description="Whether something is left out because it was too long to keep.")
