"""The same stories on the house in one process and on four processes."""

import contextlib

import pytest

from tests.support.house import open_house


@pytest.fixture(params=["embedded", "four processes"])
async def open_at(request, database, rabbit_url, queue_prefix):
    """Open a house whose clock shows an instant and runs at a rate."""
    async with contextlib.AsyncExitStack() as stack:

        async def opened(origin, *, rate):
            return await stack.enter_async_context(
                open_house(
                    request.param, dsn=database, rabbit_url=rabbit_url, prefix=queue_prefix, origin=origin, rate=rate
                )
            )

        yield opened
