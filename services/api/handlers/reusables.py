"""Schedules and profiles, which campaigns share: create, list, get, update, delete."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from services.api import store
from services.api.desk import Visit, answer
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
        values = (await visit.read(self.creating)).model_dump()
        return await visit.commit(
            lambda connection: store.create(connection, self.kind, deed=visit.deed, values=values, now=visit.now),
            audits_itself=True,
        )

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
        one = {"account_id": visit.account_id, "resource_id": visit.resource_id}
        changes = (await visit.read(self.updating)).changes
        return await visit.commit(
            lambda connection: store.update(connection, self.kind, **one, changes=changes, now=visit.now)
        )

    async def delete(self, visit: Visit) -> web.Response:
        """Delete one."""
        one = {"account_id": visit.account_id, "resource_id": visit.resource_id}
        return await visit.commit(lambda connection: store.delete(connection, self.kind, **one))


schedules = Reusables(SCHEDULE, CreateSchedule, UpdateSchedule)
profiles = Reusables(PROFILE, CreateProfile, UpdateProfile)
