"""What a process shows of itself: which rooms it runs, what it stands on, how long it has been draining."""

from __future__ import annotations

from types import SimpleNamespace

from prometheus_client import REGISTRY

from shared import VERSION
from shared.runtime.process_watch import ProcessWatch
from tests.support.repository import ROOT


def shown(name, **labels):
    return REGISTRY.get_sample_value(f"paceline_{name}", labels)


def test_it_shows_its_rooms_its_servers_and_its_drain():
    told = []
    database, broker = SimpleNamespace(busy=3, idle=1, size=10), SimpleNamespace(connected=True)
    watch = ProcessWatch(SimpleNamespace(database=database, broker=broker), ["pacer"], draining=lambda: bool(told))
    watch._show(100.0)
    assert shown("room", room="pacer") == 1
    assert (shown("database_connections", state="busy"), shown("database_connections", state="idle")) == (3, 1)
    assert shown("database_connections_max") == 10
    assert (shown("broker_up"), shown("draining"), shown("drain_seconds")) == (1, 0, 0)
    told.append("SIGTERM")
    broker.connected = False
    watch._show(101.0)
    watch._show(131.0)
    assert (shown("broker_up"), shown("draining"), shown("drain_seconds")) == (0, 1, 30)


def test_the_version_that_is_shown_is_the_projects():
    assert f'\nversion = "{VERSION}"\n' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
