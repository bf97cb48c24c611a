"""Connections to the ledger: a pool with limits, transactions, and one opinion on what is transient."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg

from shared.db.ledger_line import LedgerMoved, LineGuard
from shared.db.versions import connected_as

# What a store is handed; rooms never import asyncpg.
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
Record: TypeAlias = asyncpg.Record

# Postgres is away, restarting, too slow or out of disk: worth another try, never a verdict on what was sent.
TRANSIENT: tuple[type[BaseException], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InvalidCachedStatementError,  # a migration changed what was prepared; it is prepared anew the next time
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server said goodbye on an idle connection, and nobody has read it yet
    LedgerMoved,
    OSError,
    TimeoutError,
)

UniqueViolation = asyncpg.UniqueViolationError
ForeignKeyViolation = asyncpg.ForeignKeyViolationError


if TYPE_CHECKING:
    _Connection = asyncpg.Connection[asyncpg.Record]
else:
    _Connection = asyncpg.Connection  # it is generic in its stubs only


class _Plain(_Connection):
    """A connection on which every statement cleans up after itself: what is set or locked ends with its transaction."""

    def get_reset_query(self) -> str:
        """Return nothing: a second statement after each would only undo what nobody does. Open transactions do end."""
        return ""


class Database:
    """The pool of one process."""

    def __init__(self, dsn: str, *, name: str, size: int = 10, guard: LineGuard | None = None) -> None:
        self._dsn = dsn
        self._name = name
        self._guard = guard
        self.size = size
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def open(self) -> None:
        """Connect; raises one of TRANSIENT when the server is away."""
        self._pool = await asyncpg.create_pool(
            self._dsn,
            connection_class=_Plain,
            init=self._guard,
            min_size=1,
            max_size=self.size,
            timeout=5,
            command_timeout=15,
            server_settings={
                "application_name": connected_as(self._name),
                "timezone": "UTC",
                "statement_timeout": "15s",
                "lock_timeout": "5s",
                "idle_in_transaction_session_timeout": "60s",
            },
        )

    @property
    def busy(self) -> int:
        """How many connections are lent now."""
        return self._pool.get_size() - self._pool.get_idle_size() if self._pool else 0

    @property
    def idle(self) -> int:
        """How many connections wait for somebody to borrow them."""
        return self._pool.get_idle_size() if self._pool else 0

    async def close(self) -> None:
        """Give the connections back."""
        if self._pool:
            await self._pool.close()

    def connection(self) -> AbstractAsyncContextManager[Connection]:
        """Borrow a connection; each statement on it is a transaction of its own."""
        if self._pool is None:
            raise RuntimeError("the database is not open")
        # Nobody waits for one that is idle, and a time limit for nothing costs a timer.
        return self._pool.acquire(timeout=None if self._pool.get_idle_size() else 10)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Borrow a connection inside a transaction: committed at the end, rolled back by an exception."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def fetch(self, sql: str, *values: Any) -> list[Record]:
        """Run one statement and return its rows."""
        async with self.connection() as connection:
            return await connection.fetch(sql, *values)

    async def fetch_one(self, sql: str, *values: Any) -> Record | None:
        """Run one statement and return its first row."""
        async with self.connection() as connection:
            return await connection.fetchrow(sql, *values)

    async def execute(self, sql: str, *values: Any) -> int:
        """Run one statement and return how many rows it touched."""
        async with self.connection() as connection:
            return touched(await connection.execute(sql, *values))

    async def answers(self) -> bool:
        """Return whether the server answers now."""
        try:
            return bool(await self.fetch_one("SELECT 1"))
        except TRANSIENT:
            return False


def touched(status: str) -> int:
    """Return the number of rows in a command's status (`UPDATE 3`)."""
    last = status.rsplit(" ", 1)[-1]
    return int(last) if last.isdigit() else 0


async def copy_rows(connection: Connection, table: str, columns: Sequence[str], source: AsyncIterator[bytes]) -> int:
    """Stream rows in COPY's text format into a table, inside the connection's transaction; returns their number."""
    status = await connection.copy_to_table(table, source=source, columns=list(columns), format="text", timeout=3600)
    return touched(status)


async def copy_out(connection: Connection, sql: str, write: Callable[[bytes], Coroutine[Any, Any, None]]) -> int:
    """Stream the rows of a query as CSV with a head line, a piece at a time; returns their number."""
    status = await connection.copy_from_query(sql, output=write, format="csv", header=True, timeout=3600)
    return touched(status)
