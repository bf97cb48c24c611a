"""structlog, once for a process: names of events, values as keys, and no number, reference or token in any line."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog

from shared.observability.subject import say_what_it_is_about

_SECRET_KEYS = frozenset(
    {"phone", "phone_number", "ani", "postd", "message_reference", "token", "authorization", "url"}
)
_NUMBER = re.compile(r"(?<!\w)\+?\d{10,15}(?!\w)")
_TOKEN = re.compile(r"\b(?:pl|whsec)_[A-Za-z0-9_+/=-]{8,}")

Event = MutableMapping[str, Any]


def mask(_: Any, __: str, event: Event) -> Event:
    """Take personal data and secrets out of a log line: by key, and by shape wherever they hide in a text."""
    for key, value in event.items():
        if key in _SECRET_KEYS:
            event[key] = "•••"
        elif isinstance(value, str):
            event[key] = _TOKEN.sub("•••", _NUMBER.sub("•••", value))
    return event


def log_unexpected(log: Any, event: str, error: BaseException, **values: Any) -> None:
    """Log an unexpected error by its type and place: its own words may hold numbers, references and addresses."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    at = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    log.error(event, error=type(error).__name__, at=at, **values)


def configure_logging(*, level: str, style: str, room: str) -> None:
    """Set up structlog and the standard library's log for this process."""
    console = style == "console" or (style == "auto" and sys.stderr.isatty())
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        say_what_it_is_about,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask,
    ]
    last: structlog.types.Processor = (
        structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer(serializer=_json)
    )
    structlog.configure(
        cache_logger_on_first_use=True,
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        processors=[*shared, last],
    )
    structlog.contextvars.bind_contextvars(room=room)
    handler = logging.StreamHandler()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=last, foreign_pre_chain=shared))
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)


def _json(value: Any, **_: Any) -> str:
    return orjson.dumps(value, default=str).decode()
