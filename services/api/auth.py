"""Who is calling: Bearer tokens `pl_<id>_<secret>`, a sandbox's `pl_test_<id>_<secret>`; only a SHA-256 is kept."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import TypeAlias

from services.api.errors import Problem
from services.api.scopes import Scope
from shared.clock import Clock
from shared.db.pool import Database, Record
from shared.db.statements import load_statements
from shared.domain.sandbox import SandboxClock

SQL = load_statements("services.api")
_TOKEN = re.compile(r"pl_(?:test_)?([0-9A-Za-z]+)_(.+)", re.DOTALL)
_NOBODY = bytes(32)


@dataclass(frozen=True, slots=True)
class Caller:
    """An account that proved itself, and with which token."""

    account_id: int
    token_id: str
    scopes: frozenset[Scope]
    sandbox: SandboxClock | None = None  # the clock of an account for trying out


# What the ledger says of a valid token: the hash of its secret, and whose it is.
Known: TypeAlias = tuple[bytes, Caller]


def issue(*, for_sandbox: bool = False) -> tuple[str, str, bytes]:
    """Return a new token's public id, the token, and the hash of its secret."""
    token_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    return token_id, f"pl_{'test_' if for_sandbox else ''}{token_id}_{secret}", hash_secret(secret)


def hash_secret(secret: str) -> bytes:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


class _Question:
    """What is asked of the ledger at once: the ids of tokens, and the answer that all who named one wait for."""

    def __init__(self, token_id: str) -> None:
        self.ids = {token_id}
        self.answer: asyncio.Future[dict[str, Known]] = asyncio.get_running_loop().create_future()


class Tokens:
    """Asks the ledger for tokens: of requests that come while it is asked, all wait for one question after that.

    A question is put after each of its requests came, so none is answered by what the ledger knew before it.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._asking = asyncio.Lock()
        self._next: _Question | None = None

    async def find(self, token_id: str) -> Known | None:
        """Return what is known of a token that is valid now.

        Raises:
            TRANSIENT: the ledger is away.
        """
        question = self._next
        if question is not None:
            question.ids.add(token_id)
        else:
            question = self._next = _Question(token_id)
            await self._put(question)
        # Shielded: who goes away while he waits must not take the answer from the others.
        return (await asyncio.shield(question.answer)).get(token_id)

    async def _put(self, question: _Question) -> None:
        """Wait until the question before this one is answered, then ask for all that was gathered meanwhile."""
        try:
            async with self._asking:
                self._next = None
                rows = await self._database.fetch(SQL["find_tokens"], list(question.ids), self._clock.now())
            found = {row["id"]: _known(row) for row in rows}
        except BaseException as error:
            if self._next is question:
                self._next = None
            question.answer.set_exception(error if isinstance(error, Exception) else ConnectionAbortedError())
            question.answer.exception()  # whether somebody else waits for it or not
            raise
        question.answer.set_result(found)


def _known(row: Record) -> Known:
    scopes = frozenset(map(Scope, row["scopes"]))
    return row["secret_hash"], Caller(row["account_id"], row["id"], scopes, SandboxClock.of_columns(row))


async def authenticate(tokens: Tokens, header: str | None) -> Caller:
    """Return who an Authorization header says is calling.

    Every request asks the ledger: a revoked token is refused from the next request on.

    Raises:
        Problem: 401, the same for every reason.
    """
    scheme, _, token = (header or "").strip().partition(" ")
    pieces = _TOKEN.fullmatch(token.strip())
    if scheme.lower() != "bearer" or pieces is None:
        raise _unauthorized(header)
    found = await tokens.find(pieces[1])
    if not hmac.compare_digest(hash_secret(pieces[2]), found[0] if found else _NOBODY) or found is None:
        raise _unauthorized(header)
    return found[1]


def require(caller: Caller, scope: Scope) -> None:
    """Let only a token with this scope pass.

    Raises:
        Problem: 403, with what is needed.
    """
    if scope not in caller.scopes:
        raise Problem(
            403,
            f"This token may not do that: it needs the scope `{scope}`, and has `{' '.join(sorted(caller.scopes))}`.",
            slug="insufficient-scope",
            headers={"WWW-Authenticate": f'Bearer realm="paceline", error="insufficient_scope", scope="{scope}"'},
        )


def _unauthorized(header: str | None) -> Problem:
    challenge = 'Bearer realm="paceline"' + (', error="invalid_token"' if header else "")
    detail = (
        "A valid token is needed, in the header `Authorization: Bearer pl_...`; whoever runs this house makes them."
    )
    return Problem(401, detail, headers={"WWW-Authenticate": challenge})
