"""`./run demo`: a morning's campaign in half a minute, on a private house, with a report at the end."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator
from datetime import date, time, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from demo.application import Sink, make_application
from demo.numbers import numbers
from demo.picture import save_picture
from demo.report import Morning, report
from demo.verdict import Placed, judge
from services import embedded
from services.api.tokens import create_token
from services.dialer.carriers.simulated import SimulatedCarrier
from shared.clock import Clock
from shared.db.embedded import EmbeddedPostgres
from shared.db.house_clock import set_rehearsal_clock
from shared.db.pool import Database
from shared.db.scratch import scratch_database
from shared.domain.calling_hours import EASTERN, CallingHours, Day, Window, resolve
from shared.observability.logging import configure_logging
from shared.runtime.process import serve
from shared.runtime.service import Platform
from shared.settings import HouseSettings

DATA = Path(__file__).resolve().parent.parent / ".paceline" / "demo"
ENTRIES = 300
AMOUNT, PERIOD, SILENCE = 100, timedelta(minutes=30), timedelta(minutes=10)
DAY = date(2022, 1, 3)
ORIGIN = resolve(DAY, time(7, 58))
RATE = 200.0
HOURS = CallingHours(frozenset(Day) - {Day.SAT, Day.SUN}, DAY, date(2022, 1, 5), (Window(time(8), time(11)),))
PATIENCE = 90.0  # real seconds
console = Console()


@contextlib.asynccontextmanager
async def tenant_server(sink: Sink) -> AsyncIterator[str]:
    """Run the tenant's own web server and yield its address."""
    runner = web.AppRunner(make_application(sink), access_log=None)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listener).start()  # the site owns the socket from here on
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        await runner.cleanup()


async def order_campaign(api: str, token: str, tenant: str) -> int:
    """Do what a tenant's program does: schedule, profile, campaign with its list, start."""
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as http:

        async def ask(path: str, **body: Any) -> dict[str, Any]:
            async with http.post(api + path, **body) as answer:
                content: dict[str, Any] = await answer.json(content_type=None)
                if answer.status != HTTPStatus.OK:
                    raise RuntimeError(f"{path} answered {answer.status}: {content}")
                return content

        await ask("/api/schedules", json={"days": ["mon", "tue", "wed", "thu", "fri"], "nickname": "weekdays"})
        await ask(
            "/api/profiles",
            data={"nickname": "MorningPace", "period": 30, "amount_per_period": AMOUNT, "time_between_periods": 10},
        )
        form = aiohttp.FormData()
        for name, value in {
            "start_date": str(HOURS.start_date),
            "end_date": str(HOURS.end_date),
            "schedule": "weekdays",
            "profiles": '[{"profile":"MorningPace","start_time":"08:00","end_time":"11:00"}]',
            "start_url": f"{tenant}/start",
            "result_url": f"{tenant}/result",
        }.items():
            form.add_field(name, value)
        form.add_field("phone_numbers", numbers(ENTRIES), filename="numbers.csv", content_type="text/csv")
        created = await ask("/api/campaigns", data=form)
        campaign = int(created["response"]["id"])
        await ask("/api/campaigns/start", json={"campaign_id": campaign})
        return campaign


async def watch(sink: Sink, carrier: SimulatedCarrier, clock: Clock, house: asyncio.Task[None]) -> RenderableType:
    """Show the campaign's progress until every entry has its result, or patience ends; returns what it showed last."""
    columns = (
        TextColumn("{task.description:<22}"),
        BarColumn(finished_style="green"),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    deadline = clock.monotonic() + PATIENCE
    with Progress(*columns, console=console) as progress:
        calls = progress.add_task("calls placed", total=ENTRIES)
        posts = progress.add_task("results delivered", total=ENTRIES)
        while len(sink.results) < ENTRIES and clock.monotonic() < deadline and not house.done():
            progress.update(
                calls,
                completed=len(carrier.placed),
                description=f"{clock.now().astimezone(EASTERN):%a %H:%M} calls placed",
            )
            progress.update(posts, completed=len(sink.results))
            await clock.sleep(0.2)
        progress.update(calls, completed=len(carrier.placed))
        progress.update(posts, completed=len(sink.results))
    return progress.get_renderable()


def tell(sink: Sink, carrier: SimulatedCarrier, picture: Path | None, *above: RenderableType) -> int:
    """Print the report, and save it with what was shown above it when a picture is wanted; returns the exit code."""
    placed = [Placed(*call) for call in carrier.placed]
    morning = Morning(
        entries=ENTRIES,
        amount=AMOUNT,
        period=PERIOD,
        opens_at=resolve(DAY, time(8)),
        placed_at=[call.placed_at for call in placed],
        verdict=judge(placed, sink.results.values(), entries=ENTRIES, amount=AMOUNT, period=PERIOD, hours=HOURS),
        started=sink.started,
        unsigned=sink.unsigned,
        said=sink.said,
    )
    console.print(report(morning))
    if picture:
        save_picture(picture, Text("$ ./run demo", "bold"), *above, report(morning))
    return 1 if morning.broken else 0


async def rehearse(server: str, picture: Path | None) -> int:
    """Run the whole demo against a PostgreSQL server; returns the exit code."""
    clock = Clock()
    begun = clock.monotonic()
    sink, stopping, started = Sink(), asyncio.Event(), asyncio.Event()
    held: dict[str, Any] = {}
    async with scratch_database(server, name="demo") as dsn, tenant_server(sink) as tenant:
        over: dict[str, Any] = {"environment": "demo", "database_url": dsn}
        over["queue_prefix"] = f"demo-{secrets.token_hex(4)}."
        over |= {"ops_port": 0, "drain_seconds": 5}
        database = Database(dsn, name="demo", size=2)
        await database.open()
        await set_rehearsal_clock(database, origin=ORIGIN, rate=RATE)
        token, sink.secret = await create_token(database, "demo", ORIGIN)
        await database.close()
        listener = socket.create_server(("127.0.0.1", 0))
        api = f"http://127.0.0.1:{listener.getsockname()[1]}"

        def rooms(platform: Platform) -> Any:
            held["clock"] = platform.clock
            held["carrier"] = SimulatedCarrier(platform.clock, seed=2022)
            return embedded.build(platform, listener=listener, carrier=held["carrier"], overrides=dict(over))

        settings = HouseSettings(**over)
        house = asyncio.create_task(serve(settings, rooms, name="demo", stopping=stopping, started=started))
        up = asyncio.create_task(started.wait())
        await asyncio.wait({house, up}, return_when=asyncio.FIRST_COMPLETED)
        if house.done():
            up.cancel()
            await house
        opened = f"The house is up after {clock.monotonic() - begun:.1f} s: {api} (clock: {RATE:.0f} times as fast)"
        console.print(opened)
        await order_campaign(api, token, tenant)
        progress = await watch(sink, held["carrier"], held["clock"], house)
        stopping.set()
        await house
    return tell(sink, held["carrier"], picture, opened, progress)


def main() -> int:
    """Run the demo; returns 0 when every promise was kept."""
    parser = argparse.ArgumentParser(prog="./run demo", description="Run a campaign from end to end.")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="also write what was shown into an SVG")
    arguments = parser.parse_args()
    if arguments.picture and not arguments.picture.parent.is_dir():
        parser.error(f"there is no folder {arguments.picture.parent}")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without our signs is no reason to stop
    configure_logging(level=os.environ.get("LOG_LEVEL", "error"), style="auto", room="demo")
    server = os.environ.get("DATABASE_URL")
    if server:
        return asyncio.run(rehearse(server, arguments.picture))
    with EmbeddedPostgres(DATA, durable=False) as private:
        return asyncio.run(rehearse(private, arguments.picture))


if __name__ == "__main__":
    sys.exit(main())
