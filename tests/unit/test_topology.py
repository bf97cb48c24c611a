"""The topology: every letter has its queues, every queue its dead letters, every name the prefix."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from shared.broker.connect import make_broker
from shared.broker.memory import MemoryBroker
from shared.broker.rabbit import RabbitBroker
from shared.broker.topology import DELIVERY_LIMIT, topology
from shared.contracts.calls import PlaceCalls
from shared.contracts.catalogue import CATALOGUE, queue_name


def test_every_receiver_of_every_letter_has_a_mailbox():
    expected = {(queue_name(room, entry.letter), entry.name) for entry in CATALOGUE for room in entry.receivers}
    assert {(mailbox.name, mailbox.letter) for mailbox in topology().mailboxes} == expected


def test_names_on_the_broker_begin_with_the_prefix_and_names_in_the_house_do_not():
    plan = topology("blue.")
    mailbox = plan.mailbox("dialer.calls.place.v1")
    assert plan.exchange == "blue.paceline"
    assert mailbox.queue == "blue.dialer.calls.place.v1"
    assert mailbox.dead_letters == "blue.dialer.calls.place.v1.dlq"
    assert mailbox.letter == PlaceCalls.NAME


def test_no_name_is_used_twice():
    names = [name for mailbox in topology("x.").mailboxes for name in (mailbox.queue, mailbox.dead_letters)]
    assert len(names) == len(set(names))


def test_every_argument_of_a_queue_is_said():
    mailbox = topology("x.").mailbox("results.calls.ended.v1")
    assert mailbox.arguments == {
        "x-queue-type": "quorum",
        "x-delivery-limit": DELIVERY_LIMIT,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": "x.results.calls.ended.v1.dlq",
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


def test_dead_letters_are_never_dropped_for_being_looked_at():
    arguments = topology().mailbox("results.calls.ended.v1").dead_letter_arguments
    assert arguments["x-queue-type"] == "quorum"
    assert arguments["x-delivery-limit"] > 1_000_000_000
    assert "x-dead-letter-exchange" not in arguments


def test_an_unknown_queue_is_refused_by_name():
    with pytest.raises(ValueError, match=r"pacer\.calls\.place\.v1"):
        topology().mailbox("pacer.calls.place.v1")


def test_it_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        topology().exchange = "other"


@pytest.mark.parametrize("url", ["amqp://guest:guest@localhost/", "amqps://broker.example/house"])
def test_amqp_urls_mean_rabbitmq(url):
    assert isinstance(make_broker(url, prefix="x.", name="pacer"), RabbitBroker)


def test_memory_urls_mean_the_broker_in_the_process():
    assert isinstance(make_broker("memory://"), MemoryBroker)


@pytest.mark.parametrize("url", ["", "redis://user:hunter2@localhost", "localhost:5672"])
def test_another_scheme_is_refused_and_the_password_not_shown(url):
    with pytest.raises(ValueError, match="memory://, amqp:// or amqps://") as refused:
        make_broker(url)
    assert "hunter2" not in str(refused.value)
