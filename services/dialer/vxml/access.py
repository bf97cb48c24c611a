"""Whom XML lets read it: the instruction `<?access-control allow="…" deny="…"?>` (VoiceXML 2.1 section 5)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

_WORDS = re.compile(r"""\b(allow|deny)\s*=\s*(?:"([^"]*)"|'([^']*)')""")


def may_read(instructions: Iterable[str], *, source: str, reader: str) -> bool:
    """Return whether a document at `reader` may read XML that came from `source`, by the XML's own instructions.

    Without any, or from the same host, it may: then it is the fetcher's to say. Otherwise its host must be allowed and
    not be denied, by name, by `*.domain` or by `*`.
    """
    written = list(instructions)
    host = _host(reader)
    if not written or (host and host == _host(source)):
        return True
    rules = [(kind, pattern) for each in written for kind, *quoted in _WORDS.findall(each) for pattern in quoted]
    allowed, denied = (
        any(_covers(pattern, host) for kind, patterns in rules if kind == wanted for pattern in patterns.split())
        for wanted in ("allow", "deny")
    )
    return allowed and not denied


def _covers(pattern: str, host: str) -> bool:
    name = pattern.casefold()
    if name.startswith("*."):
        return host == name[2:] or host.endswith(name[1:])
    return name in {"*", host}


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").casefold()
    except ValueError:
        return ""
