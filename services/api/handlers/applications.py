"""Applications before a telephone rings: tried out on a callee who follows a script, and checked by line."""

from __future__ import annotations

from aiohttp import web

from services.api.desk import Visit, answer
from services.api.schemas.applications import CheckWanted, PlayWanted


async def play(visit: Visit) -> web.Response:
    """Answer what the callee would hear, and how it ends."""
    return await _rehearsed(visit, "play", await visit.read(PlayWanted))


async def check(visit: Visit) -> web.Response:
    """Answer what is wrong with a document."""
    return await _rehearsed(visit, "check", await visit.read(CheckWanted))


async def _rehearsed(visit: Visit, do: str, wanted: CheckWanted) -> web.Response:
    asked = wanted.model_dump(mode="json") | {"do": do}
    run = visit.desk.rehearsals.run(asked, account_id=visit.account_id, gone=visit.has_left)
    return answer(await run)
