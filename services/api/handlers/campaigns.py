"""Campaigns: create, list, get, update, delete, start, stop."""

from __future__ import annotations

from aiohttp import web

from services.api import campaign_store as store
from services.api.desk import Visit, answer, done
from services.api.destinations import check_destinations
from services.api.handlers.calls import split_options, told
from services.api.schemas.campaigns import CampaignOnly, CreateCampaign, Page, UpdateCampaign


async def create(visit: Visit) -> web.Response:
    """Create Campaign."""
    async with visit.decoded() as decoded:
        fields, skip = split_options(decoded.fields)
        wanted = CreateCampaign.model_validate(fields)
        check_destinations({"start_url": wanted.start_url, "result_url": wanted.result_url}, visit.desk.egress)
        async with visit.importing(decoded.numbers):
            campaign_id, tally = await store.create(
                visit.desk.database,
                wanted,
                account_id=visit.account_id,
                numbers=decoded.numbers,
                skip=skip,
                now=visit.desk.clock.now(),
            )
    return done({"id": campaign_id} | (told(tally, skip=skip) if tally else {}))


async def list_all(visit: Visit) -> web.Response:
    """Get Campaigns."""
    page = visit.page
    return visit.listing(await store.list_all(visit.desk.database, account_id=visit.account_id, page=page), page)


async def list_unchanged(visit: Visit) -> web.Response:
    """Update Campaign without an id: the seed answers the list and changes nothing."""
    return answer(await store.list_all(visit.desk.database, account_id=visit.account_id, page=Page()))


async def get(visit: Visit) -> web.Response:
    """Answer one campaign."""
    return answer(await store.get(visit.desk.database, account_id=visit.account_id, campaign_id=visit.resource_id))


async def update(visit: Visit) -> web.Response:
    """Update Campaign."""
    campaign_id = visit.resource_id
    wanted = await visit.read(UpdateCampaign)
    check_destinations({"start_url": wanted.start_url, "result_url": wanted.result_url}, visit.desk.egress)
    await store.update(
        visit.desk.database, wanted, account_id=visit.account_id, campaign_id=campaign_id, now=visit.desk.clock.now()
    )
    return done({"id": campaign_id})


async def delete(visit: Visit) -> web.Response:
    """Delete Campaign."""
    campaign_id = visit.resource_id
    await store.delete(
        visit.desk.database, account_id=visit.account_id, campaign_id=campaign_id, now=visit.desk.clock.now()
    )
    return done({"id": campaign_id})


async def start(visit: Visit) -> web.Response:
    """Start Campaign."""
    campaign_id = (await visit.read(CampaignOnly)).campaign_id
    await store.start(
        visit.desk.database, account_id=visit.account_id, campaign_id=campaign_id, now=visit.desk.clock.now()
    )
    return done({"id": campaign_id})


async def stop(visit: Visit) -> web.Response:
    """Stop Campaign."""
    campaign_id = (await visit.read(CampaignOnly)).campaign_id
    await store.stop(
        visit.desk.database, account_id=visit.account_id, campaign_id=campaign_id, now=visit.desk.clock.now()
    )
    return done({"id": campaign_id})
