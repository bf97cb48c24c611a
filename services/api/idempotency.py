"""One request, one effect, however often it is sent: its answer is kept under its key, in the effect's transaction.

Nothing is written before the effect, so nothing is left of a request that was refused or whose process died: the same
key may be sent again at once. While the first is under way an advisory lock of its transaction says so.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta

from aiohttp import web

from services.api.errors import Problem
from shared.db.pool import Connection, Database
from shared.db.statements import load_statements

SQL = load_statements("services.api")
HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT_FOR = timedelta(hours=24)
_KEY = re.compile(r"[!-~]{1,255}", re.ASCII)


class Keyed:
    """A write with a key: what was seen of the request so far, as a hash."""

    def __init__(self, account_id: int, key: str, *, method: str, path: str) -> None:
        self.account_id = account_id
        self.key = key
        self._seen = hashlib.sha256()
        self.note(f"{method} {path}\n".encode())

    def note(self, piece: bytes) -> None:
        """Take in the next piece of the body."""
        self._seen.update(piece)

    @property
    def fingerprint(self) -> bytes:
        """The hash of all that was seen: of two requests with one key it must be the same."""
        return self._seen.digest()


def read_key(request: web.Request, account_id: int) -> Keyed | None:
    """Return the request's key, if its sender gave it one.

    Raises:
        Problem: 400.
    """
    given = request.headers.getall(HEADER, [])
    if not given:
        return None
    if len(given) > 1 or not _KEY.fullmatch(given[0].strip()):
        detail = "must be one text of 1 to 255 visible ASCII characters without blanks, such as a UUID"
        raise Problem(400, "The request has a bad header.", errors=[{"field": HEADER, "detail": detail}])
    return Keyed(account_id, given[0].strip(), method=request.method, path=request.raw_path)


async def find_answer(connection: Connection, keyed: Keyed, *, now: datetime) -> bytes | None:
    """Return what the same request was answered; else hold its key until the end of the transaction.

    Raises:
        Problem: 409 it is under way, 422 the key was another request's.
    """
    if not await connection.fetchval(SQL["claim_key"], keyed.account_id, keyed.key):
        detail = f"A request with this {HEADER} is under way; ask again for its answer."
        raise Problem(409, detail, slug="in-progress", headers={"Retry-After": "1"})
    row = await connection.fetchrow(SQL["find_answer"], keyed.account_id, keyed.key, now - KEPT_FOR)
    if row is None:
        return None
    if row["fingerprint"] != keyed.fingerprint:
        detail = f"This {HEADER} was another request's within the last 24 hours; give every request a key of its own."
        raise Problem(422, detail, slug="key-reused")
    return bytes(row["answer"])


async def keep_answer(connection: Connection, keyed: Keyed, answer: bytes, *, now: datetime) -> None:
    """Keep an answer with its effect: both or neither."""
    await connection.execute(SQL["keep_answer"], keyed.account_id, keyed.key, keyed.fingerprint, answer, now)


async def forget_answers(database: Database, *, now: datetime) -> int:
    """Remove the answers that are too old to be asked for again; returns how many."""
    forgotten = 0
    while batch := await database.execute(SQL["forget_answers"], now - KEPT_FOR):
        forgotten += batch
    return forgotten
