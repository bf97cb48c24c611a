"""What servers of strangers answer: every status and header, late, cut, endless or in another encoding; no sockets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from multidict import CIMultiDict, CIMultiDictProxy

from shared.runtime.outbound import Answer, TimedOut, Unreachable, with_query

_STATUSES = (201, 204, 206, 301, 304, 400, 403, 404, 410, 418, 429, 500, 503, 599)
_TYPES = (
    "application/voicexml+xml",
    "text/xml; charset=utf-8",
    "text/html",
    "",
    "text/xml; charset=utf-16",
    "x" * 500,
    "a/b; charset=\udcff",
    "text/xml;charset=iso-8859-1",
    "text/xml; charset=us-ascii",
    "application/xml; charset=utf-7",
    "text/xml; charset=\u0130",
)
_HEADERS = {
    "Cache-Control": (
        "max-age=60",
        "no-store",
        "private",
        "max-age=-1",
        "max-age=99999999999999999999999",
        "max-age=\u0661",
        "max-age=1.5",
        "s-maxage=9, max-age=0",
        "no-cache",
        "max-age=",
        ",,,=",
        'max-age="60"',
        "must-revalidate, max-age=1",
        "MAX-AGE=60",
        "\udcff",
    ),
    "Age": ("0", "59", "-1", "99999999999999999999999", "x", "1e5", "\u0662"),
    "Expires": (
        "0",
        "-1",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Mon, 01 Jan 0001 00:00:00 +2359",
        "Fri, 31 Dec 9999 23:59:59 -9999",
        "Sat, 28 Nov 2026 00:00:00 +99999999999999",
        "1",
        "",
        "Thu, 32 Foo 99999 99:99:99 GMT",
        "Sat, 28 Nov 2026 00:00:00",
    ),
    "Date": (
        "Sat, 28 Nov 2026 00:00:00 GMT",
        "x",
        "Thu, 01 Jan 1970 00:00:00 -0000",
        "Mon, 01 Jan 0001 00:00:00 +2359",
    ),
    "ETag": ('"a"', 'W/"b"', "", "\udcff", "x" * 8000, '"\u00e9"'),
    "Last-Modified": ("Sat, 28 Nov 2026 00:00:00 GMT", "\udce9", ""),
    "Vary": ("*", "Accept", "Cookie", "accept-encoding, USER-AGENT", ""),
    "Location": ("http://10.0.0.1/", ""),
    "Content-Encoding": ("identity",),
}


@dataclass
class Strangers:
    """The port of shared.runtime.outbound.Outbound, for one session: pages by their names at an address of its own."""

    site: str
    pages: Mapping[str, bytes]
    dice: Random
    wild: float
    asked: list[str] = field(default_factory=list)

    async def get_form(
        self,
        url: str,
        fields: Mapping[str, str | bytes],
        *,
        headers: Mapping[str, str],
        seconds: float | None = None,  # noqa: ARG002 (it is over at once)
    ) -> Answer:
        return self._answer(with_query(url, fields), headers)

    async def post_form(
        self,
        url: str,
        fields: Mapping[str, str | bytes],
        *,
        headers: Mapping[str, str],
        seconds: float | None = None,  # noqa: ARG002 (it is over at once)
    ) -> Answer:
        self.asked += [each if isinstance(each, str) else "" for pair in fields.items() for each in pair]
        return self._answer(url, headers)

    async def post(
        self,
        url: str,
        body: bytes,
        *,
        headers: Mapping[str, str],
        seconds: float | None = None,  # noqa: ARG002 (it is over at once)
    ) -> Answer:
        self.asked.append(body.decode("utf-8", "replace"))
        return self._answer(url, headers)

    def _answer(self, url: str, headers: Mapping[str, str]) -> Answer:
        self.asked.append(url)
        assert all(value.isascii() for value in headers.values()), "a header was sent that is none"
        name = url.removeprefix(self.site).partition("?")[0].partition("#")[0]
        body = self.pages.get(name) if url.startswith(self.site) else None
        dice = self.dice
        if body is None:
            if dice.random() < 0.5:
                raise Unreachable("no connection")
            return self._told(404, url, b"", dice)
        if dice.random() > self.wild:
            return self._told(200, url, body, dice if dice.random() < 0.3 else None)
        if dice.random() < 0.1:
            raise TimedOut
        status = dice.choice((*_STATUSES, *[200] * 40))
        where = dice.choice((*[url] * 8, f"{self.site}elsewhere/x", f"{self.site}two.vxml", url + "?x"))
        return self._told(status, where, self._spoilt(body), dice)

    def _spoilt(self, body: bytes) -> bytes:
        """Return a body as it is, cut, in another encoding, or another one."""
        dice = self.dice
        others = (b"", b"\0", b"\xff\xfe", b"<", b"<a/>", bytes(1 << 20), b" " * 70_000)
        encoding = dice.choice(("utf-16", "utf-16-be", "utf-8-sig", "utf-32", "cp1252", "shift_jis"))
        written = body.decode("utf-8", "replace").encode(encoding, "replace")
        return dice.choice((body, body[: dice.randrange(len(body) + 1)], dice.choice(others), written))

    def _told(self, status: int, url: str, body: bytes, dice: Random | None) -> Answer:
        headers: CIMultiDict[str] = CIMultiDict()
        if dice is None:
            headers["Content-Type"] = "application/voicexml+xml"
        else:
            headers["Content-Type"] = dice.choice(_TYPES if dice.random() < 0.3 else _TYPES[:2])
            for name in sorted(_HEADERS):
                if dice.random() < 0.25:
                    headers[name] = dice.choice(_HEADERS[name])
        return Answer(status, CIMultiDictProxy(headers), body, url)
