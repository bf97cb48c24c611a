"""The post to result_url: its bytes, its id, and when it is tried again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urlencode

from shared.domain.call_id import to_call_id
from shared.domain.call_state import CalleeType, Disposition, result_of

CONTENT_TYPE = "application/x-www-form-urlencoded"

# What follows a try that failed. With the tries themselves: three days, then a dead letter.
#
#   try    1   2    3      4       5    6    7     8     9     10
#   after  0   5 s  5 min  30 min  2 h  5 h  10 h  14 h  20 h  24 h
LADDER: tuple[timedelta, ...] = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
_JITTER = 0.2  # a try comes up to this part of its rung later, so that an outage does not end in a stampede
_LONGEST_WISH = timedelta(hours=24)  # of a Retry-After


@dataclass(frozen=True, slots=True)
class Ended:
    """A recorded outcome with what its callback tells of the entry."""

    campaign_id: int
    seq: int
    version: int
    disposition: Disposition
    callee_type: CalleeType | None
    attempts: int
    dialed_at: datetime | None
    duration: int
    error: str | None
    # Not even a traceback shows these.
    phone: str = field(repr=False)
    message_reference: str | None = field(repr=False)
    application: str | None = field(repr=False)  # an ApplicationResult as JSON


@dataclass(frozen=True, slots=True)
class Reply:
    """How one try went: the HTTP status, or None and why there was none."""

    status: int | None
    error: str | None = None
    retry_after: str | None = None

    @property
    def accepted(self) -> bool:
        """Whether the tenant has it. A redirect is not followed and not taken for a yes."""
        return self.status is not None and HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def ails(self) -> bool:
        """Whether the host is in no state to take posts, this one or others."""
        return (
            self.status is None
            or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            or self.status == HTTPStatus.TOO_MANY_REQUESTS
        )


# What is noted of a try that was not made: the ladder goes on, and its last rung is always a real post.
RESTING = Reply(None, "not posted: its host failed the posts before")


def build_body(ended: Ended) -> bytes:
    """Return the form as it is stored, signed and posted: the same bytes at every try."""
    fields = {
        "phone_number": ended.phone,
        "message_reference": ended.message_reference or "",
        "call_id": str(to_call_id(ended.campaign_id, ended.seq)),
        "campaign_id": str(ended.campaign_id),
        "result": result_of(ended.disposition, ended.error),
        "disposition": str(ended.disposition),
        "callee_type": str(ended.callee_type or ""),
        "attempts": str(ended.attempts),
        "last_attempt_timestamp": str(int(ended.dialed_at.timestamp())) if ended.dialed_at else "",
        "duration": str(ended.duration),
        "error_message": ended.error or "",
        "application_result": ended.application or "",
    }
    return urlencode(fields).encode()


def is_last(tries: int) -> bool:
    """Whether the next try after `tries` tries is the last one."""
    return tries >= len(LADDER)


def next_try(now: datetime, tries: int, *, answer: Reply, jitter: float) -> datetime | None:
    """Return when to try again after `tries` tries, or None: never, it is a dead letter.

    `jitter` is a number in [0, 1). A Retry-After is honoured when it is later than the ladder's rung.
    """
    if answer.status == HTTPStatus.GONE or tries > len(LADDER):
        return None
    rung = LADDER[max(tries, 1) - 1] * (1 + _JITTER * jitter)
    return now + max(rung, min(_wish(answer.retry_after, now), _LONGEST_WISH))


def _wish(retry_after: str | None, now: datetime) -> timedelta:
    """Return the span a Retry-After asks for, in seconds or as a date; nonsense asks for nothing."""
    if retry_after is None:
        return timedelta()
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:12]), int(_LONGEST_WISH.total_seconds())))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return timedelta()
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
