"""The doctor on real servers: a house that works is sound, and what is broken is named."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from shared.broker.rabbit import RabbitBroker
from shared.doctor import __main__ as doctor
from shared.settings import HouseSettings
from tests.support.postgres import statements
from tests.support.repository import ROOT


def examined(dsn, rabbit_url="memory://", **settings):
    """Run it as an operator does; returns its exit code and its lines by what they are about."""
    environment = os.environ | {"DATABASE_URL": dsn, "RABBITMQ_URL": rabbit_url, "ENVIRONMENT": "test", **settings}
    command = [sys.executable, "-m", "shared.doctor"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert not done.stderr
    lines = [line.split(maxsplit=2) for line in done.stdout.splitlines()]
    return done.returncode, [(level, about, says) for level, about, says in lines]


@pytest.fixture
async def queues(rabbit_url, queue_prefix):
    broker = RabbitBroker(rabbit_url, prefix=queue_prefix, name="test")
    await broker.open()
    yield queue_prefix
    await broker.delete_topology()
    await broker.close()


async def test_a_deployment_without_rooms_is_told_so_and_all_else_is_good(database, rabbit_url, queues):
    code, found = examined(database, rabbit_url, QUEUE_PREFIX=queues)
    assert code == 1
    assert {about for level, about, _ in found if level == "good"} == {
        "PostgreSQL",
        "schema",
        "ledger",
        "clock",
        "backlog",
    }
    assert (
        "WRONG",
        "rooms",
        "nobody is connected as api, pacer, dialer, results: start them, and read their logs.",
    ) in found
    assert sum("nobody reads" in says for _, about, says in found if about == "RabbitMQ") >= 4


@pytest.mark.parametrize(
    ("broken", "about", "says"),
    [
        ("DROP SCHEMA public CASCADE", "PostgreSQL", "run `python -m shared.db migrate`"),
        ("UPDATE ledger_lines SET system_id = 'another'", "ledger", "`./run ledger show`"),
    ],
)
async def test_a_broken_ledger_is_named(database, broken, about, says):
    await statements(database, broken)
    code, found = examined(database)
    assert code == 1
    assert any(level == "WRONG" and about == where and says in words for level, where, words in found)


async def test_a_clock_that_was_told_slowly_once_is_asked_again_as_the_rooms_do(database, monkeypatch):
    read, slow = doctor.read_clock, [True]

    async def read_slowly_at_first(*asked):
        reading = await read(*asked)
        return replace(reading, error=0.2) if slow and slow.pop() else reading

    monkeypatch.setattr(doctor, "read_clock", read_slowly_at_first)
    settings = HouseSettings(database_url=database, rabbitmq_url="memory://", environment="test")
    found = {finding.about: finding async for finding in doctor.examine(settings)}
    assert not slow
    assert found["clock"].level is doctor.Level.GOOD, found["clock"].says


def test_servers_that_are_away_are_named_without_their_passwords(database):
    code, found = examined(database, "amqp://guest:secretive@127.0.0.1:9/")
    assert code == 1
    (said,) = [says for level, about, says in found if about == "RabbitMQ"]
    assert "Is RABBITMQ_URL right" in said
    code, found = examined("postgresql://paceline:secretive@127.0.0.1:9/paceline")
    assert "Is DATABASE_URL right" in found[0][2]
    assert "secretive" not in str(found) + said


def test_settings_that_are_none_are_named(database):
    assert examined(database, OPS_PORT="many")[1] == [
        ("WRONG", "settings", "OPS_PORT: Input should be a valid integer, unable to parse string as an integer.")
    ]
