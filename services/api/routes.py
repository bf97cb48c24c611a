"""The seed on one screen: every operation, the scope it needs, its handler and its summary."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from aiohttp import web
from aiohttp.typedefs import Handler

from services.api.desk import Desk, Visit
from services.api.handlers import applications, audit, calls, campaigns, deliveries, events, insight, sandbox
from services.api.handlers.reusables import profiles, schedules
from services.api.idempotency import read_key
from services.api.scopes import Scope


class Route(NamedTuple):
    """One operation; there is none without a scope."""

    method: str
    path: str
    scope: Scope
    handler: Callable[[Visit], Awaitable[web.StreamResponse]]
    summary: str


READ, WRITE, CONTROL = Scope
ROUTES = (
    Route("POST", "/api/schedules", WRITE, schedules.create, "Create Schedule"),
    Route("GET", "/api/schedules", READ, schedules.list_all, "Get Schedules"),
    Route("GET", "/api/schedules/{id}", READ, schedules.get, "Get one schedule"),
    Route("PATCH", "/api/schedules/{id}", WRITE, schedules.update, "Update Schedule"),
    Route("PUT", "/api/schedules/{id}", WRITE, schedules.update, "Update Schedule"),
    Route("DELETE", "/api/schedules/{id}", WRITE, schedules.delete, "Delete Schedule"),
    Route("POST", "/api/profiles", WRITE, profiles.create, "Create Profile"),
    Route("GET", "/api/profiles", READ, profiles.list_all, "Get Profiles"),
    Route("GET", "/api/profiles/{id}", READ, profiles.get, "Get one profile"),
    Route("PATCH", "/api/profiles/{id}", WRITE, profiles.update, "Update Profile"),
    Route("PUT", "/api/profiles/{id}", WRITE, profiles.update, "Update Profile"),
    Route("DELETE", "/api/profiles/{id}", WRITE, profiles.delete, "Delete Profile"),
    Route("POST", "/api/campaigns", WRITE, campaigns.create, "Create Campaign"),
    Route("GET", "/api/campaigns", READ, campaigns.list_all, "Get Campaigns"),
    Route("PATCH", "/api/campaigns", READ, campaigns.list_unchanged, "Update Campaign without an id: the list"),
    Route("PUT", "/api/campaigns", READ, campaigns.list_unchanged, "Update Campaign without an id: the list"),
    Route("POST", "/api/campaigns/start", CONTROL, campaigns.start, "Start Campaign"),
    Route("POST", "/api/campaigns/stop", CONTROL, campaigns.stop, "Stop Campaign"),
    Route("POST", "/api/campaigns/add-calls", WRITE, calls.add, "Add Calls"),
    Route("GET", "/api/campaigns/{id:[0-9]+}", READ, insight.get_campaign, "Get one campaign"),
    Route("PATCH", "/api/campaigns/{id:[0-9]+}", WRITE, campaigns.update, "Update Campaign"),
    Route("PUT", "/api/campaigns/{id:[0-9]+}", WRITE, campaigns.update, "Update Campaign"),
    Route("DELETE", "/api/campaigns/{id:[0-9]+}", WRITE, campaigns.delete, "Delete Campaign"),
    # What the seed does not have.
    Route("GET", "/api/campaigns/{id:[0-9]+}/stats", READ, insight.course, "Outcomes over time"),
    Route("GET", "/api/campaigns/{id:[0-9]+}/forecast", READ, insight.forecast, "When its numbers will be called"),
    Route("GET", "/api/campaigns/{id:[0-9]+}/calls", READ, insight.list_calls, "Its calls"),
    Route("GET", "/api/calls/{id:[0-9]+}", READ, insight.get_call, "One call, or why it was not made yet"),
    Route("GET", "/api/deliveries", READ, deliveries.list_dead, "Results that could not be delivered"),
    Route("POST", "/api/deliveries/replay", WRITE, deliveries.replay, "Post them again"),
    Route("GET", "/api/events", READ, events.of_account, "What happens, as it happens"),
    Route("GET", "/api/campaigns/{id:[0-9]+}/events", READ, events.of_campaign, "What happens to one campaign"),
    Route("GET", "/api/sandbox", READ, sandbox.get, "The clock of a sandbox"),
    Route("PATCH", "/api/sandbox", CONTROL, sandbox.put, "Set the clock of a sandbox"),
    Route("PUT", "/api/sandbox", CONTROL, sandbox.put, "Set the clock of a sandbox"),
    Route("POST", "/api/applications/play", WRITE, applications.play, "Try out an application"),
    Route("POST", "/api/applications/check", WRITE, applications.check, "Check a document"),
    Route("GET", "/api/audit", READ, audit.list_all, "What was done, by which token or command"),
)


def add_routes(app: web.Application, desk: Desk) -> None:
    """Serve every route, with a trailing slash too."""
    for route in ROUTES:
        handler = _authenticated(desk, route)
        for path in (route.path, route.path + "/"):
            app.router.add_route(route.method, path, handler)


def _authenticated(desk: Desk, route: Route) -> Handler:
    """Return the aiohttp handler: nothing of a request is read before its token and what that is good for."""

    async def handle(request: web.Request) -> web.StreamResponse:
        caller = await desk.door.admit(request, route.scope)
        keyed = None if route.scope is READ else read_key(request, caller.account_id)
        return await route.handler(Visit(desk, request, caller, route, keyed))

    return handle
