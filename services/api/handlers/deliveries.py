"""Results that could not be delivered: list them, and have them posted again."""

from __future__ import annotations

from aiohttp import web

from services.api import bodies
from services.api import deliveries as store
from services.api.desk import Visit
from services.api.schemas.deliveries import DeliveriesPage, ReplayWanted


async def list_dead(visit: Visit) -> web.Response:
    """Answer the dead letters of a campaign or of all."""
    page = DeliveriesPage.model_validate(bodies.from_query(visit.request))
    rows = await store.list_dead(visit.desk.database, account_id=visit.account_id, page=page)
    return visit.listing(rows, page)


async def replay(visit: Visit) -> web.Response:
    """Have the dead letters of a campaign or of all posted again."""
    wanted = await visit.read(ReplayWanted)
    campaign_id = wanted.campaign_id
    return await visit.commit(
        lambda connection: store.replay(connection, account_id=visit.account_id, campaign_id=campaign_id, now=visit.now)
    )
