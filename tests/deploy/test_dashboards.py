"""Every panel shows something of a house at work, and asks for nothing that is not there."""

from __future__ import annotations

import json
import math
import os
import re
from datetime import date, time

import pytest

from shared.domain.calling_hours import resolve
from tests.acceptance.test_calling import ANSWERED, BUSY, add, make_campaign
from tests.deploy.test_alerts import ALERTS, RULES
from tests.support.dashboards import DASHBOARDS, panels, to_grafana
from tests.support.house import open_house
from tests.support.instruments import USED, instruments, name_of, strangers
from tests.support.prometheus import prometheus
from tests.support.repository import ROOT
from tests.support.waiting import until

FOLDER = ROOT / "deploy" / "observability" / "dashboards"
REWRITE = "PACELINE_WRITE=1 ./run test tests/deploy/test_dashboards.py"
EIGHT = resolve(date(2022, 1, 3), time(7, 59, 50))
CALLS = 12
each_dashboard = pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda each: each.uid)
# Read in a table, by an alert, or by whoever looks for a cause: a picture of it says nothing more.
IN_NO_PANEL = {"paceline_answers_not_told_total", "paceline_dialer_leases", "paceline_drain_seconds"} | {
    "paceline_events_unreadable_total",
    "paceline_house_looked_over_timestamp_seconds",
}


@each_dashboard
def test_the_json_is_made_of_what_the_code_says(dashboard):
    made = json.dumps(to_grafana(dashboard), indent=1) + "\n"
    file = FOLDER / f"{dashboard.uid}.json"
    if os.environ.get("PACELINE_WRITE"):
        file.write_text(made, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == made, REWRITE


def test_there_are_no_others():
    assert {each.stem for each in FOLDER.glob("*.json")} == {each.uid for each in DASHBOARDS}


@each_dashboard
def test_a_dashboard_is_laid_out_without_a_gap_or_an_overlap(dashboard):
    places = [panel["gridPos"] for panel in to_grafana(dashboard)["panels"]]
    taken = [(x, y) for p in places for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])]
    assert len(taken) == len(set(taken))
    assert all(x < 24 for x, _ in taken)
    assert len({panel["id"] for panel in to_grafana(dashboard)["panels"]}) == len(places)


def test_every_instrument_is_in_a_panel_and_no_panel_asks_for_another():
    asked = " ".join(ask for dashboard in DASHBOARDS for panel in panels(dashboard) for ask in panel.asks.values())
    assert strangers(asked) == []
    seen = {re.sub("_(bucket|count|sum)$", "", name) for name in USED.findall(asked)}
    unseen = set(map(name_of, instruments())) - seen
    assert unseen == IN_NO_PANEL


def shows(series) -> bool:
    return any(not math.isnan(float(each["value"][1])) for each in series)


async def scraped(watcher, question: str, values: list[float]) -> bool:
    return [float(each["value"][1]) for each in await watcher.ask(question)] == values


async def test_every_panel_shows_something_of_a_house_at_work(database, rabbit_url, queue_prefix, tmp_path):
    asks = {
        ask.replace("$__rate_interval", "30s") for each in DASHBOARDS for p in panels(each) for ask in p.asks.values()
    }
    where = {"dsn": database, "rabbit_url": rabbit_url, "prefix": queue_prefix}
    async with open_house("embedded", **where, origin=EIGHT, rate=30) as house:
        target = house.rooms["services"].ops.removeprefix("http://")
        async with prometheus(tmp_path, [target], rules=RULES) as watcher:
            await until(lambda: watcher.ask("paceline_slots_granted_total"))
            campaign = await make_campaign(house, period=1, amount=60, silence=1)
            await add(house, campaign, [ANSWERED] * (CALLS // 2) + [BUSY] * (CALLS // 2))
            await house.ask("POST", "/api/campaigns/start", json={"campaign_id": campaign})
            await house.ask("GET", f"/api/campaigns/{campaign}")
            await house.results(CALLS)
            dark = set(asks)

            async def all_show():
                dark.difference_update([ask for ask in dark if shows(await watcher.ask(ask))])
                return not dark

            try:
                await until(all_show, within=15)
            except AssertionError:
                raise AssertionError(f"these show nothing: {sorted(dark)}") from None
            rules = {rule["name"]: rule for rule in await watcher.rules()}
            assert set(rules) == set(ALERTS)
            assert [name for name, rule in rules.items() if rule["health"] != "ok"] == []
            assert [name for name, rule in rules.items() if rule["state"] == "firing"] == []
            # Every panel shows something as soon as any outcome was scraped; the last of them may come a scrape later.
            await until(lambda: scraped(watcher, 'paceline_outcomes_total{disposition="answered"}', [CALLS / 2]))
