"""The one table of operations: nothing is served beside it, and every line of it says the scope it needs."""

from __future__ import annotations

import pytest
from aiohttp import web

from services.api.routes import ROUTES, Route, add_routes
from services.api.scopes import Scope


def test_nothing_is_served_that_is_not_in_the_table():
    app = web.Application()
    add_routes(app, None)
    served = {(route.method, route.resource.canonical) for route in app.router.routes()}
    plain = {(route.method, route.path.replace(":[0-9]+", "")) for route in ROUTES}
    assert served == plain | {(method, path + "/") for method, path in plain}


def test_a_route_without_a_scope_cannot_be_made():
    with pytest.raises(TypeError):
        Route(method="GET", path="/", handler=None, summary="")
    assert all(type(route.scope) is Scope for route in ROUTES)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_what_changes_something_needs_more_than_reading(route):
    reads = route.method == "GET" or route.summary.endswith("the list")
    controls = route.path.endswith(("/start", "/stop", "/sandbox"))
    assert route.scope is (Scope.READ if reads else Scope.CONTROL if controls else Scope.WRITE)
