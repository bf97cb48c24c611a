"""`python -m shared.doctor`: looks at a deployment by its own settings and says what is wrong; then it ends with 1."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import timedelta

from pydantic import ValidationError

from shared.broker.port import BrokerError
from shared.broker.rabbit import RabbitBroker
from shared.clock import Clock
from shared.contracts.catalogue import CATALOGUE
from shared.db.house import NoHouse, find_database
from shared.db.house_clock import RehearsalRefused, read_clock
from shared.db.ledger_line import LedgerMoved, find_place
from shared.db.migrate import ProgramBehindError, SchemaBehindError, check_schema
from shared.db.pool import TRANSIENT, Database
from shared.db.statements import load_statements
from shared.db.versions import program_version
from shared.doctor.judgement import (
    Finding,
    Level,
    QueueFacts,
    on_backlog,
    on_broker,
    on_clock,
    on_rooms,
    on_server,
)
from shared.settings import HouseSettings

SQL = load_statements("shared.doctor")


async def examine(settings: HouseSettings) -> AsyncIterator[Finding]:
    """Look at everything these settings lead to."""
    async for finding in _examine_ledger(settings):
        yield finding
    url = settings.rabbitmq_address
    if url.startswith("memory:"):
        yield Finding(Level.LOOK, "RabbitMQ", "RABBITMQ_URL is not set: that is right for a house in one process only.")
        return
    async for finding in _examine_broker(url, settings.queue_prefix):
        yield finding


async def _examine_ledger(settings: HouseSettings) -> AsyncIterator[Finding]:
    try:
        dsn = find_database(settings.database_address)
        await check_schema(dsn)
    except (NoHouse, SchemaBehindError, ProgramBehindError) as refusal:
        yield Finding(Level.WRONG, "PostgreSQL", str(refusal))
        return
    except TRANSIENT as error:
        yield _away("PostgreSQL", "DATABASE_URL", error)
        return
    database = Database(dsn, name="doctor", size=2)
    await database.open()
    try:
        async for finding in _examine_open(database, settings):
            yield finding
    finally:
        await database.close()


async def _examine_open(database: Database, settings: HouseSettings) -> AsyncIterator[Finding]:
    for finding in on_server(dict((await database.fetch(SQL["server_facts"]))[0]), settings):
        yield finding
    yield Finding(Level.GOOD, "schema", f"serves this program, version {program_version()}.")
    try:
        async with database.connection() as connection:
            place = await find_place(connection)
        if place.accepted:
            yield Finding(Level.GOOD, "ledger", "is on the line of history that was accepted.")
        else:
            yield Finding(Level.WRONG, "ledger", "has moved, and nobody is called by it: `./run ledger show`.")
        clock = Clock()
        # The best of three: the first answer waits for its plan, and the rooms ask again, too.
        readings = [await read_clock(database, clock, settings.environment) for _ in range(3)]
        reading = min(readings, key=lambda each: each.error)
        if reading.rate == 1:
            offset = clock.now() - reading.shows(clock.monotonic())
            yield on_clock(offset, timedelta(seconds=reading.error))
    except (LedgerMoved, RehearsalRefused) as refusal:
        yield Finding(Level.WRONG, "ledger", str(refusal))
        return
    connected = {row["name"]: row["hosts"] for row in await database.fetch(SQL["who_is_connected"])}
    for finding in on_rooms(connected, program_version()):
        yield finding
    backlog = (await database.fetch(SQL["backlog"]))[0]
    oldest = backlog["oldest_letter"]
    waiting_for = reading.instant - oldest if oldest else timedelta(0)
    for finding in on_backlog(backlog["letters"], waiting_for, backlog["dead_deliveries"]):
        yield finding


async def _examine_broker(url: str, prefix: str) -> AsyncIterator[Finding]:
    broker = RabbitBroker(url, prefix=prefix, name="doctor")
    try:
        await broker.open()
        queues = []
        for name in (queue for entry in CATALOGUE for queue in entry.queues):
            waiting, readers = await broker.look_at(name)
            queues.append(QueueFacts(name, waiting, readers, await broker.count_dead(name)))
        for finding in on_broker(broker.server_version, queues):
            yield finding
    except BrokerError as error:
        yield _away("RabbitMQ", "RABBITMQ_URL", error)
    finally:
        await broker.close()


def _away(server: str, setting: str, error: BaseException) -> Finding:
    why = f"{type(error).__name__}: {error}"
    return Finding(
        Level.WRONG, server, f"cannot be worked with ({why}). Is {setting} right, is it up, may this host reach it?"
    )


def to_line(finding: Finding) -> str:
    """Return a finding as a line."""
    return f"{finding.level:<5}  {finding.about:<10}  {finding.says}\n"


async def _tell(settings: HouseSettings) -> bool:
    well = True
    async for finding in examine(settings):
        sys.stdout.write(to_line(finding))
        sys.stdout.flush()
        well = well and finding.level is not Level.WRONG
    return well


def _settings_wrong(error: ValidationError) -> Iterable[Finding]:
    for fault in error.errors(include_url=False, include_input=False):
        name = "_".join(map(str, fault["loc"])).upper()
        yield Finding(Level.WRONG, "settings", f"{name}: {fault['msg']}.")


def main(words: Sequence[str] | None = None) -> int:
    """Examine what the environment names; returns the exit code."""
    logging.disable()  # what the drivers say of it is said here, once
    argparse.ArgumentParser(prog="./run doctor", description=__doc__).parse_args(words)
    try:
        settings = HouseSettings()
    except ValidationError as error:
        sys.stdout.writelines(map(to_line, _settings_wrong(error)))
        return 1
    return 0 if asyncio.run(_tell(settings)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
