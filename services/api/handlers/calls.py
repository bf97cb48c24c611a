"""Add Calls: numbers to the end of a campaign's queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from services.api.desk import Visit
from services.api.errors import refuse_field
from services.api.queueing import add_numbers
from services.api.schemas.calls import ImportOptions, OnInvalid
from services.api.schemas.campaigns import CampaignOnly
from services.api.uploads import Tally
from shared.db.pool import Connection
from shared.observability.subject import SUBJECT

_OPTIONS = frozenset(ImportOptions.model_fields)


async def add(visit: Visit) -> web.Response:
    """Add Calls."""
    async with visit.decoded() as decoded:
        fields, skip = split_options(decoded.fields)
        campaign_id = CampaignOnly.model_validate(fields).campaign_id
        SUBJECT.set((campaign_id, None))
        if decoded.numbers is None:
            raise refuse_field("phone_numbers", "is required: a list of numbers or a .csv or .txt file")
        numbers = decoded.numbers

        async def effect(connection: Connection) -> dict[str, Any]:
            tally = await add_numbers(
                connection, numbers, account_id=visit.account_id, campaign_id=campaign_id, skip=skip, now=visit.now
            )
            return {"id": campaign_id} | told(tally, skip=skip)

        async with visit.importing(numbers):
            return await visit.commit(effect)


def split_options(fields: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """Return the fields without the options of an import, and whether bad lines are skipped.

    Raises:
        ValidationError: an option does not fit.
    """
    options = ImportOptions.model_validate({name: fields[name] for name in _OPTIONS & fields.keys()})
    others = {name: value for name, value in fields.items() if name not in _OPTIONS}
    return others, options.on_invalid is OnInvalid.SKIP


def told(tally: Tally, *, skip: bool) -> dict[str, Any]:
    """Return what an answer says of an import."""
    skipped: dict[str, Any] = {"invalid": tally.invalid, "errors": tally.errors} if skip else {}
    return {"added": tally.added, **skipped}
