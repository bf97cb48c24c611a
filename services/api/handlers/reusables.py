"""Schedules and profiles, which campaigns share: create, list, get, update, delete."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from services.api import store
from services.api.desk import Visit, answer, done
from services.api.schemas.fields import Parameters
from services.api.schemas.profiles import CreateProfile, UpdateProfile
from services.api.schemas.schedules import CreateSchedule, UpdateSchedule
from services.api.store import PROFILE, SCHEDULE, Kind


@dataclass(frozen=True, slots=True)
class Reusables:
    """The operations on one kind, and what its requests may hold."""

    kind: Kind
    creating: type[Parameters]
    updating: type[Parameters]

    async def create(self, visit: Visit) -> web.Response:
        """Create one."""
        wanted = await visit.read(self.creating)
        row = await store.create(
            visit.desk.database,
            self.kind,
            account_id=visit.account_id,
            values=wanted.model_dump(),
            now=visit.desk.clock.now(),
        )
        return done(row)

    async def list_all(self, visit: Visit) -> web.Response:
        """Answer all of them, or a page."""
        page = visit.page
        rows = await store.list_all(visit.desk.database, self.kind, account_id=visit.account_id, page=page)
        return visit.listing(rows, page)

    async def get(self, visit: Visit) -> web.Response:
        """Answer one."""
        row = await store.get(
            visit.desk.database, self.kind, account_id=visit.account_id, resource_id=visit.resource_id
        )
        return answer(row)

    async def update(self, visit: Visit) -> web.Response:
        """Change what is given of one."""
        resource_id = visit.resource_id
        wanted = await visit.read(self.updating)
        row = await store.update(
            visit.desk.database,
            self.kind,
            account_id=visit.account_id,
            resource_id=resource_id,
            changes=wanted.changes,
            now=visit.desk.clock.now(),
        )
        return done(row)

    async def delete(self, visit: Visit) -> web.Response:
        """Delete one."""
        await store.delete(visit.desk.database, self.kind, account_id=visit.account_id, resource_id=visit.resource_id)
        return done({"id": visit.resource_id})


schedules = Reusables(SCHEDULE, CreateSchedule, UpdateSchedule)
profiles = Reusables(PROFILE, CreateProfile, UpdateProfile)
