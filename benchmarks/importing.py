"""Import: a list of numbers over HTTP, parsed and validated, beside psql's COPY of the same rows ready made."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import aiohttp

from benchmarks.ground import Options, Tenant, ledger_of, tenant_of
from benchmarks.processes import Bill, backends, forget_height, memory
from benchmarks.report import Result
from benchmarks.rounds import Goal, Run, Variant, compete, rate
from shared.db.pool import Database

OURS, LIMIT = "over HTTP, validated", "psql \\copy (limit)"
NUMBERS, QUICK = 1_000_000, 100_000
_A_PIECE = 10_000
_COLUMNS = "campaign_id, seq, phone, ani, postd, message_reference"


async def measure(options: Options) -> Result:
    """Put the list into an empty table in both ways."""
    count = QUICK if options.quick else NUMBERS
    numbers, ready_made = options.folder / "numbers.csv", options.folder / "rows.copy"
    _write(numbers, (f"tel:+1222{n:07d}; ani=7778889999, customer {n}\n" for n in range(count)))
    rows = (f"0\t{n + 1}\t+1222{n:07d}\t+17778889999\t\\N\tcustomer {n}\n" for n in range(count))
    _write(ready_made, rows)
    async with ledger_of(options) as (dsn, ledger), tenant_of(dsn, ledger) as tenant:
        variants = [
            Variant(OURS, lambda: _over_http(tenant, ledger, numbers, count)),
            Variant(LIMIT, lambda: _psql(dsn, ledger, ready_made, count)),
        ]
        runs = await compete(variants, rounds=options.rounds)
    return Result("import", "number", runs, [Goal("rate beside psql", rate, OURS, LIMIT, at_least=0.8)])


def _write(path: Path, lines: Iterator[str]) -> None:
    with path.open("w") as file:
        file.writelines(lines)


async def _over_http(tenant: Tenant, ledger: Database, numbers: Path, count: int) -> Run:
    await ledger.execute("TRUNCATE calls")
    campaign = await tenant.add_campaign()
    forget_height(tenant.pid)
    before = memory(tenant.pid, "VmRSS")

    async def census() -> dict[str, list[int]]:
        return {"api": [tenant.pid], "postgres": await backends(ledger)}

    async with Bill(census) as bill:
        form = aiohttp.FormData({"campaign_id": str(campaign)})
        with numbers.open("rb") as file:
            form.add_field("phone_numbers", file, filename="numbers.csv", content_type="text/csv")
            added = (await tenant.send("/campaigns/add-calls", data=form))["added"]
    await _check(ledger, count)
    assert added == count
    grown = memory(tenant.pid, "VmHWM") - before
    return Run(count, bill.seconds, bill.cpu, {"memory growth MiB": grown / (1 << 20)})


async def _psql(dsn: str, ledger: Database, ready_made: Path, count: int) -> Run:
    await ledger.execute("TRUNCATE calls")

    async def census() -> dict[str, list[int]]:
        return {}

    async with Bill(census) as bill:
        copy = f"\\copy calls ({_COLUMNS}) from '{ready_made}'"
        process = await asyncio.create_subprocess_exec(
            "psql", "-qX", "-v", "ON_ERROR_STOP=1", "-d", dsn, "-c", copy, stdin=asyncio.subprocess.DEVNULL
        )
        assert await process.wait() == 0
    await _check(ledger, count)
    return Run(count, bill.seconds, bill.cpu)


async def _check(ledger: Database, count: int) -> None:
    row = await ledger.fetch_one("SELECT count(*) AS n FROM calls")
    assert row is not None
    assert row["n"] == count, f"{row['n']} of {count} numbers are in the table"
