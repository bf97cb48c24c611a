"""One browser and one house for the whole ring: its clock runs fast, and each story is a tenant of its own.

The ring's tests run one after the other wherever the shuffle put the first: a house that stood open for all of the
tests' half hour would reach its night, in which nobody is called.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

import pytest
import pytest_asyncio

from demo.application import Sink
from shared.domain.calling_hours import resolve
from tests.support import postgres
from tests.support.browsing import find_chromium, open_browser
from tests.support.house import open_house, serve_tenant
from tests.support.servers import NoServerError, in_ci
from tests.support.waiting import until

MONDAY = date(2022, 1, 3)
RATE = 60
WINDOWS = [{"profile": "Quick", "start_time": "06:00", "end_time": "23:00"}]
NUMBERS = [f"tel:+12125550{100 + n}; ani=6175550199, first-{n}" for n in (0, 1, 2, 3, 4, 5, 8)]


def pytest_collection_modifyitems(items):
    """The ring's tests stay together, on one event loop: the browser lives on it."""
    ring = [item for item in items if item.path.parent.name == "browser"]
    if not ring:
        return
    for item in ring:
        item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
    first = items.index(ring[0])
    others = set(items) - set(ring)
    items[:] = [*(i for i in items[:first] if i in others), *ring, *(i for i in items[first:] if i in others)]


@pytest.fixture(scope="package")
def chromium():
    """The path of the browser; a laptop without one is told so in one line, in CI it is a failure."""
    try:
        return find_chromium()
    except NoServerError as error:
        if in_ci():
            pytest.fail(f"CI must run every ring, but {error}", pytrace=False)
        pytest.skip(f"NO BROWSER, ITS TESTS WERE NOT RUN ({error})")


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def browser(chromium):
    async with open_browser(chromium) as opened:
        yield opened


@pytest.fixture(scope="package")
def ledger(chromium, postgres_server, migrated_template):
    """The DSN of the one database of the ring."""
    with postgres.copied_database(postgres_server, migrated_template) as dsn:
        yield dsn


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def house(ledger):
    """A house whose Monday began at eight, and a server for the results of all its tenants."""
    async with (
        open_house(
            "embedded",
            dsn=ledger,
            rabbit_url="memory://",
            prefix="browser.",
            origin=resolve(MONDAY, time(8)),
            rate=RATE,
            settings={"REQUESTS_PER_MINUTE": "0"},
        ) as opened,
        serve_tenant(Sink()) as tenant,
    ):
        yield replace(opened, tenant=tenant)


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def tenant(house):
    """A tenant with a campaign that is over, one result of which nobody took, and one that was not started."""
    tenant = await house.of_another_tenant()
    await tenant.ask(
        "POST", "/api/schedules", json={"days": ["mon", "tue", "wed", "thu", "fri"], "nickname": "weekdays"}
    )
    pace = {"period": 1, "amount_per_period": 30, "time_between_periods": 0}
    await tenant.ask("POST", "/api/profiles", json={**pace, "nickname": "Quick"})
    campaign = {
        "start_date": "2022-01-03",
        "end_date": "2022-01-07",
        "schedule": "weekdays",
        "profiles": WINDOWS,
        "start_url": f"{house.tenant}/start",
        "result_url": f"{house.tenant}/result",
        "phone_numbers": NUMBERS,
    }
    tenant.called, tenant.waiting = [
        (await tenant.ask("POST", "/api/campaigns", json=campaign))["response"]["id"] for _ in range(2)
    ]
    await tenant.ask("POST", "/api/campaigns/start", json={"campaign_id": tenant.called})
    await until(lambda: all_delivered(house, tenant.called), within=40)
    await house._database.execute(
        "UPDATE deliveries SET state = 'dead', tries = 10, last_status = 503 WHERE campaign_id = $1 AND seq = 3",
        tenant.called,
    )
    return tenant


async def all_delivered(house, campaign):
    rows = await house._database.fetch(
        "SELECT 1 FROM deliveries WHERE campaign_id = $1 AND state = 'delivered'", campaign
    )
    return len(rows) == len(NUMBERS)


@pytest.fixture
def upload(tmp_path):
    """Make a list to upload; returns its path."""

    def made(*lines):
        path = tmp_path / "numbers.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return made
