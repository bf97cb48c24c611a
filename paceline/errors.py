"""What can go wrong: the house refuses, or it is not reached. Neither tells a token or a number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import aiohttp


class PacelineError(Exception):
    """What this library raises; its text is a sentence for people."""


class NotReached(PacelineError):
    """The house did not answer, or not to the end, however often it was asked."""


class NotUnderstood(PacelineError):
    """The answer is not what this version knows: the house is older or newer, or it is none."""


class WebhookRefused(PacelineError):
    """A post that does not prove to be the house's: answer 400, and do nothing of what it says."""


class Fault(NamedTuple):
    """One thing that is wrong with a request: a field, or a line of a list."""

    where: str
    detail: str

    def __str__(self) -> str:
        return f"{self.where}: {self.detail}"


class Refused(PacelineError):
    """The house's answer says no; `detail` says why, `faults` where."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = problem
        self.kind = str(problem.get("type", "")).rpartition(":")[2]
        self.detail = str(problem.get("detail") or f"The answer was {status}.")
        self.faults = tuple(to_fault(each) for each in problem.get("errors", ()) if isinstance(each, Mapping))
        self.request_id = problem.get("request_id")
        super().__init__("\n".join([self.detail, *(f"  {fault}" for fault in self.faults)]))


class Malformed(Refused):
    """400, 408, 413, 415: the request could not be read."""


class Unauthorized(Refused):
    """401: the token is not valid, or no longer."""


class Forbidden(Refused):
    """403: the token lacks a scope."""


class NotFound(Refused):
    """404: there is no such thing in your account."""


class Conflict(Refused):
    """409: what is there forbids it: something is in use, or over, or has the same name."""


class Gone(Refused):
    """410: the calls are kept no more; `problem` tells their totals."""


class Invalid(Refused):
    """422: a field does not fit."""


class BadLines(Invalid):
    """422: lines of a list are bad, and nothing of it was stored; `faults` are the first of them."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(status, problem)
        self.invalid = int(problem.get("invalid", len(self.faults)))


class TooMany(Refused):
    """429: more requests than your account may send, and waiting for its turn was not enough."""


class Failed(Refused):
    """5xx: something is wrong in the house; `request_id` tells its operator where."""


_BY_STATUS: dict[int, type[Refused]] = {
    400: Malformed,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    408: Malformed,
    409: Conflict,
    410: Gone,
    413: Malformed,
    415: Malformed,
    422: Invalid,
    429: TooMany,
}
_SERVERS_FAULT = 500


def to_fault(error: Mapping[str, Any]) -> Fault:
    """Return what a problem's `errors` say of a field or a line."""
    where = f"line {error['line']}" if "line" in error else str(error.get("field", "request"))
    return Fault(where, str(error.get("detail", "")))


def to_refusal(status: int, problem: Mapping[str, Any]) -> Refused:
    """Return the exception that an answer means."""
    if str(problem.get("type", "")).endswith(":bad-lines"):
        return BadLines(status, problem)
    fallback = Failed if status >= _SERVERS_FAULT else Refused
    return _BY_STATUS.get(status, fallback)(status, problem)


async def read_refusal(answer: aiohttp.ClientResponse) -> Refused:
    """Return what an answer that is no success means; what is not the house's own is told by its status."""
    try:
        problem = await answer.json(content_type=None)
    except (ValueError, aiohttp.ClientError):
        problem = None
    if not isinstance(problem, Mapping) or "detail" not in problem:
        said = f"{answer.url.origin()} answered {answer.status} {answer.reason}, and not as Paceline does."
        problem = {"detail": said}
    return to_refusal(answer.status, problem)
