"""One call, from its committed intent to its outcome: check again, dial, run the application, report."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from services.dialer.application import Application, Talked
from services.dialer.carriers.port import Call, CarrierError, NotAnswered, NotPlaced, Order, Seen
from services.dialer.classify import Verdict, classify_answered, classify_unanswered, to_outcome
from services.dialer.lines import Line
from services.dialer.reporting import Reporter
from services.dialer.store import Intent, Key, attempt_id
from shared.clock import Clock
from shared.contracts.applications import ApplicationResult
from shared.contracts.calls import Outcome
from shared.domain.sandbox import shown
from shared.observability.logging import log_unexpected
from shared.observability.metrics.dialer import CARRIER_FAILURES, DIAL_LATENESS
from shared.observability.subject import SUBJECT
from shared.observability.trace import TRACEPARENT
from shared.observability.tracing import UNTRACED, Span

log = structlog.get_logger()

# Longer than this after the commit began, an intent is stale: a `stop` may have been answered since.
FRESH_SECONDS = 0.5


class _Stale(Exception):
    """The intent must not be used any more; nobody was asked to dial."""


class Placing:
    """Places calls whose intent is committed. `in_progress` holds their fences until the outcome is confirmed.

    `oldest_seconds` is the age of the oldest intent that came to be used since somebody set it to zero.
    """

    def __init__(
        self,
        application: Application,
        reporter: Reporter,
        *,
        clock: Clock,
        retract: Callable[[Intent], Awaitable[None]],
        answered: Callable[[Intent, Call], None],
    ) -> None:
        self.in_progress: dict[Key, int] = {}
        self.oldest_seconds = 0.0
        self._application = application
        self._reporter = reporter
        self._clock = clock
        self._retract = retract
        self._answered = answered

    async def run(
        self,
        intent: Intent,
        at: datetime,
        line: Line,
        *,
        begun_at: float,
        postpone: Callable[[], Awaitable[None]],
        span: Span = UNTRACED,
    ) -> None:
        """Place the call over a line at its instant, or take its intent back.

        `begun_at` is the monotonic second before the commit.
        `postpone` takes an intent back that is stale: its slot is still good for another.
        `span` is ended with the call; of one that was not placed nothing is told.

        When the carrier cannot say whether the phone rang, nothing is reported: the lease runs out, and the
        reaper has the carrier asked.
        """
        SUBJECT.set((intent.slot.campaign_id, intent.seq))  # for all that is done in this task
        TRACEPARENT.set(span.traceparent)
        try:
            await self._clock.sleep_until(max(at, intent.not_before))
            # No other task may run between the check and the carrier's own first step.
            self._check_fresh(intent, begun_at)
            if line.sandbox is None:
                DIAL_LATENESS.observe(max(0.0, (self._clock.now() - intent.not_before).total_seconds()))
            outcome = await self._dial(intent, line, span)
            log.debug("dialer.call_ended", disposition=outcome.disposition)
            span.note({"paceline.disposition": str(outcome.disposition)})
            span.end()
        except _Stale:
            self.in_progress.pop(intent.key, None)
            await postpone()
        except NotPlaced:
            self.in_progress.pop(intent.key, None)
            await self._retract(intent)
        except CarrierError as error:
            self.in_progress.pop(intent.key, None)
            _note_failure(error, intent)
            span.failed(type(error).__name__)
            span.end()
        except BaseException:
            self.in_progress.pop(intent.key, None)
            raise

    def _check_fresh(self, intent: Intent, begun_at: float) -> None:
        latest = self._clock.now() + self._clock.span(self._clock.error)
        if latest >= intent.not_after:
            raise NotPlaced("The slot has passed.")
        age = self._clock.monotonic() - begun_at
        self.oldest_seconds = max(self.oldest_seconds, age)
        if age > FRESH_SECONDS:
            raise _Stale

    async def _dial(self, intent: Intent, line: Line, span: Span) -> Outcome:
        dialed_at = shown(line.sandbox, self._clock.now())  # by the clock that let it go: never before its slot
        order = Order(
            attempt_id(intent.slot),
            shown(line.sandbox, intent.not_after),
            intent.phone,
            intent.ani,
            intent.postd,
            intent.message_reference,
        )
        span.happened("dialed")
        try:
            call = await line.carrier.place(order)
        except NotAnswered as end:
            return self._report(intent, classify_unanswered(end.cause), Seen(dialed_at, line.clock.now()))
        span.happened("answered")
        self._answered(intent, call)
        talked = await self._converse(call, intent, line.clock)
        await self._hang_up(call, talked, intent)
        seen = Seen(dialed_at, line.clock.now(), None, call.callee_type, call.duration)
        return self._report(intent, classify_answered(talked.fault), seen, talked.result)

    async def _converse(self, call: Call, intent: Intent, clock: Clock) -> Talked:
        """Run the application; a fault of our own is an outcome too: the call was answered."""
        try:
            return await self._application.run(call, intent, clock)
        except CarrierError:
            return Talked("The line failed during the call.")
        except Exception as error:  # noqa: BLE001 (logged, but not its words)
            log_unexpected(log, "dialer.application_failed", error, attempt=attempt_id(intent.slot))
            return Talked("The application could not be run: an error of the dialer.")
        except BaseException:
            await call.disconnect()
            raise

    async def _hang_up(self, call: Call, talked: Talked, intent: Intent) -> None:
        """End the call. A carrier that does not confirm it cannot undo what the application did, and that is told."""
        try:
            await call.disconnect()
        except CarrierError as error:
            if talked.result is None:
                raise
            _note_failure(error, intent)

    def _report(
        self, intent: Intent, verdict: Verdict, seen: Seen, application: ApplicationResult | None = None
    ) -> Outcome:
        ended_at: datetime = seen.ended_at or self._clock.now()
        outcome = to_outcome(intent.slot, intent.seq, verdict, seen=seen, ended_at=ended_at, application=application)
        self._reporter.report(outcome)
        return outcome


def _note_failure(error: CarrierError, intent: Intent) -> None:
    CARRIER_FAILURES.inc()
    log.warning("dialer.carrier_failed", attempt=attempt_id(intent.slot), error=str(error))
