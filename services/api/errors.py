"""Every refusal as application/problem+json (RFC 9457), made in one middleware."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from aiohttp import web
from aiohttp.hdrs import METH_ALL
from aiohttp.http_exceptions import LineTooLong
from aiohttp.typedefs import Handler, Middleware
from pydantic import ValidationError

from shared.clock import Clock
from shared.db.pool import TRANSIENT
from shared.domain.errors import DomainError
from shared.observability import tracing
from shared.observability.logging import log_unexpected
from shared.observability.metrics.api import REQUESTS
from shared.observability.subject import REQUEST_ID as REQUEST_ID_OF_LOGS
from shared.observability.subject import SUBJECT
from shared.observability.trace import TRACEPARENT, read_traceparent
from shared.observability.tracing import Span

log = structlog.get_logger()

REQUEST_ID = "X-Request-ID"
# The id that a request's answer, its log lines and its audit row have in common.
REQUEST = web.RequestKey("request", str)
# What is put there while a request is answered is in its answer's headers, whatever that is.
EXTRA_HEADERS = web.RequestKey("extra_headers", dict[str, str])
_ID = re.compile(r"[0-9]{1,18}\Z", re.ASCII)
_GOOD_ID = re.compile(r"[A-Za-z0-9._\-]{1,64}\Z", re.ASCII)
_LOCK_NOT_AVAILABLE = "55P03"
_ERRORS_SHOWN = 100
_NAME_SHOWN = 100
_CONFLICT = 409
_CLOSING = frozenset({408, 413})  # the rest of such a body is not waited for
# As RFC 9110 names them: Python's own words for these two are not the same in all its versions, and a type is for ever.
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
_WENT_WRONG = "Something went wrong here; the request_id tells us where."


class Problem(Exception):
    """A refusal with its HTTP status; `errors` name the field or the line."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        slug: str | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.slug = slug
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.extra = extra


def refuse_field(field: str, detail: str, *, status: int = 422) -> Problem:
    """Return the refusal of one field; a name that is no UTF-8, as a part of a form may have, is shown without it."""
    shown = field[:_NAME_SHOWN].encode("utf-8", "replace").decode()
    return Problem(status, "The request has a bad parameter.", errors=[{"field": shown, "detail": detail}])


def malformed(why: str) -> Problem:
    """Return the refusal of a body that cannot be read."""
    return Problem(400, f"The request cannot be read: {why}.", errors=[{"field": "body", "detail": why}])


def not_found(kind: str = "resource") -> Problem:
    """Return the one answer to ids that do not exist and to those of other accounts."""
    return Problem(404, f"There is no such {kind}.", slug="not-found")


# pydantic's sentences are for programmers; these are for whoever wrote the request.
_IN_OUR_WORDS = {
    "extra_forbidden": "is not a parameter of this request",
    "missing": "is required",
    "model_type": 'must be an object such as {"profile": "MorningPace", "start_time": "08:00", "end_time": "11:00"}',
    "list_type": "must be a list",
    "string_type": "must be a text",
}


def from_validation(error: ValidationError) -> Problem:
    """Return the refusal of a request whose fields do not fit their schema; no value is repeated."""
    found = error.errors(include_url=False, include_input=False)
    errors = [
        {
            "field": ".".join(str(step) for step in one["loc"])[:_NAME_SHOWN] or "body",
            "detail": _in_our_words(one["type"], one["msg"], one.get("ctx", {})),
        }
        for one in found[:_ERRORS_SHOWN]
    ]
    return Problem(422, "The request has a bad parameter.", errors=errors)


def _in_our_words(kind: str, message: str, context: Mapping[str, Any]) -> str:
    if kind == "enum":
        return f"must be {context['expected']}"
    return _IN_OUR_WORDS.get(kind) or message.removeprefix("Value error, ")


def error_middleware(clock: Clock) -> Middleware:
    """Return the middleware that answers with problems and writes one log line for each request."""

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        began = clock.monotonic()
        given = request.headers.get(REQUEST_ID, "")
        request_id = given if _GOOD_ID.match(given) else secrets.token_hex(16)
        request[REQUEST] = request_id
        REQUEST_ID_OF_LOGS.set(request_id)
        SUBJECT.set(_campaign_in_path(request))
        resource = request.match_info.route.resource
        route = resource.canonical if resource else None
        with _begin_span(request, route) as span:
            try:
                response = await handler(request)
            except Exception as error:  # noqa: BLE001 (the one place that turns any error into an answer)
                response = _render(_to_problem(error), request_id)
            span.answered(response.status, failed=response.status >= HTTPStatus.INTERNAL_SERVER_ERROR)
            if subject := SUBJECT.get():
                span.note({"paceline.campaign_id": subject[0]})
        response.headers.update(request.get(EXTRA_HEADERS, {}))
        response.headers[REQUEST_ID] = request_id
        seconds = round(clock.monotonic() - began, 4)
        log.info("http.answered", method=request.method, route=route, status=response.status, seconds=seconds)
        return response

    return answer


def _begin_span(request: web.Request, route: str | None) -> Span:
    """Begin the request's span, and have all that it brings about belong to it."""
    given = read_traceparent(request.headers.get("traceparent"))
    method = request.method if request.method in METH_ALL else "_OTHER"  # as OpenTelemetry calls what may be any word
    attributes = {"http.request.method": method} | ({"http.route": route} if route else {})
    span = tracing.begin_request(f"{method} {route or ''}".rstrip(), given, attributes=attributes)
    TRACEPARENT.set(span.traceparent or given)
    return span


def _campaign_in_path(request: web.Request) -> tuple[int, None] | None:
    resource, written = request.match_info.route.resource, request.match_info.get("id", "")
    if resource is None or not resource.canonical.startswith("/api/campaigns/{id}") or not _ID.match(written):
        return None
    return int(written), None


def answer_unreadable(status: int, error: BaseException | None) -> web.Response:
    """Return the answer to a request whose head could not be read: it comes to no handler and no middleware."""
    if isinstance(error, LineTooLong):
        problem = malformed("its first line or one of its headers is too long; send long parameters in the body")
    elif status == HTTPStatus.BAD_REQUEST:
        problem = malformed("its first line or one of its headers is not HTTP/1.1")
    else:
        problem = Problem(status, _WENT_WRONG)
    request_id = secrets.token_hex(16)
    # Its own words repeat what was sent: tokens, numbers.
    REQUESTS.labels("other", "none", f"{status // 100}xx").inc()
    log.info("http.unreadable", error=type(error).__name__, status=status, request_id=request_id)
    response = _render(problem, request_id)
    response.headers[REQUEST_ID] = request_id
    return response


def _to_problem(error: Exception) -> Problem:
    """Return the problem an exception means; what nobody expected is logged and hidden."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, ValidationError):
        return from_validation(error)
    if isinstance(error, DomainError):
        return Problem(_CONFLICT, str(error), slug=error.slug)
    if isinstance(error, web.HTTPException):
        return _from_http(error)
    if isinstance(error, TRANSIENT) or getattr(error, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
        log.warning("http.database_away", error=type(error).__name__)
        return Problem(503, "The database cannot be reached now; try again.", headers={"Retry-After": "5"})
    log_unexpected(log, "http.failed", error)
    return Problem(500, _WENT_WRONG)


def _from_http(error: web.HTTPException) -> Problem:
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    details = {
        404: "There is no such resource.",
        405: f"This method is not allowed here, only {headers.get('Allow', 'others')}.",
        413: "The request is too large.",
    }
    slug = "not-found" if error.status == HTTPStatus.NOT_FOUND else None
    return Problem(error.status, details.get(error.status, error.reason), slug=slug, headers=headers)


def title_of(status: int) -> str:
    """Return what every problem with this status is called."""
    return _TITLES.get(status) or HTTPStatus(status).phrase


def type_of(slug: str) -> str:
    """Return a kind of problem as a URI."""
    return f"urn:paceline:problem:{slug.lower().replace(' ', '-')}"


def _render(problem: Problem, request_id: str) -> web.Response:
    response = web.Response(
        status=problem.status,
        body=orjson.dumps(to_body(problem, request_id)),
        content_type="application/problem+json",
        headers=problem.headers,
    )
    if problem.status in _CLOSING:
        response.force_close()
    return response


def to_body(problem: Problem, request_id: str) -> dict[str, Any]:
    """Return what RFC 9457 has said of a problem."""
    title = title_of(problem.status)
    return {
        "type": type_of(problem.slug or title),
        "title": title,
        "status": problem.status,
        "detail": problem.detail,
        "errors": problem.errors,
        "request_id": request_id,
        **problem.extra,
    }
