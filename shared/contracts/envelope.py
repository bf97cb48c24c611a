"""A letter: what one room tells another, under an explicit name with a version."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, WithJsonSchema

# What a letter may hold is what the ledger can: a number beyond its column would fail in the midst of the work, and
# again at every delivery. The bounds are no news to a sender, so the schemas do not name them.
Big = Annotated[int, Field(ge=0, le=2**63 - 1), WithJsonSchema({"type": "integer"})]
Small = Annotated[int, Field(ge=0, le=2**31 - 1), WithJsonSchema({"type": "integer"})]
Instant = Annotated[
    AwareDatetime,
    Field(ge=datetime(1970, 1, 1, tzinfo=UTC), lt=datetime(9000, 1, 1, tzinfo=UTC)),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Sentence = Annotated[str, Field(pattern="^[^\\x00]*$"), WithJsonSchema({"type": "string"})]


class Letter(BaseModel):
    """A frozen message between rooms; `NAME` is its wire name and routing key (`noun.verb.vN`).

    Readers ignore unknown fields. A change that adds an optional field keeps the version; any other change
    is a new letter beside the old one.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    NAME: ClassVar[str]

    traceparent: str | None = Field(
        None, description="What brought it about, as W3C Trace Context has it; absent when nobody traces that."
    )

    def encode(self) -> bytes:
        """Return the letter as JSON bytes, as it travels: a reader knows what is left out."""
        return self.model_dump_json(exclude_defaults=True).encode()
