"""Who comes in: addresses that bring wrong tokens wait, then the token, then the account's allowance, then the scope.

All counts are this process' own: a house with several api processes allows each of them as much.
"""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from services.api.addresses import read_networks, source
from services.api.auth import Caller, Tokens, authenticate, require
from services.api.errors import EXTRA_HEADERS, Problem
from services.api.rates import Allowance, Meter, Ruling, seconds
from services.api.scopes import Scope
from shared.clock import Clock
from shared.db.pool import Database

_FORWARDED = "X-Forwarded-For"


class Door:
    """Lets requests in, one after the other."""

    def __init__(
        self, database: Database, clock: Clock, *, requests: Allowance, wrong_tokens: Allowance, proxies: str
    ) -> None:
        self._tokens = Tokens(database, clock)
        self._clock = clock
        self._requests = Meter(requests)
        self._wrong_tokens = Meter(wrong_tokens)
        self._proxies = read_networks(proxies)

    async def admit(self, request: web.Request, scope: Scope) -> Caller:
        """Return who is calling, when that one may do this now.

        Raises:
            Problem: 401, 403, or 429 with the seconds to wait.
        """
        address = source(request.remote, request.headers.getall(_FORWARDED, []), self._proxies)
        waiting = self._wrong_tokens.take(address, now=self._clock.monotonic(), many=0)
        if waiting and not waiting.allowed:
            detail = "Too many requests with wrong tokens came from this address; wait, and use a valid one."
            raise _too_many(detail, waiting)
        try:
            caller = await authenticate(self._tokens, request.headers.get("Authorization"))
        except Problem as problem:
            if problem.status == HTTPStatus.UNAUTHORIZED:
                self._wrong_tokens.take(address, now=self._clock.monotonic())
            raise
        self._count(request, caller)
        require(caller, scope)
        return caller

    async def still_admits(self, caller: Caller) -> bool:
        """Whether a token that was admitted is good for the same still; that costs no allowance.

        Raises:
            TRANSIENT: the ledger is away.
        """
        found = await self._tokens.find(caller.token_id)
        return found is not None and found[1].scopes >= caller.scopes

    def _count(self, request: web.Request, caller: Caller) -> None:
        """Take one from the account's allowance; every answer says what is left."""
        ruling = self._requests.take(caller.account_id, now=self._clock.monotonic())
        if ruling is None:
            return
        allowance = self._requests.allowance
        request[EXTRA_HEADERS] = {
            "RateLimit-Policy": f'"account";q={allowance.burst};w={seconds(allowance.refills_in)}',
            "RateLimit": f'"account";r={ruling.left};t={seconds(ruling.all_in)}',
        }
        if not ruling.allowed:
            detail = f"This account sends more than its {allowance.per_minute} requests a minute; wait and go on."
            raise _too_many(f"{detail} A list of numbers may come in one request.", ruling)


def _too_many(detail: str, ruling: Ruling) -> Problem:
    return Problem(429, detail, headers={"Retry-After": seconds(ruling.one_in)})
