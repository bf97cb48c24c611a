"""What applications fetch: over the client for tenants' addresses, with a cache that all calls of a dialer share."""

from __future__ import annotations

from collections import ChainMap, OrderedDict
from collections.abc import Mapping, MutableMapping
from functools import partial
from http import HTTPStatus
from types import MappingProxyType
from typing import cast

from aiohttp import FormData

from services.dialer.freshness import Kept, kept, says_how_long
from services.dialer.vxml.ports import FetchFailed, FetchRequest, FetchResponse
from shared.clock import Clock
from shared.observability import tracing
from shared.observability.trace import TRACEPARENT
from shared.observability.tracing import CLIENT, Span
from shared.runtime.outbound import Answer, Limits, Outbound, TimedOut, Unreachable, with_query

LIMITS = Limits(connect_seconds=3, total_seconds=8, max_bytes=1 << 20, redirects=2)
_CACHE_BYTES = 32 << 20
_CALL_BYTES = 20 << 20  # that one call may fetch
_PER_ENTRY = 1024  # bytes that an entry takes beside what came
_NOTHING: Mapping[str, str] = MappingProxyType({})
_NOT_THIS_METHOD = frozenset({HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})


class Cache:
    """Answers by address, the least recently used ones forgotten first. No request carries anything of a tenant's."""

    def __init__(self, max_bytes: int = _CACHE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    def find(self, url: str) -> Kept | None:
        """Return what is kept for an address."""
        if url in self._kept:
            self._kept.move_to_end(url)
        return self._kept.get(url)

    def keep(self, url: str, found: Kept) -> None:
        """Keep an answer in the place of the one before it."""
        self.forget(url)
        self._kept[url] = found
        self._bytes += _size(url, found)
        while self._bytes > self._max_bytes:
            self.forget(next(iter(self._kept)))

    def forget(self, url: str) -> None:
        """Keep nothing for an address."""
        if (gone := self._kept.pop(url, None)) is not None:
            self._bytes -= _size(url, gone)


def _size(url: str, kept: Kept) -> int:
    """Return the bytes that an answer takes; its address and headers may be longer than its body."""
    texts = (url, kept.url, kept.content_type, kept.etag or "", kept.last_modified or "")
    return len(kept.body) + 2 * sum(map(len, texts)) + _PER_ENTRY


class CallFetcher:
    """Fetches for one call; the port services.dialer.vxml.ports.Fetcher. What is fetched has a limit for each call.

    The first thing it fetches is start_url: `start_seconds` is how long that took, real seconds.
    """

    def __init__(self, outbound: Outbound, cache: Cache, clock: Clock) -> None:
        self.start_seconds: float | None = None
        self._outbound = outbound
        self._cache = cache
        self._clock = clock
        self._left = _CALL_BYTES

    async def fetch(self, request: FetchRequest) -> FetchResponse:
        """Return what is there, kept or fetched.

        Raises:
            FetchFailed: of kind `http.NNN`, `timeout`, or `unreachable`.
        """
        began = self._clock.monotonic()
        what = "start_url" if self.start_seconds is None else request.purpose
        try:
            response = await (self._get if request.method == "GET" else self._post)(request, what)
        except TimedOut as error:
            raise FetchFailed("timeout", error.reason) from None
        except Unreachable as error:
            raise FetchFailed("unreachable", error.reason) from None
        finally:
            if self.start_seconds is None:
                self.start_seconds = self._clock.monotonic() - began
        self._left -= len(response.body)
        if self._left < 0:
            raise FetchFailed("unreachable", f"the call has fetched more than {_CALL_BYTES >> 20} MB")
        return response

    async def _get(self, request: FetchRequest, what: str) -> FetchResponse:
        url = with_query(request.url, dict(request.fields)) if request.fields else request.url
        found = self._cache.find(url)
        if found and found.is_usable(self._clock.monotonic(), max_age=request.max_age, max_stale=request.max_stale):
            return _response(found)
        with _traced("GET", what) as span:
            headers = span.headers | (found.validators if found else {})
            answer = await self._outbound.get_form(url, {}, headers=headers, seconds=request.timeout)
            span.answered(answer.status, failed=answer.status >= HTTPStatus.BAD_REQUEST)
        now = self._clock.monotonic()
        if found and answer.status == HTTPStatus.NOT_MODIFIED:
            found = found.renewed(answer.headers, now)
            self._cache.keep(url, found)
            return _response(found)
        _check(answer, "GET")
        if answer.is_redirected:  # whom it led to says how long it lasts, and not whom it was asked of
            self._cache.forget(url)
            heed = None
        else:
            self._keep(url, answer, now)
            heed = None if says_how_long(answer.headers) else partial(self._keep, url, answer, now)
        return FetchResponse(answer.url, answer.status, answer.content_type, answer.body, heed)

    def _keep(self, url: str, answer: Answer, now: float, said: Mapping[str, str] = _NOTHING) -> None:
        """Keep an answer as long as its headers let, or as what it says in their place."""
        headers = ChainMap(cast("MutableMapping[str, str]", answer.headers), dict(said))
        if (found := kept(answer.status, headers, answer.body, answer.url, now=now)) is None:
            self._cache.forget(url)
        else:
            self._cache.keep(url, found)

    async def _post(self, request: FetchRequest, what: str) -> FetchResponse:
        """Post fields; what is kept of the address may have changed by it (RFC 9111 section 4.4)."""
        self._cache.forget(request.url)
        with _traced("POST", what) as span:
            if request.multipart:
                body, headers = await _parts(request)
                answer = await self._outbound.post(
                    request.url, body, headers=headers | span.headers, seconds=request.timeout
                )
            else:
                answer = await self._outbound.post_form(
                    request.url, dict(request.fields), headers=span.headers, seconds=request.timeout
                )
            span.answered(answer.status, failed=answer.status >= HTTPStatus.BAD_REQUEST)
        _check(answer, "POST")
        return FetchResponse(answer.url, answer.status, answer.content_type, answer.body)


def _traced(method: str, what: str) -> Span:
    attributes = {"http.request.method": method}
    return tracing.begin(f"{method} {what}", TRACEPARENT.get(), kind=CLIENT, attributes=attributes)


def _check(answer: Answer, method: str) -> None:
    if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        # A server of files takes no POST, which is how start_url is asked: whoever put it there shall see why.
        to = f" to a {method}" if answer.status in _NOT_THIS_METHOD else ""
        raise FetchFailed(f"http.{answer.status}", f"it answered with HTTP status {answer.status}{to}")


def _response(found: Kept) -> FetchResponse:
    return FetchResponse(found.url, HTTPStatus.OK, found.content_type, found.body)


async def _parts(request: FetchRequest) -> tuple[bytes, dict[str, str]]:
    """Return the fields as multipart/form-data; a recording is a file of its name (VoiceXML 2.0 section 2.3.6)."""
    form = FormData(default_to_multipart=True)
    for name, value in request.fields:
        if isinstance(value, bytes):
            form.add_field(name, value, filename=f"{name}.wav", content_type="audio/x-wav")
        else:
            form.add_field(name, value)
    payload = form()
    return await payload.as_bytes(), {"Content-Type": payload.headers["Content-Type"]}
