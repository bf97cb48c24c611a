"""A letter: what one room tells another, under an explicit name with a version."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Letter(BaseModel):
    """A frozen message between rooms; `NAME` is its wire name and routing key (`noun.verb.vN`).

    Readers ignore unknown fields. A change that adds an optional field keeps the version; any other change
    is a new letter beside the old one.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    NAME: ClassVar[str]

    def encode(self) -> bytes:
        """Return the letter as JSON bytes, as it travels."""
        return self.model_dump_json().encode()
