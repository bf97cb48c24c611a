"""The one decoder: query, urlencoded, multipart and JSON become the same parameters."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import hdrs, web

from services.api import jsonlists
from services.api.errors import Problem, malformed
from services.api.multipart import read_multipart
from services.api.slowness import no_slower_than
from services.api.space import Share
from services.api.spool import Limits, Note, Numbers, spool, too_large, unheard

LISTS = frozenset({"days", "profiles", "phone_numbers"})
NUMBERS = "phone_numbers"
_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)\Z")
_STEP = re.compile(r"\[([^\[\]]*)\]")
_DEPTH = 4
_PAIRS = 10_000
_NAME_LIMIT = 40
_INDEX_DIGITS = 9
_FORM, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
_AS_IT_IS = {"Accept-Encoding": "identity"}
_BLANKS = b"\xef\xbb\xbf \t\r\n"
_JSON_TYPES = frozenset({"application/json", "text/json"})
_UNTYPED_FORM = (
    "a body that is text/plain or has no Content-Type must be a JSON object; "
    "a form says application/x-www-form-urlencoded or multipart/form-data"
)
# What is sent when nobody chose a type; aiohttp says octet-stream when there is none.
_UNTYPED = frozenset({"text/plain", "application/octet-stream", ""})


@dataclass(frozen=True, slots=True)
class Decoded:
    """The parameters of a request, and its phone numbers apart from them."""

    fields: dict[str, Any] = field(default_factory=dict)
    numbers: Numbers | None = None

    def close(self) -> None:
        """Forget the spooled numbers."""
        if self.numbers:
            self.numbers.close()


async def decode(request: web.Request, limits: Limits, share: Share, note: Note = unheard) -> Decoded:
    """Merge the query string and the body into one set of parameters; `note` hears the body.

    Raises:
        Problem: 400 malformed, 408 too slow, 413 too large, 415 a type nobody reads, 422 a file that is none,
            429 or 503 no room for it.
    """
    query, content = from_query(request), request.content
    try:
        async with nullcontext() if content.is_eof() else no_slower_than(limits.rate, content):
            decoded = await _decode_body(request, limits, share, note)
    except (web.RequestPayloadError, aiohttp.ClientPayloadError, aiohttp.http.HttpProcessingError) as error:
        raise malformed("its Transfer-Encoding is broken") from error
    try:
        if twice := sorted(query.keys() & (decoded.fields.keys() | ({NUMBERS} if decoded.numbers else set()))):
            raise malformed(f"{twice[0]} is given in the query string and in the body")  # noqa: TRY301 (what was decoded is closed below)
        return _take_numbers(query | decoded.fields, decoded.numbers)
    except BaseException:
        decoded.close()
        raise


def from_query(request: web.Request) -> dict[str, Any]:
    """Return the parameters of the query string alone.

    Raises:
        Problem: 400 malformed.
    """
    written = request.rel_url.raw_query_string
    return from_pairs(_parse_query(written.encode())) if written else {}


async def _decode_body(request: web.Request, limits: Limits, share: Share, note: Note) -> Decoded:
    if not request.can_read_body:
        return Decoded()
    if any(each.strip().lower() != "identity" for each in request.headers.getall(hdrs.CONTENT_ENCODING, [])):
        raise Problem(415, "Send the body as it is, without a Content-Encoding.", headers=_AS_IT_IS)
    if request.headers.get(hdrs.TRANSFER_ENCODING, "chunked").strip().lower() != "chunked":
        raise malformed("its Transfer-Encoding is not chunked")
    kind = request.content_type.lower()
    # What says that it is too large need not be read to be refused.
    limit = limits.fields if kind == _FORM else limits.whole if kind == _MULTIPART else limits.upload
    if (request.content_length or 0) > limit:
        raise too_large(limit)
    if kind == _MULTIPART:
        pairs, file = await read_multipart(request, limits, share, note)
        try:
            return Decoded(from_pairs(pairs), file)
        except BaseException:
            if file:
                file.close()
            raise
    if kind == _FORM:
        with await spool(request.content, limits.fields, share, note=note) as body:
            return Decoded(from_pairs(_parse_query(body.read())))
    if kind in _JSON_TYPES or kind.endswith("+json") or kind in _UNTYPED:
        return await _decode_json(request, limits, share, note, typed=kind not in _UNTYPED)
    raise Problem(415, "Send JSON, a form (urlencoded or multipart) or parameters in the query string.")


async def _decode_json(request: web.Request, limits: Limits, share: Share, note: Note, *, typed: bool) -> Decoded:
    if request.content.is_eof() and request.content.total_bytes <= limits.fields:
        text = await request.content.read()  # it is all here and small: no file is needed to wait for the rest
        note(text)
        return Decoded(_read_object(text, typed=typed))
    body = await spool(request.content, limits.upload, share, note=note, longest_token=limits.fields)
    keep = False
    try:
        size = body.seek(0, 2)
        body.seek(0)
        if size <= limits.fields:
            return Decoded(_read_object(body.read(), typed=typed))
        if not typed and not _looks_like_json(body.read(64)):
            raise malformed(_UNTYPED_FORM)
        body.seek(0)
        fields, has_numbers = await asyncio.to_thread(jsonlists.scan, body, limits.fields)
        keep = has_numbers
        check_text(fields)
        return Decoded(fields, Numbers(file=body, kind="json") if has_numbers else None)
    finally:
        if not keep:
            body.close()


def _read_object(text: bytes, *, typed: bool) -> dict[str, Any]:
    """Read a JSON object; no body, or a blank one, holds no parameters."""
    if not text.strip(_BLANKS):
        return {}
    if not typed and not _looks_like_json(text):
        raise malformed(_UNTYPED_FORM)
    return parse_object(text)


def _looks_like_json(start: bytes) -> bool:
    return start.lstrip(_BLANKS)[:1] in (b"{", b"[")


def parse_object(text: bytes) -> dict[str, Any]:
    """Read a JSON object; a key that is given twice is refused, and so is what JSON does not know (NaN).

    Raises:
        Problem: 400.
    """
    value = _parse_json(text)
    if not isinstance(value, dict):
        raise malformed("the JSON must be an object")
    check_text(value)
    return value


def _parse_json(text: bytes | str, what: str = "the JSON") -> Any:
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=_refuse_duplicates, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise malformed(f"{what} cannot be read at line {error.lineno}, column {error.colno}") from None
    except (ValueError, RecursionError):
        raise malformed(f"{what} cannot be read") from None


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise malformed("a JSON key is given twice")
    return found


def _refuse_constant(_: str) -> NoReturn:
    raise malformed("the JSON holds NaN or an infinite number")


def _parse_query(text: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text.decode(), keep_blank_values=True, errors="strict", max_num_fields=_PAIRS)
    except ValueError:
        raise malformed("the form or query string cannot be read as UTF-8 parameters") from None


def from_pairs(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Build parameters from form pairs: repeated keys, `days[]`, PHP brackets, and JSON text for lists.

    Raises:
        Problem: 400 for keys that contradict each other.
    """
    root: dict[str, Any] = {}
    for key, value in pairs:
        match = _KEY.match(key)
        steps = _STEP.findall(match.group(2)) if match else []
        name = match.group(1) if match else key
        if len(steps) > _DEPTH:
            raise malformed(f"{_naming(name)} has too many brackets")
        if steps:
            _insert(root, name, steps=steps, value=value)
        elif name in LISTS:
            _extend(root, name, _listed(name, value))
        elif name in root:
            raise malformed(f"{_naming(name)} is given twice")
        else:
            root[name] = value
    fields = {name: _to_lists(value) for name, value in root.items()}
    check_text(fields)
    return fields


def _naming(name: str) -> str:
    """Return a name that may be repeated: a list that was sent as a form without a name is one long key."""
    return name if name.isidentifier() and len(name) <= _NAME_LIMIT else "a parameter"


def _listed(name: str, value: str) -> list[Any]:
    if value.lstrip()[:1] in ("[", "{"):
        parsed = _parse_json(value, f"the JSON in {name}")
        return parsed if isinstance(parsed, list) else [parsed]
    return [value]


def _extend(root: dict[str, Any], name: str, values: list[Any]) -> None:
    existing = root.setdefault(name, [])
    if not isinstance(existing, list):
        raise malformed(f"{name} is given with brackets and without")
    existing.extend(values)


def _insert(root: dict[str, Any], name: str, *, steps: list[str], value: str) -> None:
    """Follow the brackets of one key and put the value at their end; [] takes the next free number."""
    node = root
    key = name
    for index, step in enumerate(steps):
        child = node.setdefault(key, {})
        if not isinstance(child, dict):
            raise malformed(f"{_naming(name)} is given with brackets and without")
        node = child
        key = step or _next_number(node, steps[index + 1 :])
    if key in node:
        raise malformed(f"{_naming(name)} is given twice")
    node[key] = value


def _next_number(node: dict[str, Any], rest: list[str]) -> str:
    """`p[][a]=1&p[][b]=2` goes on with the same element until a key comes again."""
    last = str(len(node) - 1)
    if rest and rest[0] and isinstance(node.get(last), dict) and rest[0] not in node[last]:
        return last
    return str(len(node))


def _to_lists(node: Any) -> Any:
    """Turn objects whose keys are all numbers into lists, in the order of the numbers."""
    if not isinstance(node, dict):
        return node
    if node and all(key.isascii() and key.isdigit() and len(key) <= _INDEX_DIGITS for key in node):
        return [_to_lists(node[key]) for key in sorted(node, key=int)]
    return {key: _to_lists(value) for key, value in node.items()}


def check_text(value: Any) -> None:
    """Refuse text that no UTF-8 store can hold: lone surrogates and NUL.

    Raises:
        Problem: 400.
    """
    if isinstance(value, str):
        if "\x00" in value or not _encodes(value):
            raise malformed("a text holds a NUL or half a surrogate pair, which no text may")
    elif isinstance(value, dict):
        for key, inner in value.items():
            check_text(key)
            check_text(inner)
    elif isinstance(value, list):
        for inner in value:
            check_text(inner)


def _encodes(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _take_numbers(fields: dict[str, Any], file: Numbers | None) -> Decoded:
    """Put phone numbers that came as a field where those that came as a file are."""
    if NUMBERS not in fields:
        return Decoded(fields, file)
    value = fields.pop(NUMBERS)
    if file:
        raise malformed("phone_numbers is given twice")
    if isinstance(value, str) and value.strip():
        value = _listed(NUMBERS, value)
    if not isinstance(value, list):
        raise Problem(
            422,
            "The request has a bad parameter.",
            errors=[{"field": NUMBERS, "detail": "must be a list of numbers or a .csv or .txt file"}],
        )
    return Decoded(fields, Numbers(elements=tuple(value), kind="list"))
