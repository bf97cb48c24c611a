"""What was done in an account, by which token or command."""

from __future__ import annotations

from aiohttp import web

from services.api import audit as log
from services.api import bodies
from services.api.desk import Visit
from services.api.schemas.audit import AuditPage


async def list_all(visit: Visit) -> web.Response:
    """Answer a page of the audit log."""
    page = AuditPage.model_validate(bodies.from_query(visit.request))
    rows = await log.list_all(visit.desk.database, account_id=visit.account_id, page=page)
    return visit.listing(rows, page)
