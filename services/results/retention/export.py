"""Finished calls as files that outlive their rows: one of CSV for each campaign, and a list of them with their sums."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from io import BufferedRandom
from pathlib import Path

import orjson

from services.results.retention.shelves import Shelf
from services.results.retention.store import SQL, ShelfStore
from shared.db.pool import Database, copy_out
from shared.domain.call_id import QUEUE_CAPACITY

_BUFFER = 1 << 18
_OURS_ALONE = 0o600  # numbers and references of people


@dataclass(frozen=True, slots=True)
class Exported:
    """A campaign's file, as the manifest lists it."""

    campaign_id: int
    file: str
    rows: int
    bytes: int
    sha256: str


class Exporter:
    """Writes shelves below a folder; what is there under its name is whole, whenever somebody looks."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._store = ShelfStore(database)
        self._folder = folder

    async def export(self, shelf: Shelf, *, now: datetime) -> Path:
        """Write a shelf's campaigns and then the manifest, whose presence says that all are there; returns its path.

        Raises:
            OSError: the folder is not there or full.
        """
        folder = self._folder / f"shelf-{shelf.no}"
        await asyncio.to_thread(_make_folder, folder)
        manifest = folder / "manifest.json"
        await asyncio.to_thread(manifest.unlink, missing_ok=True)
        files = [await self._export(shelf, each, folder) for each in await self._store.campaigns(shelf)]
        body = {"shelf": shelf.no, "first_id": shelf.first_id, "end_id": shelf.end_id, "made_at": now.isoformat()}
        body["files"] = [asdict(file) for file in files]
        await asyncio.to_thread(_write_whole, manifest, orjson.dumps(body, option=orjson.OPT_INDENT_2))
        return manifest

    async def _export(self, shelf: Shelf, campaign_id: int, folder: Path) -> Exported:
        target = folder / f"campaign-{campaign_id}.csv.gz"
        with _whole_file(target) as file:
            with gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
                pieces = bytearray()

                async def write(piece: bytes) -> None:
                    pieces.extend(piece)
                    if len(pieces) >= _BUFFER:
                        await flush()

                async def flush() -> None:
                    await asyncio.to_thread(packed.write, bytes(pieces))
                    pieces.clear()

                async with self._database.transaction() as connection:
                    await connection.execute(SQL["allow_long_work"])
                    query = _finished(shelf.no, campaign_id)
                    rows = await copy_out(connection, query, write)
                await flush()
            size, digest = await asyncio.to_thread(_seal, file)
        return Exported(campaign_id, target.name, rows, size, digest)


def _finished(no: int, campaign_id: int) -> str:
    """Return the query for a campaign's entries with their outcomes, the call that was placed, and its last post."""
    return f"""
SELECT c.campaign_id * {QUEUE_CAPACITY} + c.seq AS call_id, c.campaign_id, c.seq, c.phone, c.ani, c.postd,
       c.message_reference, o.disposition, o.callee_type, o.attempts, o.dialed_at, o.ended_at, o.duration, o.error,
       o.application, o.recorded_at, o.version, a.period_no, a.slot_no, a.due_at, a.intent_at,
       d.state AS result, d.tries AS result_tries, d.finished_at AS result_at, d.last_status AS result_status
FROM calls_{no} AS c
LEFT JOIN outcomes_{no} AS o ON o.campaign_id = {campaign_id} AND o.seq = c.seq
LEFT JOIN attempts_{no} AS a ON a.campaign_id = {campaign_id} AND a.seq = c.seq AND a.lapsed_at IS NULL
LEFT JOIN deliveries_{no} AS d ON d.campaign_id = {campaign_id} AND d.seq = c.seq AND d.version = o.version
WHERE c.campaign_id = {campaign_id} ORDER BY c.seq"""  # noqa: S608 (numbers)


def _make_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


@contextmanager
def _whole_file(target: Path) -> Iterator[BufferedRandom]:
    """Yield a file that takes its name when it is on the disk, and is gone when it does not come to that."""
    part = target.with_name(target.name + ".part")
    with suppress(FileNotFoundError):
        part.unlink()
    try:
        with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, _OURS_ALONE), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _seal(file: BufferedRandom) -> tuple[int, str]:
    """Bring a file to the disk; returns its size and the SHA-256 of what is there."""
    file.flush()
    os.fsync(file.fileno())
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    return file.tell(), digest


def _write_whole(target: Path, body: bytes) -> None:
    with _whole_file(target) as file:
        file.write(body)
