"""The worker that removes what is too old, in every api process: each takes what nobody else is removing."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

import structlog

from services.api import audit
from services.api.idempotency import forget_answers
from shared.clock import Clock
from shared.db.pool import TRANSIENT, Database

log = structlog.get_logger()

_EVERY_SECONDS = 600.0


class Forgetter:
    """Forgets answers kept under keys, and audit rows."""

    name = "api.forgetter"

    def __init__(self, database: Database, clock: Clock, *, audit_kept_for: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._audit_kept_for = audit_kept_for

    async def run(self, stopping: asyncio.Event) -> None:
        """Forget every ten minutes until told to stop."""
        while not stopping.is_set():
            try:
                await self._forget()
            except TRANSIENT as error:
                log.warning("api.forgetter_waiting", error=type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), _EVERY_SECONDS)

    async def _forget(self) -> None:
        now = self._clock.now()
        if forgotten := await forget_answers(self._database, now=now):
            log.info("api.answers_forgotten", count=forgotten)
        if forgotten := await audit.forget(self._database, now=now, kept_for=self._audit_kept_for):
            log.info("api.audit_forgotten", count=forgotten)
