"""The one HTTP client for addresses that tenants gave us: small limits, few redirects, one kind of error."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.connector import AddrInfoType
from yarl import URL

from shared.domain.egress import Egress

_FORM = "application/x-www-form-urlencoded"
_NONE_MORE: Mapping[str, str] = {}
_USER_AGENT = "Paceline"
_HEADERS = 64  # of an answer, of 8 KiB each at the most
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Unreachable(Exception):
    """No answer could be had; the reason is a few words that repeat nothing of the address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


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
    """An HTTP answer of any status; its content type is the header as it came, with its charset."""

    status: int
    content_type: str
    body: bytes
    retry_after: str | None = None


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

    async def post(self, url: str, body: bytes, *, headers: Mapping[str, str]) -> Answer:
        """Post these bytes; raises Unreachable when there was no answer within the limits."""
        return await self._ask("POST", url, body=body, headers=headers)

    async def post_form(
        self, url: str, fields: Mapping[str, str], *, headers: Mapping[str, str] = _NONE_MORE
    ) -> Answer:
        """Post a form; raises Unreachable when there was no answer within the limits."""
        body = urlencode(fields).encode()
        return await self._ask("POST", url, body=body, headers={"Content-Type": _FORM, **headers})

    async def get_form(self, url: str, fields: Mapping[str, str], *, headers: Mapping[str, str] = _NONE_MORE) -> Answer:
        """Get an address with the fields added to its query; raises Unreachable as the others do."""
        try:
            full = URL(url).update_query(dict(fields))
        except ValueError:
            raise Unreachable("the address is not a URL") from None
        return await self._ask("GET", str(full), body=None, headers=headers)

    async def _ask(self, method: str, url: str, *, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        try:
            async with asyncio.timeout(self._limits.total_seconds):
                return await self._follow(method, url, body=body, headers=headers)
        except (TimeoutError, aiohttp.ServerTimeoutError):
            raise Unreachable("no answer in time") from None
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
                    return await self._read(response)
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

    async def _read(self, response: aiohttp.ClientResponse) -> Answer:
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
        kind = response.headers.get("Content-Type", "")
        return Answer(response.status, kind, bytes(body[:limit]), response.headers.get("Retry-After"))


def _checked(address: URL) -> URL:
    if address.scheme not in ("http", "https") or not address.host:
        raise _AddressRefused("the address is not an http or https URL")
    if address.user is not None or address.password is not None:
        raise _AddressRefused("the address holds a user name or password")
    return address


def _why(error: OSError) -> str:
    return str(error) if isinstance(error, _OutOfBounds) else "no connection"
