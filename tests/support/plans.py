"""How PostgreSQL runs a statement, as counts: rows looked at, buffers touched, what was sorted, what was read whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from shared.db.pool import Connection

# asyncpg prepares each statement; the server plans it for its values five times, and then perhaps once for all values.
MODES = ("force_custom_plan", "force_generic_plan")
_SHELF = re.compile(r"_\d+$")


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan that was run."""

    root: dict[str, Any]

    @property
    def pages(self) -> int:
        """How many pages were looked at, those in memory included."""
        return int(self.root["Shared Hit Blocks"] + self.root["Shared Read Blocks"])

    @property
    def rows_read(self) -> int:
        """How many rows of tables were looked at, those that did not fit included."""
        scans = [node for node in self._nodes() if "Scan" in node["Node Type"] and "Relation Name" in node]
        return sum((n["Actual Rows"] + n.get("Rows Removed by Filter", 0)) * n["Actual Loops"] for n in scans)

    @property
    def rows_sorted(self) -> int:
        """How many rows the greatest sort was given."""
        sorts = [n["Plans"][0] for n in self._nodes() if "Sort" in n["Node Type"]]
        return max((below["Actual Rows"] * below["Actual Loops"] for below in sorts), default=0)

    @property
    def read_whole(self) -> set[str]:
        """Which tables, or shelves of them, were read from one end to the other."""
        read = [n["Relation Name"] for n in self._nodes() if n["Node Type"] == "Seq Scan" and n["Actual Loops"]]
        return {_SHELF.sub("", name) for name in read}

    @property
    def rows(self) -> int:
        """How many rows it returned, or wrote when it returns none."""
        written = [n["Plans"][0] for n in self._nodes() if n["Node Type"] == "ModifyTable"]
        return int(max([self.root["Actual Rows"], *(n["Actual Rows"] * n["Actual Loops"] for n in written)]))

    def _nodes(self) -> Iterator[dict[str, Any]]:
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += node.get("Plans", [])


async def explain(connection: Connection, sql: str, values: Sequence[Any], *, mode: str) -> Plan:
    """Run a statement as it is run once it is prepared, in one of MODES; whatever it wrote is undone."""
    types = [each.name for each in (await connection.prepare(sql)).get_parameters()]
    literals = await _literals(connection, types, values)
    await connection.execute(f"PREPARE held AS {sql}")
    undone = connection.transaction()
    await undone.start()
    try:
        await connection.execute(f"SET LOCAL plan_cache_mode = {mode}")
        told = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, TIMING off, FORMAT json) EXECUTE held{literals}")
    finally:
        await undone.rollback()
        await connection.execute("DEALLOCATE held")
    return Plan(json.loads(told)[0]["Plan"])


async def _literals(connection: Connection, types: Sequence[str], values: Sequence[Any]) -> str:
    """Return the values as they are written in SQL: EXECUTE takes no parameters."""
    if not types:
        return ""
    quoted = ", ".join(f"quote_nullable((${i}::{name})::text)" for i, name in enumerate(types, 1))
    row = await connection.fetchrow(f"SELECT {quoted}", *values)
    assert row is not None
    return f"({', '.join(row.values())})"
