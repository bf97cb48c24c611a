"""Choose the broker by the scheme of its URL."""

from __future__ import annotations

from urllib.parse import urlsplit

from shared.broker.memory import MemoryBroker
from shared.broker.port import Broker
from shared.broker.rabbit import RabbitBroker


def make_broker(url: str, *, prefix: str = "", name: str = "paceline") -> Broker:
    """Return the broker a URL stands for, not opened yet: `memory://`, `amqp://` or `amqps://`.

    `prefix` goes before every name on a shared broker; `name` is how the connection is shown to operators.
    Every call with `memory://` returns another broker: rooms that talk to each other share one.

    Raises:
        ValueError: no broker has this scheme.
    """
    match urlsplit(url).scheme:
        case "memory":
            return MemoryBroker()
        case "amqp" | "amqps":
            return RabbitBroker(url, prefix=prefix, name=name)
        case scheme:
            # Only the scheme: the rest of the URL may hold a password.
            raise ValueError(f"a broker's URL begins with memory://, amqp:// or amqps://, not {scheme + '://'!r}")
