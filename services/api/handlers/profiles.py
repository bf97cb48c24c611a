"""Profiles: create, list, get, update, delete."""

from __future__ import annotations

from aiohttp import web

from services.api import store
from services.api.desk import Visit, answer, done
from services.api.schemas.profiles import CreateProfile, UpdateProfile
from services.api.store import PROFILE


async def create(visit: Visit) -> web.Response:
    """Create Profile."""
    wanted = await visit.read(CreateProfile)
    row = await store.create(
        visit.desk.database,
        PROFILE,
        account_id=visit.account_id,
        values=wanted.model_dump(),
        now=visit.desk.clock.now(),
    )
    return done(row)


async def list_all(visit: Visit) -> web.Response:
    """Get Profiles."""
    page = visit.page
    return visit.listing(
        await store.list_all(visit.desk.database, PROFILE, account_id=visit.account_id, page=page), page
    )


async def get(visit: Visit) -> web.Response:
    """Answer one profile."""
    row = await store.get(visit.desk.database, PROFILE, account_id=visit.account_id, resource_id=visit.resource_id)
    return answer(row)


async def update(visit: Visit) -> web.Response:
    """Update Profile."""
    resource_id = visit.resource_id
    wanted = await visit.read(UpdateProfile)
    row = await store.update(
        visit.desk.database,
        PROFILE,
        account_id=visit.account_id,
        resource_id=resource_id,
        changes=wanted.given,
        now=visit.desk.clock.now(),
    )
    return done(row)


async def delete(visit: Visit) -> web.Response:
    """Delete Profile."""
    await store.delete(visit.desk.database, PROFILE, account_id=visit.account_id, resource_id=visit.resource_id)
    return done({"id": visit.resource_id})
