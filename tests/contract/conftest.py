"""One broker of each kind for the suite."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.broker.port import Broker
from tests.support.broker_suite import house


@pytest.fixture(params=["memory", "rabbit"])
def broker_url(request) -> str:
    return "memory://" if request.param == "memory" else request.getfixturevalue("rabbit_url")


@pytest.fixture
async def broker(broker_url, queue_prefix) -> AsyncIterator[Broker]:
    async with house(broker_url, queue_prefix) as broker:
        yield broker
