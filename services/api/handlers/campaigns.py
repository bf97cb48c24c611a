"""Campaigns: create, list, get, update, delete, start, stop."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from services.api import campaign_store as store
from services.api.desk import Visit, answer
from services.api.destinations import check_destinations
from services.api.handlers.calls import split_options, told
from services.api.schemas.campaigns import CampaignOnly, CreateCampaign, Page, UpdateCampaign
from shared.db.pool import Connection
from shared.observability.subject import SUBJECT


async def create(visit: Visit) -> web.Response:
    """Create Campaign."""
    async with visit.decoded() as decoded:
        fields, skip = split_options(decoded.fields)
        wanted = CreateCampaign.model_validate(fields)
        check_destinations({"start_url": wanted.start_url, "result_url": wanted.result_url}, visit.desk.egress)

        async def effect(connection: Connection) -> dict[str, Any]:
            campaign_id, tally = await store.create(
                connection,
                wanted,
                account_id=visit.account_id,
                sandbox=visit.caller.sandbox,
                numbers=decoded.numbers,
                skip=skip,
                now=visit.now,
            )
            SUBJECT.set((campaign_id, None))
            return {"id": campaign_id} | (told(tally, skip=skip) if tally else {})

        async with visit.importing(decoded.numbers):
            return await visit.commit(effect)


async def list_all(visit: Visit) -> web.Response:
    """Get Campaigns."""
    page = visit.page
    return visit.listing(await store.list_all(visit.desk.database, account_id=visit.account_id, page=page), page)


async def list_unchanged(visit: Visit) -> web.Response:
    """Update Campaign without an id: the seed answers the list and changes nothing."""
    return answer(await store.list_all(visit.desk.database, account_id=visit.account_id, page=Page()))


async def update(visit: Visit) -> web.Response:
    """Update Campaign."""
    one = {"account_id": visit.account_id, "campaign_id": visit.resource_id}
    wanted = await visit.read(UpdateCampaign)
    check_destinations({"start_url": wanted.start_url, "result_url": wanted.result_url}, visit.desk.egress)
    return await visit.commit(
        lambda connection: store.update(connection, wanted, **one, sandbox=visit.caller.sandbox, now=visit.now)
    )


async def delete(visit: Visit) -> web.Response:
    """Delete Campaign."""
    one = {"account_id": visit.account_id, "campaign_id": visit.resource_id}
    return await visit.commit(lambda connection: store.delete(connection, **one, now=visit.now))


async def start(visit: Visit) -> web.Response:
    """Start Campaign."""
    one = {"account_id": visit.account_id, "campaign_id": await _named(visit)}
    return await visit.commit(lambda connection: store.start(connection, **one, now=visit.now))


async def stop(visit: Visit) -> web.Response:
    """Stop Campaign."""
    one = {"account_id": visit.account_id, "campaign_id": await _named(visit)}
    return await visit.commit(lambda connection: store.stop(connection, **one, now=visit.now))


async def _named(visit: Visit) -> int:
    """Return the campaign that the parameters name."""
    campaign_id = (await visit.read(CampaignOnly)).campaign_id
    SUBJECT.set((campaign_id, None))
    return campaign_id
