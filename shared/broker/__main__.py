"""`python -m shared.broker`: look at the letters between rooms that nobody could work on, and put them back."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterable, Sequence

from shared.broker.connect import make_broker
from shared.broker.port import Broker, BrokerError, DeadLetter
from shared.contracts.catalogue import CATALOGUE
from shared.settings import HouseSettings

QUEUES = tuple(queue for entry in CATALOGUE for queue in entry.queues)
_SHOWN = 100
_AT_ONCE = 100


def to_line(letter: DeadLetter) -> str:
    """Return a dead letter as a line: its id and why; what is in it is not shown."""
    return f"  {letter.message_id or '(no id)'}  {letter.reason}"


async def list_dead(broker: Broker, queues: Iterable[str]) -> list[str]:
    """Return the dead letters of queues as lines, up to a hundred of each."""
    lines = []
    for queue in queues:
        if count := await broker.count_dead(queue):
            lines.append(f"{queue}: {count}")
            lines += map(to_line, await broker.dead_letters(queue, limit=_SHOWN))
    return lines or ["no dead letters"]


async def redrive(broker: Broker, queue: str) -> int:
    """Put the dead letters that a queue has now back into it; returns how many.

    Those that die again meanwhile stay dead.
    """
    total, done = await broker.count_dead(queue), 0
    while done < total and (again := await broker.redrive(queue, limit=min(_AT_ONCE, total - done))):
        done += again
    return done


async def _serve(arguments: argparse.Namespace) -> None:
    settings = HouseSettings()
    broker = make_broker(settings.rabbitmq_address, prefix=settings.queue_prefix, name="letters")
    await broker.open()
    try:
        if arguments.action == "list":
            queues = [arguments.queue] if arguments.queue else QUEUES
            sys.stdout.writelines(f"{line}\n" for line in await list_dead(broker, queues))
        else:
            sys.stdout.write(f"{await redrive(broker, arguments.queue)} letters are back in {arguments.queue}\n")
    finally:
        await broker.close()


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    parser = argparse.ArgumentParser(prog="./run letters", description=__doc__)
    parser.add_argument("action", choices=("list", "redrive"))
    parser.add_argument("queue", nargs="?", choices=QUEUES, metavar="QUEUE", help=f"one of {', '.join(QUEUES)}")
    arguments = parser.parse_args(words)
    if arguments.action == "redrive" and arguments.queue is None:
        parser.error("redrive wants a queue: `./run letters list` names those with dead letters")
    if HouseSettings().rabbitmq_address.startswith("memory:"):
        parser.exit(1, "RABBITMQ_URL is not set: the letters of a house in one process end with it.\n")
    try:
        asyncio.run(_serve(arguments))
    except BrokerError as error:
        parser.exit(1, f"{error}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
