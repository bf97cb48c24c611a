"""Counts what is answered, and times it: by the route's template, never by what a client wrote."""

from __future__ import annotations

import re

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import Counter, Histogram

from services.api.routes import ROUTES
from shared.clock import Clock
from shared.observability.metrics.api import REQUEST_SECONDS, REQUESTS, REQUESTS_IN_PROGRESS

_CLASSES = ("2xx", "4xx", "5xx")
_PATTERN = re.compile(r":[^}]+")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _Tally:
    """The series of one method on one route, looked up once."""

    def __init__(self, method: str, route: str) -> None:
        self._of = method, route
        self.seconds: Histogram = REQUEST_SECONDS.labels(method, route)
        self._answers: dict[str, Counter] = {each: REQUESTS.labels(method, route, each) for each in _CLASSES}

    def count(self, status: int) -> None:
        """Count one answer."""
        kind = f"{status // 100}xx"
        if kind not in self._answers:
            self._answers[kind] = REQUESTS.labels(*self._of, kind)
        self._answers[kind].inc()


def counting_middleware(clock: Clock) -> Middleware:
    """Return the middleware that counts every answer; it must be the outermost."""
    known = {(route.method, _PATTERN.sub("", route.path)) for route in ROUTES}
    tallies = {key: _Tally(*key) for key in known}  # with their zeros: the first failure of an operation is a rise

    def tally(request: web.Request) -> _Tally:
        resource = request.match_info.route.resource
        route = (resource.canonical.rstrip("/") or "/") if resource else "none"
        key = request.method if request.method in _METHODS else "other", route
        if key not in tallies:
            tallies[key] = _Tally(*key)
        return tallies[key]

    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        began = clock.monotonic()
        REQUESTS_IN_PROGRESS.inc()
        try:
            response = await handler(request)
        finally:
            REQUESTS_IN_PROGRESS.dec()
        found = tally(request)
        found.count(response.status)
        if isinstance(response, web.Response):  # how long a stream lasts says nothing of us
            found.seconds.observe(clock.monotonic() - began)
        return response

    return count
