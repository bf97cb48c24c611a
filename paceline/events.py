"""The stream of events, followed over broken connections: each is yielded once, and none is left out."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator

import aiohttp

from paceline.asking import understood
from paceline.errors import Failed, NotReached, NotUnderstood, TooMany
from paceline.models import Event
from paceline.retries import Patience
from paceline.sse import Message, Parser, TooLong
from paceline.transport import Transport, pause

_SILENCE = 90.0  # a stream says at the least that it is there; one that is silent for so long is dead
_BROKEN = (aiohttp.ClientError, TimeoutError, ConnectionError)


async def follow(
    transport: Transport, path: str, *, after: int | None = None, patience: Patience
) -> AsyncIterator[Event]:
    """Yield events as they happen, those after a place first; without one, from now on.

    Raises:
        NotReached: the house was gone for longer than one is patient.
    """
    last, fails = after, 0
    while True:
        parser = Parser()
        try:
            headers = {"Accept": "text/event-stream"} | ({} if last is None else {"Last-Event-ID": str(last)})
            async with transport.stream("GET", path, headers=headers, silence=_SILENCE) as answer:
                if answer.content_type != "text/event-stream":
                    raise NotUnderstood("The house answered the question for events, but with none.")
                async for piece in answer.content.iter_any():
                    fails = 0  # whoever speaks is there, if only to say so
                    for message in parser.feed(piece):
                        event = to_event(message, path)
                        last = event.seq
                        yield event
        except (Failed, TooMany, *_BROKEN) as error:
            broken: Exception | None = error
        except TooLong as error:
            raise NotUnderstood(f"The stream of events is none: {error}.") from None
        else:
            broken = None  # it ended in order: a house that restarts, or is tired of us
        fails += 1
        asked = None if parser.retry is None else parser.retry / 1000
        wait = patience.wait(fails, chance=random.random(), retry_after=asked)  # noqa: S311 (spreads clients)
        if wait is None:
            raise NotReached("The stream of events broke off, and cannot be had again.") from broken
        await pause(wait)


def to_event(message: Message, path: str) -> Event:
    """Return a message as the event it holds."""
    try:
        content = json.loads(message.data)
        return understood(Event, {**content, "seq": int(message.id)}, path)
    except (ValueError, TypeError):
        raise NotUnderstood("A message of the stream is no event.") from None
