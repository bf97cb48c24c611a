"""Letters that nobody should send, made of good ones by a seed."""

from __future__ import annotations

import json
from datetime import timedelta
from random import Random
from typing import Any

from shared.contracts.calls import CallsEnded, CallsExpired, CallsOrphaned, Outcome, PlaceCalls, Slot
from shared.contracts.campaigns import CallsAdded, CampaignChanged, CampaignStarted, CampaignStopped
from shared.contracts.deliveries import ReplayDeliveries
from shared.contracts.envelope import Letter
from shared.domain.call_state import Disposition
from tests.support.jobs import make_job

ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1.5,
    2**31,
    2**63,
    10**4000,
    float("nan"),
    float("inf"),
    "",
    "x" * 5000,
    "\x00",
    "\ud800",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2022-01-03T08:00:00",
    [],
    {},
    [[[[[[]]]]]],
)
RAW = (
    b"",
    b"null",
    b"[]",
    b"{",
    b"\xff\xfe\x00",
    b'{"campaign_id"',
    b"[" * 5000,
    b"\x00" * 50,
    b"<jobs/>",
    b"1e999999",
)


def good_letters(campaign: int, *, at) -> list[Letter]:
    """Return one of each kind, about things that are not there."""
    job = make_job(campaign, 900_000, at=at)
    slot = Slot(campaign_id=campaign, period_no=900, slot_no=900)
    outcome = Outcome(**slot.model_dump(), seq=900_000, disposition=Disposition.BUSY, dialed_at=at, ended_at=at)
    return [
        CampaignStarted(campaign_id=campaign),
        CampaignStopped(campaign_id=campaign),
        CampaignChanged(campaign_id=campaign),
        CallsAdded(campaign_id=campaign, added=5),
        PlaceCalls(jobs=(job, make_job(campaign + 1000, 1, at=at - timedelta(days=1)))),
        CallsOrphaned(attempts=(slot,)),
        CallsEnded(outcomes=(outcome,)),
        CallsExpired(campaign_id=campaign, seqs=(900_000,), expired_at=at, reason="over"),
        ReplayDeliveries(account_id=900_000, campaign_id=campaign, asked_at=at),
    ]


def mutated(letter: Letter, draw: Random) -> bytes:
    """Return the bytes of a letter with something wrong about them, or nothing wrong after all."""
    body = letter.encode()
    match draw.randrange(6):
        case 0:
            return draw.choice(RAW)
        case 1:
            return body[: draw.randrange(len(body))]
        case 2:
            at = draw.randrange(len(body))
            return body[:at] + bytes([draw.randrange(256)]) + body[at + 1 :]
        case _:
            content = json.loads(body)
            _spoil(content, draw)
            return json.dumps(content).encode()


def _spoil(content: Any, draw: Random) -> None:
    """Put something odd somewhere into it, or leave something out."""
    places = [content, *_inner(content)]
    place = draw.choice([p for p in places if p] or [{"": 0}])
    key = draw.choice(list(place) if isinstance(place, dict) else range(len(place)))
    if draw.random() < 0.2:
        del place[key]
    else:
        place[key] = draw.choice(ODD)


def _inner(content: Any) -> list[Any]:
    values = list(content.values()) if isinstance(content, dict) else list(content)
    inside = [value for value in values if isinstance(value, dict | list)]
    return inside + [deeper for value in inside for deeper in _inner(value)]
