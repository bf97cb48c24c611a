"""Requests to one house: what a moment's wait may mend is sent again, and what stays a refusal is raised."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

import aiohttp
from yarl import URL

from paceline.errors import NotReached, PacelineError, read_refusal
from paceline.numbers import Form
from paceline.retries import IN_PROGRESS, Patience, passes, read_retry_after

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
IDEMPOTENCY_KEY = "Idempotency-Key"
LONG_SILENCE = 600.0  # a list of a million numbers is read through before it is answered
_BROKEN = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError, ConnectionError)


class Transport:
    """A session with a house. Its token is in the session's headers, and in no text of ours."""

    def __init__(self, url: str, token: str, *, patience: Patience, connect: float, silence: float) -> None:
        self.url = read_house(url)
        self._patience = patience
        self._connect = connect
        self._silence = silence
        if not token.isascii() or not token.isprintable() or not token.strip():
            raise PacelineError("The token must be as `token create` showed it: pl_, letters and digits.")
        self._headers = {"Authorization": f"Bearer {token.strip()}", "User-Agent": "paceline"}
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Be ready to ask."""
        self._session = aiohttp.ClientSession(headers=self._headers)

    async def close(self) -> None:
        """Close all connections."""
        session, self._session = self._session, None
        if session:
            await session.close()

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        json: Any = None,
        form: Form | None = None,
        key: str | None = None,
    ) -> tuple[Any, Mapping[str, str]]:
        """Send a request until it is answered; returns the answer's JSON and its headers.

        Raises:
            Refused: the house says no.
            NotReached: it was not to be reached.
        """
        silence = LONG_SILENCE if form else None
        answering = self.stream(method, path, query=query, json=json, form=form, key=key, silence=silence, whole=True)
        async with answering as answer:
            return await _read_json(answer), answer.headers

    @contextlib.asynccontextmanager
    async def stream(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        json: Any = None,
        form: Form | None = None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        silence: float | None = None,
        whole: bool = False,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request until it is answered, and hold the answer while its body is read.

        `silence` is how many seconds may pass without a byte of it; an answer that is wanted as a whole is asked
        for again when it breaks off.

        Raises:
            Refused: the house says no.
            NotReached: it was not to be reached.
        """
        if self._session is None:
            raise PacelineError("The client is not open: use it as `async with Client(...) as house:`.")
        sent = dict(headers or {}) | (form.headers if form else {})
        if method in WRITES:
            sent[IDEMPOTENCY_KEY] = key or str(uuid.uuid4())
        url = self.url.join(URL(path, encoded=True)) if query is None else self.url.join(URL(path)).with_query(query)

        session = self._session
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._connect, sock_read=silence or self._silence)

        async def send() -> aiohttp.ClientResponse:
            body = form.pieces() if form else None
            answer = await session.request(
                method, url, headers=sent, json=json, data=body, timeout=timeout, allow_redirects=False
            )
            if whole or answer.status != HTTPStatus.OK:
                await answer.read()
            return answer

        answer = await self._until_answered(send)
        try:
            if answer.status != HTTPStatus.OK:
                raise await read_refusal(answer)
            yield answer
        finally:
            answer.release() if answer.content.at_eof() else answer.close()

    async def _until_answered(self, send: Callable[[], Awaitable[aiohttp.ClientResponse]]) -> aiohttp.ClientResponse:
        tried, began = 0, monotonic()
        while True:
            tried += 1
            answer: aiohttp.ClientResponse | None = None
            failure: Exception | None = None
            try:
                answer = await send()
                asked, kind = read_retry_after(answer.headers.get("Retry-After")), await _read_kind(answer)
                if not passes(answer.status, kind):
                    return answer
                if kind == IN_PROGRESS and monotonic() - began < LONG_SILENCE:
                    tried -= 1  # the house is at it: a list that another connection brought takes its time
            except _BROKEN as error:
                failure, asked = error, None
            never = isinstance(failure, aiohttp.ClientConnectorCertificateError)  # it will not be better in a moment
            wait = None if never else self._patience.wait(tried, chance=random.random(), retry_after=asked)  # noqa: S311 (spreads clients)
            if wait is None:
                return self._give_up(answer, failure, tried)
            if answer is not None:
                answer.close()
            await pause(wait)

    def _give_up(
        self, answer: aiohttp.ClientResponse | None, failure: Exception | None, tried: int
    ) -> aiohttp.ClientResponse:
        if answer is not None:
            return answer
        times = "" if tried == 1 else f" in {tried} tries"
        why = f"{failure.strerror}" if isinstance(failure, OSError) and failure.strerror else type(failure).__name__
        raise NotReached(f"{self.url.origin()} was not reached{times}: {why}.") from failure


async def pause(seconds: float) -> None:
    """Wait real seconds: on a tenant's machine there is no other clock."""
    await asyncio.sleep(seconds)


def monotonic() -> float:
    """Return the seconds of a clock that only goes forward."""
    return time.monotonic()


def read_house(url: str) -> URL:
    """Return the address of a house, which its requests' paths are put behind.

    Raises:
        PacelineError: it is none.
    """
    try:
        house = URL(url.strip())
        good = house.scheme in ("http", "https") and bool(house.host) and not house.user
    except ValueError:
        good, house = False, URL()
    if not good:
        raise PacelineError("The house's address must be an http or https URL, such as http://127.0.0.1:8080.")
    return house.with_query(None).with_fragment(None).with_path(house.path.removesuffix("/api/").rstrip("/") + "/")


async def _read_kind(answer: aiohttp.ClientResponse) -> str:
    """Return which kind of conflict an answer tells of; others need no look at their body."""
    return (await read_refusal(answer)).kind if answer.status == HTTPStatus.CONFLICT else ""


async def _read_json(answer: aiohttp.ClientResponse) -> Any:
    try:
        return await answer.json(content_type=None)
    except ValueError as error:
        raise NotReached(f"{answer.url.origin()} does not answer as Paceline does: is it the right address?") from error
