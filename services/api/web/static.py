"""The files of the pages: read once, kept compressed, served under a name that changes with any of them."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ETag, hdrs, web

from services.api.errors import REQUEST, REQUEST_ID
from services.api.web.manifest import FOLDER, HERE, Packed, read_manifest

_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".LICENSE": "text/plain; charset=utf-8",
}
HTML = "text/html; charset=utf-8"
_OURS = ("console", "docs")
_PIECE = 1 << 16
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_UNPACK_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is sent."""

    content_type: str
    digest: str
    size: int
    packed: bytes

    @classmethod
    def of(cls, content_type: str, content: bytes) -> File:
        """Return a file of this content."""
        return cls(content_type, hashlib.sha256(content).hexdigest(), len(content), gzip.compress(content, mtime=0))


class Statics:
    """Every file that may be asked for, by its name: there is no other way to one."""

    def __init__(self) -> None:
        self._files = dict(_read_ours())
        self.missing = set[str]()
        for wanted in (file for package in read_manifest() if not package.only_tests for file in package.files):
            try:
                self._files[f"vendor/{wanted.name}"] = _read_theirs(wanted)
            except FileNotFoundError:
                self.missing.add(wanted.name)
        listed = "".join(f"{name} {file.digest}\n" for name, file in sorted(self._files.items()))
        self.version = hashlib.sha256(listed.encode()).hexdigest()[:16]

    def find(self, name: str) -> File | None:
        """Return the file of this name."""
        return self._files.get(name)


async def send(request: web.Request, file: File, headers: dict[str, str], *, for_ever: bool) -> web.StreamResponse:
    """Answer with a file, piece by piece: whoever reads slowly holds a piece of it, not all."""
    tag = ETag(file.digest)
    shared = headers | {
        hdrs.CACHE_CONTROL: _FOR_EVER if for_ever else _ASK_AGAIN,
        hdrs.VARY: hdrs.ACCEPT_ENCODING,
        hdrs.ETAG: f'"{file.digest}"',
        REQUEST_ID: request[REQUEST],
    }
    if any(known in (tag, ETag("*")) for known in request.if_none_match or ()):
        return web.Response(status=304, headers=shared)
    packed = "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, "")
    response = web.StreamResponse(headers=shared | {hdrs.CONTENT_TYPE: file.content_type})
    response.content_length = len(file.packed) if packed else file.size
    if packed:
        response.headers[hdrs.CONTENT_ENCODING] = "gzip"
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):  # the reader has gone
        for piece in _pieces(file, packed=packed) if request.method != hdrs.METH_HEAD else ():
            await response.write(piece)
        await response.write_eof()
    return response


def _pieces(file: File, *, packed: bool) -> Iterator[bytes]:
    unpack = zlib.decompressobj(_UNPACK_GZIP)
    for at in range(0, len(file.packed), _PIECE):
        piece = file.packed[at : at + _PIECE]
        yield piece if packed else unpack.decompress(piece)


def _read_ours() -> Iterator[tuple[str, File]]:
    for folder in _OURS:
        for path in sorted((HERE / folder).rglob("*")):
            if path.suffix in _TYPES:
                yield path.relative_to(HERE).as_posix(), File.of(_type_of(path.name), path.read_bytes())


def _read_theirs(wanted: Packed) -> File:
    """Return a file that `./run assets` fetched: its hash was checked there."""
    kept = FOLDER / wanted.name
    packed = kept.with_name(f"{wanted.name}.gz").read_bytes()
    return File(_type_of(wanted.name), wanted.sha256, kept.stat().st_size, packed)


def _type_of(name: str) -> str:
    return _TYPES[Path(name).suffix]
