"""What the doctor says of what was found out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.doctor.judgement import Level, QueueFacts, on_backlog, on_broker, on_clock, on_rooms, on_server
from shared.settings import HouseSettings

SOUND = {
    "major": 16, "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "replicated": False,
    "connections_at_most": 100, "connections": 12, "rehearsed": False, "out_of_reach": [],
}  # fmt: skip
SETTINGS = HouseSettings(environment="production")
ALL = {f"paceline-{room}/17": 1 for room in ("api", "pacer", "dialer", "results")}


def only(findings):
    (finding,) = findings
    return finding.level, finding.says


def test_a_sound_server_is_good():
    assert only(on_server(SOUND, SETTINGS)) == (Level.GOOD, "version 16, 12 connections.")


@pytest.mark.parametrize(
    ("changed", "level", "says"),
    [
        ({"major": 14}, Level.WRONG, "tried are 15 to 18"),
        ({"fsync": "off"}, Level.WRONG, "fsync = off: a crash may forget calls that were dialed"),
        ({"synchronous_commit": "off"}, Level.WRONG, "phones ring twice"),
        ({"rehearsed": True}, Level.WRONG, "empty the table rehearsal_clock"),
        ({"out_of_reach": ["calls", "outbox"]}, Level.WRONG, "does not let this user write calls, outbox"),
        ({"connections": 95}, Level.LOOK, "5 connections left of 100"),
    ],
)
def test_what_breaks_a_promise_is_said(changed, level, says):
    found_level, found = only(on_server(SOUND | changed, SETTINGS))
    assert found_level is level
    assert says in found


def test_failovers_that_lose_nothing_need_a_synchronous_replica():
    trusting = HouseSettings(environment="production", failover_loses_nothing=True)
    assert "no synchronous_standby_names" in only(on_server(SOUND, trusting))[1]
    assert only(on_server(SOUND | {"replicated": True}, trusting))[0] is Level.GOOD


@pytest.mark.parametrize(
    ("offset", "round_trip", "level", "says"),
    [
        (0.01, 0.002, Level.GOOD, "within 10 ms of PostgreSQL's, read in 2 ms"),
        (3, 0.002, Level.LOOK, "3.0 s ahead of PostgreSQL"),
        (-3, 0.002, Level.LOOK, "3.0 s behind PostgreSQL"),
        (0, 0.2, Level.WRONG, "took 200 ms to tell the time; rooms call by 100 ms at the most"),
    ],
)
def test_clocks_are_compared(offset, round_trip, level, says):
    finding = on_clock(timedelta(seconds=offset), timedelta(seconds=round_trip))
    assert finding.level is level
    assert says in finding.says


@pytest.mark.parametrize(
    ("connected", "level", "says"),
    [
        (ALL, Level.GOOD, "all are connected, as version 17"),
        ({"paceline-house/17": 1}, Level.GOOD, "all are connected"),
        ({}, Level.WRONG, "nobody is connected as api, pacer, dialer, results"),
        ({name: 1 for name in ALL if "dialer" not in name}, Level.WRONG, "nobody is connected as dialer"),
        (ALL | {"paceline-dialer/16": 1}, Level.LOOK, "dialer runs as version 16, 17; this program is 17"),
        (ALL | {"paceline-doctor/17": 1, "paceline-migrate": 1}, Level.GOOD, "all are connected"),
    ],
)
def test_who_is_connected_is_told(connected, level, says):
    found = only(on_rooms(connected, 17))
    assert found[0] is level
    assert says in found[1]


def test_queues_are_read_and_short_and_nobody_is_dead():
    sound = QueueFacts("dialer.calls.place.v1", 10, 2, 0)
    assert only(on_broker("3.13.2", [sound])) == (Level.GOOD, "version 3.13.2, 1 queues, each is read.")
    unread, long, dead = (
        QueueFacts("dialer.calls.place.v1", *facts) for facts in ((0, 0, 0), (20_000, 1, 0), (0, 1, 3))
    )
    assert only(on_broker("4.1.0", [unread]))[1] == "nobody reads dialer.calls.place.v1: is the room dialer running?"
    assert "20,000 letters wait" in only(on_broker("4.1.0", [long]))[1]
    assert "./run letters list dialer.calls.place.v1" in only(on_broker("4.1.0", [dead]))[1]
    assert only(on_broker("3.9.1", [sound]))[0] is Level.WRONG


def test_what_waits_too_long_is_said():
    assert only(on_backlog(3, timedelta(seconds=1), 0))[0] is Level.GOOD
    assert only(on_backlog(3, timedelta(minutes=2), 0)) == (
        Level.WRONG,
        "3 letters wait, the oldest for 120 s: nobody gets them to RabbitMQ.",
    )
    assert only(on_backlog(0, timedelta(0), 7))[0] is Level.LOOK
