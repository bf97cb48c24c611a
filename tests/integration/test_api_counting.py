"""Requests are counted by what is asked for, never by what somebody wrote."""

from __future__ import annotations

import aiohttp
import pytest
from prometheus_client import REGISTRY

from tests.integration.test_api_operations import serve, stock

COUNT, TIMED = "paceline_http_requests_total", "paceline_http_request_duration_seconds_count"


@pytest.fixture
async def api(database):
    async with serve(database) as client:
        await stock(client)
        yield client


class Rise:
    """What was counted since it was made."""

    def __init__(self):
        self._before = self._read()

    def _read(self):
        samples = [each for metric in REGISTRY.collect() for each in metric.samples if each.name in (COUNT, TIMED)]
        return {(each.name, *sorted(each.labels.items())): each.value for each in samples}

    def of(self, name, **labels):
        key = (name, *sorted(labels.items()))
        return self._read().get(key, 0) - self._before.get(key, 0)

    def all(self):
        return {key for key, value in self._read().items() if value > self._before.get(key, 0)}


async def test_an_operation_is_its_template_with_and_without_a_slash(api):
    rise = Rise()
    number = await api.campaign()
    await api.ok("GET", f"/api/campaigns/{number}")
    await api.ok("GET", f"/api/campaigns/{number}/")
    await api.refused(404, "GET", "/api/campaigns/999")
    one = {"method": "GET", "route": "/api/campaigns/{id}"}
    assert rise.of(COUNT, **one, status="2xx") == 2
    assert rise.of(COUNT, **one, status="4xx") == 1
    assert rise.of(TIMED, **one) == 3


async def test_what_is_made_up_by_a_client_makes_no_series_of_its_own(api):
    rise = Rise()
    await api.refused(404, "GET", "/api/nothing/12125550100")
    async with aiohttp.ClientSession() as http:
        for method in ("PROPFIND", "LOCK", "BREW"):
            async with http.request(method, f"{api.base}/api/schedules"):
                pass
    assert rise.of(COUNT, method="GET", route="none", status="4xx") == 1
    assert rise.of(COUNT, method="other", route="none", status="4xx") == 3
    assert not any(word in str(rise.all()) for word in ("PROPFIND", "LOCK", "BREW", "12125550100"))


async def test_every_operation_is_shown_before_it_was_asked_for(api):
    shown = REGISTRY.get_sample_value(COUNT, {"method": "POST", "route": "/api/campaigns/start", "status": "5xx"})
    assert shown == 0
