"""The seed on one screen: every operation, its handler and its summary."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from aiohttp import web
from aiohttp.typedefs import Handler

from services.api.auth import authenticate
from services.api.desk import Desk, Visit
from services.api.handlers import calls, campaigns, deliveries
from services.api.handlers.reusables import profiles, schedules


class Route(NamedTuple):
    """One operation."""

    method: str
    path: str
    handler: Callable[[Visit], Awaitable[web.Response]]
    summary: str


ROUTES = (
    Route("POST", "/api/schedules", schedules.create, "Create Schedule"),
    Route("GET", "/api/schedules", schedules.list_all, "Get Schedules"),
    Route("GET", "/api/schedules/{id}", schedules.get, "Get one schedule"),
    Route("PATCH", "/api/schedules/{id}", schedules.update, "Update Schedule"),
    Route("PUT", "/api/schedules/{id}", schedules.update, "Update Schedule"),
    Route("DELETE", "/api/schedules/{id}", schedules.delete, "Delete Schedule"),
    Route("POST", "/api/profiles", profiles.create, "Create Profile"),
    Route("GET", "/api/profiles", profiles.list_all, "Get Profiles"),
    Route("GET", "/api/profiles/{id}", profiles.get, "Get one profile"),
    Route("PATCH", "/api/profiles/{id}", profiles.update, "Update Profile"),
    Route("PUT", "/api/profiles/{id}", profiles.update, "Update Profile"),
    Route("DELETE", "/api/profiles/{id}", profiles.delete, "Delete Profile"),
    Route("POST", "/api/campaigns", campaigns.create, "Create Campaign"),
    Route("GET", "/api/campaigns", campaigns.list_all, "Get Campaigns"),
    Route("PATCH", "/api/campaigns", campaigns.list_unchanged, "Update Campaign without an id: the list"),
    Route("PUT", "/api/campaigns", campaigns.list_unchanged, "Update Campaign without an id: the list"),
    Route("POST", "/api/campaigns/start", campaigns.start, "Start Campaign"),
    Route("POST", "/api/campaigns/stop", campaigns.stop, "Stop Campaign"),
    Route("POST", "/api/campaigns/add-calls", calls.add, "Add Calls"),
    Route("GET", "/api/campaigns/{id:[0-9]+}", campaigns.get, "Get one campaign"),
    Route("PATCH", "/api/campaigns/{id:[0-9]+}", campaigns.update, "Update Campaign"),
    Route("PUT", "/api/campaigns/{id:[0-9]+}", campaigns.update, "Update Campaign"),
    Route("DELETE", "/api/campaigns/{id:[0-9]+}", campaigns.delete, "Delete Campaign"),
    # What the seed does not have.
    Route("GET", "/api/deliveries", deliveries.list_dead, "Results that could not be delivered"),
    Route("POST", "/api/deliveries/replay", deliveries.replay, "Post them again"),
)


def add_routes(app: web.Application, desk: Desk) -> None:
    """Serve every route, with a trailing slash too."""
    for route in ROUTES:
        handler = _authenticated(desk, route)
        for path in (route.path, route.path + "/"):
            app.router.add_route(route.method, path, handler)


def _authenticated(desk: Desk, route: Route) -> Handler:
    """Return the aiohttp handler: nothing of a request is read before its token."""

    async def handle(request: web.Request) -> web.StreamResponse:
        account_id = await authenticate(desk.database, request.headers.get("Authorization"), now=desk.clock.now())
        return await route.handler(Visit(desk, request, account_id))

    return handle
