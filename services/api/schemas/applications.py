"""The parameters of trying out and checking applications."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from services.api.schemas.fields import Parameters, Url
from shared.domain.phone_entries import REFERENCE_LIMIT

_DIGITS_LIMIT = 2_000


class CheckWanted(Parameters):
    """Which document is checked: what is at an address, or what is sent."""

    url: Url = Field(description="Where the document is, or will be.", examples=["https://example.com/start.vxml"])
    document: str | None = Field(
        None,
        description="The document itself: what is at `url` is not asked for, and its references are relative to that.",
    )


class PlayWanted(CheckWanted):
    """Which application is tried out, and on whom."""

    digits: Annotated[str, Field(max_length=_DIGITS_LIMIT)] = Field(
        "",
        description="What the callee does at each question, separated by commas: keys, words in quotation marks, `-` "
        "for silence, `hangup`. After them, the first question that is asked ends the try-out.",
        examples=['1,1234#,-,"yes please",hangup'],
    )
    callee: Literal["person", "machine", "fax"] = Field("person", description="Who answers.")
    message_reference: Annotated[str, Field(max_length=REFERENCE_LIMIT)] = Field(
        "", description="What the application is told that the call is about.", examples=["order 4711"]
    )
