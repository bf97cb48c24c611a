"""Tokens are asked for together, and nobody is let in by what the ledger knew before his request came."""

from __future__ import annotations

import asyncio

import pytest

from services.api.auth import Tokens
from shared.clock import Clock


class Ledger:
    """Holds valid tokens; it is asked, and answers what it held then when it is let."""

    def __init__(self, *ids):
        self.valid = set(ids)
        self.asked = []
        self.may_answer = asyncio.Event()
        self.away = False

    async def fetch(self, _, ids, __):
        self.asked.append(sorted(ids))
        row = {"account_id": 1, "secret_hash": b"", "scopes": ["read"], "sandbox_rate": None}
        held = [row | {"id": each} for each in ids if each in self.valid]
        await self.may_answer.wait()
        if self.away:
            raise ConnectionResetError
        return held


@pytest.fixture
def ledger():
    return Ledger("a", "b")


@pytest.fixture
def tokens(ledger):
    return Tokens(ledger, Clock())


async def come(tokens, *ids):
    """Requests with these tokens that have come as far as they can."""
    requests = [asyncio.create_task(tokens.find(each)) for each in ids]
    await asyncio.wait(requests, timeout=0)
    return requests


async def names(requests):
    return [found and found[1].token_id for found in await asyncio.gather(*requests)]


async def test_those_who_come_while_the_ledger_is_asked_share_the_next_question(ledger, tokens):
    requests = await come(tokens, "a", "b", "nobody", "a", "b")
    assert ledger.asked == [["a"]]
    ledger.may_answer.set()
    assert await names(requests) == ["a", "b", None, "a", "b"]
    assert ledger.asked == [["a"], ["a", "b", "nobody"]]


async def test_a_token_that_is_revoked_while_the_ledger_is_asked_is_refused_from_the_next_request_on(ledger, tokens):
    before = await come(tokens, "a")
    ledger.valid.remove("a")
    after = await come(tokens, "a")
    ledger.may_answer.set()
    assert await names(before + after) == ["a", None]


async def test_an_answer_serves_nobody_who_comes_later(ledger, tokens):
    ledger.may_answer.set()
    for _ in range(3):
        await tokens.find("a")
    assert ledger.asked == [["a"]] * 3


async def test_a_ledger_that_is_away_is_so_for_all_of_a_question_and_for_no_more(ledger, tokens):
    first = await come(tokens, "a")
    others = await come(tokens, "a", "b")
    ledger.away = True
    ledger.may_answer.set()
    for request in first + others:
        with pytest.raises(ConnectionResetError):
            await request
    ledger.away = False
    assert await names(await come(tokens, "a", "b")) == ["a", "b"]


@pytest.mark.parametrize("asked", [False, True])
async def test_nobody_waits_for_one_who_went_away(ledger, tokens, asked):
    """Whether the question he brought was asked already or waited for the one before it."""
    before = [] if asked else await come(tokens, "a")
    leaving, *others = await come(tokens, "a") if asked else await come(tokens, "a", "b")
    assert ledger.asked == [["a"]]
    leaving.cancel()
    for other in others:
        with pytest.raises(OSError):  # noqa: PT011 (what is asked again, as when the ledger is away)
            await other
    with pytest.raises(asyncio.CancelledError):
        await leaving
    ledger.may_answer.set()
    assert await names(before + await come(tokens, "b")) == ["a"] * len(before) + ["b"]


async def test_one_who_waits_and_goes_away_takes_nobody_with_him(ledger, tokens):
    first = await come(tokens, "a")
    asking, leaving, staying = await come(tokens, "a", "a", "b")
    leaving.cancel()
    ledger.may_answer.set()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert await names([*first, asking, staying]) == ["a", "a", "b"]
