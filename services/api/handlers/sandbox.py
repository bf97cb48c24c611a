"""The clock of a sandbox: look at it, and set it."""

from __future__ import annotations

from aiohttp import web

from services.api import sandboxes
from services.api.desk import Visit, answer
from services.api.schemas.sandbox import SetSandbox


async def get(visit: Visit) -> web.Response:
    """Answer what the account's clock shows, and how fast it goes."""
    if visit.caller.sandbox is None:
        raise sandboxes.no_sandbox()
    return answer(sandboxes.tell(visit.caller.sandbox, visit.now))


async def put(visit: Visit) -> web.Response:
    """Set the account's clock."""
    wanted = await visit.read(SetSandbox)
    return await visit.commit(
        lambda connection: sandboxes.set_clock(connection, wanted, account_id=visit.account_id, now=visit.now)
    )
