"""Rows of the feed as CloudEvents 1.0: pure, and the same bytes whenever the same row is told again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from shared.contracts.public_events import PUBLIC_EVENTS, CallEvent, PublicEvent
from shared.domain.call_id import to_call_id

DATA_TYPE = "application/json"
EVENT_TYPE = "application/cloudevents+json"
# CloudEvents has a sequence ordered as text; a number of an account has no more digits than this.
_DIGITS = 19
_BY_NAME: Mapping[str, type[PublicEvent]] = {event.NAME: event for event in PUBLIC_EVENTS}


@dataclass(frozen=True, slots=True)
class Told:
    """What one transaction told of one campaign: one event, or one for each of some of its calls.

    `details` is JSON: for calls, each of its values is a list with a value for each call, or one value for all.
    """

    account_id: int
    campaign_id: int
    name: str
    at: datetime
    first_no: int
    seqs: list[int] | None
    details: str | None
    traceparent: str | None = None

    @property
    def last_no(self) -> int:
        """The number of its last event."""
        return self.first_no + (1 if self.seqs is None else len(self.seqs)) - 1


@dataclass(frozen=True, slots=True)
class Event:
    """One event, with its number in the account's feed: 1, 2, 3 and so on, none left out."""

    no: int
    told: Told
    data: Mapping[str, Any]

    @property
    def attributes(self) -> dict[str, str]:
        """Its context attributes; `source` and `id` together are the key to know it by when it comes again."""
        told = self.told
        subject = f"campaign/{told.campaign_id}"
        said = {
            "specversion": "1.0",
            "type": told.name,
            "source": source_of(told.account_id),
            "id": str(self.no),
            "time": told.at.isoformat(),
            "subject": f"{subject}/call/{self.data['call_id']}" if told.seqs else subject,
            "sequence": f"{self.no:0{_DIGITS}}",
            "partitionkey": str(told.campaign_id),
        }
        return said | ({"traceparent": told.traceparent} if told.traceparent else {})

    @property
    def structured(self) -> dict[str, Any]:
        """The whole event as CloudEvents' JSON format has it."""
        return {**self.attributes, "datacontenttype": DATA_TYPE, "data": self.data}

    @property
    def headers(self) -> dict[str, str]:
        """Its attributes as the RabbitMQ binding's binary mode has them."""
        return {f"ce-{name}": value for name, value in self.attributes.items()}

    @property
    def body(self) -> bytes:
        """Its data as bytes."""
        return orjson.dumps(self.data)


def source_of(account_id: int) -> str:
    """Return what an account's events come from."""
    return f"urn:paceline:account:{account_id}"


def events_of(told: Told, *, after: int = 0) -> Iterator[Event]:
    """Return the events of a row in their order, those with a higher number than `after`."""
    details: dict[str, Any] = orjson.loads(told.details) if told.details else {}
    campaign_id = told.campaign_id
    if told.seqs is None:
        if told.first_no > after:
            yield Event(told.first_no, told, {"campaign_id": campaign_id, **details})
        return
    # An event that is not known here is a newer house's, while both run: it is told as it was written.
    kind = _BY_NAME.get(told.name, CallEvent)
    assert issubclass(kind, CallEvent)
    for index in range(max(0, after + 1 - told.first_no), len(told.seqs)):
        seq = told.seqs[index]
        own = {name: value[index] if isinstance(value, list) else value for name, value in details.items()}
        data = {"campaign_id": campaign_id, "call_id": to_call_id(campaign_id, seq)}
        yield Event(told.first_no + index, told, {**data, **kind.derived(campaign_id, seq, own), **own})
