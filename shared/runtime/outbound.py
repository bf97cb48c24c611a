"""The one HTTP client for addresses that tenants gave us: small limits, few redirects, one kind of error."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeAlias
from urllib.parse import urlencode

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.connector import AddrInfoType
from yarl import URL

from shared.domain.egress import Egress

_FORM = "application/x-www-form-urlencoded"
Fields: TypeAlias = Mapping[str, str | bytes]
_NONE_MORE: Mapping[str, str] = {}
_USER_AGENT = "Paceline"
_HEADERS = 64  # of an answer, of 8 KiB each at the most
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Unreachable(Exception):
    """No answer could be had; the reason is a few words that repeat nothing of the address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TimedOut(Unreachable):
    """No answer came in time."""

    def __init__(self) -> None:
        super().__init__("no answer in time")


class _AddressRefused(Exception):
    """The address is not one we call."""


class _OutOfBounds(OSError):
    """A host's address is none that tenants may send us to."""

    def __init__(self) -> None:
        super().__init__("its host's address is private or reserved")


@dataclass(frozen=True, slots=True)
class Limits:
    """How patient one kind of request is. Times are real seconds."""

    connect_seconds: float
    total_seconds: float
    max_bytes: int
    redirects: int = 0
    # An answer whose body is not wanted is cut at max_bytes instead of refused.
    truncate: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer of any status, from where the redirects led; header names are of any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    is_redirected: bool = False

    @property
    def content_type(self) -> str:
        """The header as it came, with its charset."""
        return self.headers.get("Content-Type", "")

    @property
    def retry_after(self) -> str | None:
        """The header as it came."""
        return self.headers.get("Retry-After")


class Outbound:
    """A session with limits; use it as a context. Cookies are never kept, proxies never taken from outside."""

    def __init__(self, limits: Limits, egress: Egress, *, resolver: AbstractResolver | None = None) -> None:
        self._limits = limits
        self._egress = egress
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            # The factory sees the very address of each connect: whatever a name, a redirect or a second look into
            # the DNS came to, nothing stands between its judgement and the connection.
            connector=aiohttp.TCPConnector(
                limit=0, ttl_dns_cache=10, resolver=self._resolver, socket_factory=self._open_socket
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            # What is counted is what was sent: nothing here unpacks a few bytes into many.
            auto_decompress=False,
            max_headers=_HEADERS,
            # The whole request has its limit in _ask: a second one here would be a timer more for each.
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._limits.connect_seconds),
            headers={"User-Agent": _USER_AGENT, "Accept-Encoding": "identity"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open_socket(self, info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = info
        if family not in (socket.AF_INET, socket.AF_INET6) or not self._egress.permits(str(address[0])):
            raise _OutOfBounds
        return socket.socket(family, kind, protocol)

    async def post(self, url: str, body: bytes, *, headers: Mapping[str, str], seconds: float | None = None) -> Answer:
        """Post these bytes; `seconds` are the patience of one that has less than the limits give.

        Raises:
            Unreachable: there was no answer within the limits; TimedOut, when time was what it lacked.
        """
        return await self._ask("POST", url, body=body, headers=headers, seconds=seconds)

    async def post_form(
        self, url: str, fields: Fields, *, headers: Mapping[str, str] = _NONE_MORE, seconds: float | None = None
    ) -> Answer:
        """Post a form; raises Unreachable as `post` does."""
        body = urlencode(fields).encode()
        return await self.post(url, body, headers={"Content-Type": _FORM, **headers}, seconds=seconds)

    async def get_form(
        self, url: str, fields: Fields, *, headers: Mapping[str, str] = _NONE_MORE, seconds: float | None = None
    ) -> Answer:
        """Get an address with the fields added to its query; raises Unreachable as `post` does."""
        return await self._ask("GET", with_query(url, fields), body=None, headers=headers, seconds=seconds)

    async def _ask(
        self, method: str, url: str, *, body: bytes | None, headers: Mapping[str, str], seconds: float | None
    ) -> Answer:
        limit = self._limits.total_seconds if seconds is None else min(seconds, self._limits.total_seconds)
        try:
            async with asyncio.timeout(limit):
                return await self._follow(method, url, body=body, headers=headers)
        except (TimeoutError, aiohttp.ServerTimeoutError):
            raise TimedOut from None
        except _AddressRefused as refused:
            raise Unreachable(str(refused)) from None
        except aiohttp.InvalidURL:
            raise Unreachable("the address is not a URL") from None
        except aiohttp.ClientConnectorDNSError:
            raise Unreachable("its host name is not known") from None
        except (aiohttp.ClientSSLError, aiohttp.ClientConnectorCertificateError):
            raise Unreachable("no trusted TLS connection") from None
        except aiohttp.ClientConnectorError as error:
            raise Unreachable(_why(error.os_error)) from None
        except (aiohttp.ClientError, OSError, ValueError):
            raise Unreachable("the connection broke or the answer was not HTTP") from None

    async def _follow(self, method: str, url: str, *, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        """Ask, and follow as many redirects as the limits allow; each address is checked."""
        address = _checked(URL(url))
        for left in range(self._limits.redirects, -1, -1):
            assert self._session is not None, "Outbound is used as a context"
            async with self._session.request(
                method, address, data=body, headers=headers, allow_redirects=False
            ) as response:
                location = response.headers.get("Location")
                if response.status not in _REDIRECTS or location is None or self._limits.redirects == 0:
                    return await self._read(response, is_redirected=left < self._limits.redirects)
            if not left:
                break
            target = _checked(address.join(URL(location)))
            if address.scheme == "https" and target.scheme == "http":
                raise _AddressRefused("it redirects from https to http")
            # 307 and 308 keep the method and the body; the older three mean GET.
            if response.status in (301, 302, 303):
                method, body, headers = "GET", None, {}
            address = target
        raise _AddressRefused("it redirects too often")

    async def _read(self, response: aiohttp.ClientResponse, *, is_redirected: bool) -> Answer:
        limit = self._limits.max_bytes
        if not self._limits.truncate and response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise _AddressRefused("the answer is compressed, which was not asked for")
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > limit:
                if not self._limits.truncate:
                    raise _AddressRefused("the answer is too long")
                response.close()
                break
        return Answer(response.status, response.headers, bytes(body[:limit]), str(response.url), is_redirected)


def with_query(url: str, fields: Fields) -> str:
    """Return an address with fields in its query, in the place of those it has by these names; raises Unreachable."""
    try:
        return str(URL(url).update_query({name: _text(value) for name, value in fields.items()}))
    except ValueError:
        raise Unreachable("the address is not a URL") from None


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")


def _checked(address: URL) -> URL:
    if address.scheme not in ("http", "https") or not address.host:
        raise _AddressRefused("the address is not an http or https URL")
    if address.user is not None or address.password is not None:
        raise _AddressRefused("the address holds a user name or password")
    return address


def _why(error: OSError) -> str:
    return str(error) if isinstance(error, _OutOfBounds) else "no connection"
