"""Posts callbacks: due ones are claimed, signed, posted with limits, and settled in micro-batches."""

from __future__ import annotations

import asyncio
import binascii
import contextlib
import secrets
from collections import Counter
from datetime import UTC, datetime
from http import HTTPStatus

import structlog
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from services.results.breaker import CLOSED, Breaker
from services.results.callback import CONTENT_TYPE, RESTING, Reply, is_last, next_try
from services.results.settings import ResultsSettings
from services.results.store import Due, Line, ResultsStore, Settled
from shared.clock import Clock
from shared.db.origins import Origins
from shared.db.pool import TRANSIENT
from shared.domain.call_id import to_webhook_id
from shared.domain.egress import Egress
from shared.observability import tracing
from shared.observability.metrics.results import DELIVERIES, HOSTS_RESTING, POST_SECONDS, POSTS_IN_PROGRESS
from shared.observability.subject import SUBJECT
from shared.observability.trace import TRACEPARENT
from shared.observability.tracing import CLIENT, Attributes
from shared.runtime.outbound import Limits, Outbound, Unreachable
from shared.runtime.supervisor import Crew

log = structlog.get_logger()

_LIMITS = Limits(connect_seconds=5, total_seconds=20, max_bytes=16 << 10, redirects=0, truncate=True)
_LEASE_SECONDS = 60.0
# A post that waited longer than this for its host is left to its next lease: started later, it might not be
# settled before another courier may take it.
_LAST_START_SECONDS = 35.0
_PAUSE_SECONDS = 0.5
_GATHER_SECONDS = 0.005  # what ends meanwhile is settled by one statement, and what is due is claimed by one
_BREAKERS_KEPT = 10_000
_CHANCE = secrets.SystemRandom()
_TAKEN, _REFUSED, _UNREACHABLE = map(POST_SECONDS.labels, ("taken", "refused", "unreachable"))


class Courier:
    """Carries callbacks to tenants, at least once. Any number of couriers may run."""

    name = "results.courier"

    def __init__(self, store: ResultsStore, clock: Clock, settings: ResultsSettings, *, origins: Origins) -> None:
        self._store = store
        self._origins = origins
        self._clock = clock
        self._at_once = settings.callbacks_at_once
        self._per_host = settings.callbacks_per_host
        self._outbound = Outbound(_LIMITS, Egress(settings.outbound_networks))
        self._per_account = settings.callbacks_per_account
        self._under_way: Counter[Line] = Counter()
        self._doors: dict[Line, asyncio.Semaphore] = {}
        self._breakers: dict[Line, Breaker] = {}
        self._resting = 0
        self._settled: list[Settled] = []
        self._wake = asyncio.Event()

    def poke(self) -> None:
        """Look for due callbacks at once: some were just recorded."""
        self._wake.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Post until told to stop, then see the posts under way to their end."""
        async with self._outbound:
            async with Crew("results.posts", limit=self._at_once) as crew:
                while not stopping.is_set():
                    await self._round(crew)
            await self._settle_last()

    async def _round(self, crew: Crew) -> None:
        """Settle what came back, claim what is due, and rest unless there was a bag full."""
        self._wake.clear()
        under_way = sum(self._under_way.values())
        POSTS_IN_PROGRESS.set(under_way)
        HOSTS_RESTING.set(self._resting)
        room = self._at_once - under_way
        claimed: list[Due] = []
        try:
            await self._settle()
            if room > 0:
                claimed = await self._claim(room)
                await self._origins.learn(due.campaign_id for due in claimed)
        except TRANSIENT as error:
            log.warning("results.database_away", error=type(error).__name__)
            await self._clock.sleep(_PAUSE_SECONDS)
            return
        last_start = self._clock.monotonic() + _LAST_START_SECONDS
        for due in claimed:
            self._under_way[due.line] += 1
            await crew.spawn(self._carry(due, last_start))
        if not claimed:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PAUSE_SECONDS):
                    await self._wake.wait()
        if self._under_way:
            await self._clock.sleep(_GATHER_SECONDS)

    async def _claim(self, room: int) -> list[Due]:
        now = self._clock.now()
        accounts: Counter[int] = Counter()
        for (account, _), posts in self._under_way.items():
            accounts[account] += posts
        return await self._store.claim(
            now=now,
            lease_until=now + self._clock.span(_LEASE_SECONDS),
            limit=min(room, 4 * self._per_host, self._per_account),
            busy=[line for line, posts in self._under_way.items() if posts >= self._per_host],
            busy_accounts=[account for account, posts in accounts.items() if posts >= self._per_account],
        )

    async def _carry(self, due: Due, last_start: float) -> None:
        """Post one callback when its host has a place free."""
        SUBJECT.set((due.campaign_id, due.seq))  # for all that is done in this task
        TRACEPARENT.set(tracing.place_of_call(self._origins.known(due.campaign_id), due.seq))
        door = self._doors.setdefault(due.line, asyncio.Semaphore(self._per_host))
        try:
            async with door:
                if self._clock.monotonic() <= last_start:
                    reply = await self._try(due)
                    log.debug("results.tried", tries=due.tries + 1, status=reply.status)
                    self._settled.append(settle(due, reply, now=self._clock.now(), jitter=_CHANCE.random()))
        finally:
            self._under_way[due.line] -= 1
            if not self._under_way[due.line]:
                del self._under_way[due.line], self._doors[due.line]
            self._wake.set()

    async def _try(self, due: Due) -> Reply:
        """Post, unless the host rests; tell its breaker how it went."""
        breaker = self._breakers.get(due.line, CLOSED)
        admitted = breaker.admits(self._clock.now())
        if not admitted and not is_last(due.tries):
            return RESTING
        under_way = breaker.posting() if admitted else breaker
        self._note(due.line, under_way)
        reply = await self._post(due)
        before, now = self._breakers.get(due.line, CLOSED), self._clock.now()
        after = before.failed(now, probe=admitted and under_way.probing) if reply.ails else before.answered()
        self._note(due.line, after)
        if before.rests_until != after.rests_until:  # posts put off meanwhile keep nothing of what it said
            event = "results.host_rests" if after.rests else "results.host_is_back"
            log.warning(
                event, account_id=due.account_id, failures=after.failures, status=reply.status, error=reply.error
            )
        return reply

    def _note(self, line: Line, breaker: Breaker) -> None:
        """Keep a breaker that is not as at first; a tenant may name hosts without end, so the oldest is forgotten."""
        self._resting += breaker.rests - self._breakers.pop(line, CLOSED).rests
        if breaker != CLOSED:
            self._breakers[line] = breaker
        if len(self._breakers) > _BREAKERS_KEPT:
            self._resting -= self._breakers.pop(next(iter(self._breakers))).rests

    async def _post(self, due: Due) -> Reply:
        began = self._clock.monotonic()
        reply = await self._ask(due)
        result = _TAKEN if reply.accepted else _UNREACHABLE if reply.status is None else _REFUSED
        result.observe(self._clock.monotonic() - began)
        return reply

    async def _ask(self, due: Due) -> Reply:
        attributes: Attributes = {"http.request.method": "POST", "http.request.resend_count": due.tries}
        try:
            with tracing.begin("POST result_url", TRACEPARENT.get(), kind=CLIENT, attributes=attributes) as span:
                headers = sign(due, now=self._clock.now()) | span.headers
                answer = await self._outbound.post(due.url, due.body, headers=headers)
                span.answered(answer.status, failed=answer.status >= HTTPStatus.BAD_REQUEST)
        except Unreachable as error:
            return Reply(None, error.reason)
        except (EmptyWebhookSecretError, binascii.Error):
            return Reply(None, "the account's webhook secret cannot be used")
        return Reply(answer.status, None, answer.retry_after)

    async def _settle(self) -> None:
        if batch := self._settled[:500]:
            await self._store.settle(batch)
            for state, posts in Counter(settled.state for settled in batch).items():
                DELIVERIES.labels(state).inc(posts)
            del self._settled[: len(batch)]

    async def _settle_last(self) -> None:
        """Settle what the drain brought in; what cannot be written is posted again, with the same bytes."""
        with contextlib.suppress(*TRANSIENT):
            while self._settled:
                await self._settle()


def sign(due: Due, *, now: datetime) -> dict[str, str]:
    """Return the Standard Webhooks headers over exactly these bytes; two secrets make two signatures."""
    name = to_webhook_id(due.campaign_id, due.seq, due.version)
    moment = now.astimezone(UTC)
    return {
        "Content-Type": CONTENT_TYPE,
        "webhook-id": name,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(
            Webhook(secret).sign(name, moment, due.body.decode())
            for secret in (due.secret, due.previous_secret)
            if secret is not None
        ),
    }


def settle(due: Due, reply: Reply, *, now: datetime, jitter: float) -> Settled:
    """Return how a callback stands after this try."""
    if reply.accepted:
        return Settled(due, "delivered", None, now, reply.status, None)
    again = next_try(now, due.tries + 1, answer=reply, jitter=jitter)
    if again is None:
        return Settled(due, "dead", None, now, reply.status, reply.error)
    return Settled(due, "pending", again, None, reply.status, reply.error)
