"""The worker that keeps the shelves: a spare one ahead, each closed in its time, and those that are done taken down."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from services.results.retention import shelves
from services.results.retention.export import Exporter
from services.results.retention.shelves import Shelf
from services.results.retention.store import ShelfStore
from services.results.settings import ResultsSettings
from shared.clock import Clock
from shared.db.pool import TRANSIENT, Database

log = structlog.get_logger()

_EVERY_SECONDS = 10.0
_ROUNDS_A_LOOK = 60  # rounds between two looks at what may be dropped


class ShelfBusy(Exception):
    """A shelf is not to be dropped; the message says why."""


class Keeper:
    """Opens, closes and takes down shelves. Any number of keepers may run: one at a time works, no other waits."""

    name = "results.keeper"

    def __init__(self, database: Database, clock: Clock, settings: ResultsSettings) -> None:
        self._store = ShelfStore(database)
        self._clock = clock
        self._kept_for = settings.kept_for
        folder = settings.retention_export_dir
        self._exporter = Exporter(database, Path(folder)) if folder else None

    async def run(self, stopping: asyncio.Event) -> None:
        """Keep the shelves until told to stop."""
        rounds = 0
        while not stopping.is_set():
            try:
                await self.keep(look=rounds % _ROUNDS_A_LOOK == 0)
            except TRANSIENT as error:
                log.warning("keeper.waiting", error=type(error).__name__)
            rounds += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), _EVERY_SECONDS)

    async def keep(self, *, look: bool = True) -> None:
        """Make one round, unless somebody else is at it; with a look at what may be dropped."""
        async with self._store.alone() as alone:
            if not alone:
                return
            await self._make_room()
            for shelf in await self._store.shelves():
                if shelf.set_aside_at is None:
                    await self._store.complete(shelf)
                if shelf.opened_at and shelf.set_aside_at is None:
                    await self._store.count_outgrown(shelf)
                if shelf.dropped_at is None and (shelf.set_aside_at or (look and await self._may_drop(shelf))):
                    await self._take_down(shelf)

    async def export(self, no: int) -> Path:
        """Write a shelf's files as its calls are now; returns the manifest's path.

        Raises:
            ShelfBusy: there is nothing to export, or nowhere to put it.
        """
        shelf = _pick(await self._store.shelves(), no)
        if self._exporter is None:
            raise ShelfBusy("Set RETENTION_EXPORT_DIR to the folder for the files.")
        return await self._exporter.export(shelf, now=self._clock.now())

    async def drop(self, no: int) -> None:
        """Take a shelf down before its time, if all on it is done.

        Raises:
            ShelfBusy: it is not to be dropped, or a keeper is at work.
        """
        async with self._store.alone() as alone:
            if not alone:
                raise ShelfBusy("A keeper is at work on the shelves just now: try again.")
            shelf = _pick(await self._store.shelves(), no)
            if shelf.set_aside_at is None and await self.droppable_at(shelf, timedelta()) is None:
                raise ShelfBusy(f"Shelf {no} takes new campaigns, or calls or results of it are not done.")
            if not await self._take_down(shelf):
                raise ShelfBusy(f"A result of shelf {no} is to be posted again: it was put back.")

    async def droppable_at(self, shelf: Shelf, kept_for: timedelta) -> datetime | None:
        """Return from when on a shelf may be dropped; None while that cannot be said."""
        if shelf.closed_at is None:
            return None
        return shelves.droppable_at(shelf, await self._store.standing(shelf), kept_for)

    async def _may_drop(self, shelf: Shelf) -> bool:
        if self._kept_for is None or shelf.closed_at is None or shelf.closed_at + self._kept_for > self._clock.now():
            return False
        at = await self.droppable_at(shelf, self._kept_for)
        return at is not None and at <= self._clock.now()

    async def _make_room(self) -> None:
        """See that new campaigns have a shelf, and that there is a spare one behind it."""
        now, span = self._clock.now(), shelves.span_of(self._kept_for)
        all_of_them, next_id = await self._store.shelves(), await self._store.next_id()
        current = shelves.find_current(all_of_them, next_id)
        is_last = current is all_of_them[-1]  # then campaigns would find no other
        if current and not is_last and shelves.is_to_close(current, next_id, span=span, now=now):
            await self._store.close(current, now=now)
            next_id = await self._store.next_id()
        for filled in shelves.find_filled(all_of_them, next_id):
            await self._store.close(filled, now=now)
        while spare := shelves.plan_spare(await self._store.shelves(), next_id, span):
            await self._store.open(spare)
            log.info("keeper.shelf_opened", shelf=spare.no, campaigns=spare.width)
        current = shelves.find_current(await self._store.shelves(), next_id)
        if current and current.opened_at is None:
            await self._store.mark_opened(current, now=now)

    async def _take_down(self, shelf: Shelf) -> bool:
        """Set a shelf aside, look at it again, export it, count it, drop it; a step that was made is made no more."""
        await self._store.set_aside(shelf, now=self._clock.now())
        if not await self._store.is_done(shelf):
            await self._store.put_back(shelf)
            log.warning("keeper.shelf_put_back", shelf=shelf.no)
            return False
        if self._exporter:
            await self._exporter.export(shelf, now=self._clock.now())
        campaigns = await self._store.campaigns(shelf)
        for campaign_id in campaigns:
            await self._store.keep_totals(shelf, campaign_id)
        await self._store.drop(shelf, now=self._clock.now())
        log.info("keeper.shelf_dropped", shelf=shelf.no, campaigns=len(campaigns))
        return True


def _pick(all_of_them: Sequence[Shelf], no: int) -> Shelf:
    found = [shelf for shelf in all_of_them if shelf.no == no]
    if not found:
        raise ShelfBusy(f"There is no shelf {no}; `./run retention list` lists them.")
    if found[0].dropped_at:
        raise ShelfBusy(f"Shelf {no} was dropped.")
    return found[0]
