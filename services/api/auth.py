"""Who is calling: Bearer tokens `pl_<id>_<secret>`, of which only a SHA-256 is kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

from services.api.errors import Problem
from services.api.scopes import Scope
from shared.db.pool import Database
from shared.db.statements import load_statements

SQL = load_statements("services.api")
_PIECES = 3
_NOBODY = bytes(32)


@dataclass(frozen=True, slots=True)
class Caller:
    """An account that proved itself, and with which token."""

    account_id: int
    token_id: str
    scopes: frozenset[Scope]


def issue() -> tuple[str, str, bytes]:
    """Return a new token's public id, the token, and the hash of its secret."""
    token_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    return token_id, f"pl_{token_id}_{secret}", hash_secret(secret)


def hash_secret(secret: str) -> bytes:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


async def authenticate(database: Database, header: str | None, *, now: datetime) -> Caller:
    """Return who an Authorization header says is calling.

    Every request asks the ledger: a revoked token is refused from the next request on.

    Raises:
        Problem: 401, the same for every reason.
    """
    scheme, _, token = (header or "").strip().partition(" ")
    pieces = token.strip().split("_", 2)
    if scheme.lower() != "bearer" or len(pieces) != _PIECES or pieces[0] != "pl" or not pieces[1].isalnum():
        raise _unauthorized(header)
    row = await database.fetch_one(SQL["find_token"], pieces[1], now) if pieces[1].isascii() else None
    if not hmac.compare_digest(hash_secret(pieces[2]), row["secret_hash"] if row else _NOBODY) or row is None:
        raise _unauthorized(header)
    return Caller(row["account_id"], pieces[1], frozenset(map(Scope, row["scopes"])))


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
