"""Print the events of a Paceline house, each once, from a bounded queue of one's own."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys

import aio_pika
from aio_pika.abc import AbstractIncomingMessage, AbstractQueue, AbstractRobustChannel
from cloudevents.core.bindings.rabbitmq import RabbitMQMessage, from_rabbitmq_event
from cloudevents.core.v1.event import CloudEvent

SAYS_NOTHING_NEW = ("campaign_id", "call_id")


async def declare(channel: AbstractRobustChannel, arguments: argparse.Namespace) -> AbstractQueue:
    """Make the queue: as long as the bound and no longer, and gone when nobody listens for a day."""
    exchange = await channel.declare_exchange(arguments.exchange, aio_pika.ExchangeType.TOPIC, durable=True)
    queue = await channel.declare_queue(
        arguments.queue,
        durable=True,
        arguments={
            "x-queue-type": "quorum",
            "x-max-length": arguments.bound,
            "x-overflow": "drop-head",
            "x-expires": 24 * 60 * 60 * 1000,
        },
    )
    for key in arguments.keys:
        await queue.bind(exchange, key)
    return queue


def read(message: AbstractIncomingMessage) -> CloudEvent:
    """Return the event of a message."""
    headers = {name: str(value) for name, value in message.headers.items()}
    return from_rabbitmq_event(RabbitMQMessage(headers, message.content_type, message.body))


def to_line(event: CloudEvent) -> str:
    """Return an event in a line."""
    account = event.get_source().rpartition(":")[2]
    data = event.get_data()
    assert isinstance(data, dict), "the house's events are JSON objects"
    more = {name: value for name, value in data.items() if name not in SAYS_NOTHING_NEW}
    about = f"{event.get_type():20} {event.get_subject() or '':34} account {account}, no {event.get_id()}"
    return f"{about}  {json.dumps(more)}" if more else about


class Heard:
    """The highest number of each account: what is not higher was heard before."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def missed(self, event: CloudEvent) -> int | None:
        """Note an event; returns how many were missed before it, or None when it comes again."""
        number, before = int(event.get_id()), self._numbers.get(event.get_source())
        if before is not None and number <= before:
            return None
        self._numbers[event.get_source()] = number
        return 0 if before is None else number - before - 1


async def listen(arguments: argparse.Namespace) -> None:
    """Print events until interrupted; a lost connection is made anew."""
    heard, everything = Heard(), arguments.keys == ["#"]
    async with await aio_pika.connect_robust(arguments.broker) as connection:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=100)
        queue = await declare(channel, arguments)
        print(f"listening for {' '.join(arguments.keys)} on {arguments.exchange}", file=sys.stderr, flush=True)
        async with queue.iterator() as messages:
            async for message in messages:
                event = read(message)
                missed = heard.missed(event)
                if missed and everything:  # who listens for some kinds of events hears some numbers only
                    print(f"{missed} events were missed before no {event.get_id()}", file=sys.stderr, flush=True)
                if missed is not None:
                    print(to_line(event), flush=True)
                await message.ack()


def main() -> int:
    """Listen as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("keys", nargs="*", default=["call.#"], help="which events: call.#, *.completed.*, # (call.#)")
    parser.add_argument("--broker", default="amqp://guest:guest@localhost/", help="the house's RabbitMQ")
    parser.add_argument("--exchange", default="paceline.events", help="EVENTS_EXCHANGE of the house")
    parser.add_argument("--queue", default="subscriber", help="the name of this subscriber's own queue")
    parser.add_argument("--bound", type=int, default=10_000, help="how many events may wait in it (10000)")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(listen(parser.parse_args()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
