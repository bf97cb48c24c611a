"""The results room as steps: consumer.py and courier.py, around the product's own ladder and breaker."""

from __future__ import annotations

from typing import Any

from services.results.breaker import CLOSED
from services.results.callback import RESTING, Reply, is_last
from services.results.courier import settle
from services.results.store import Due
from shared.contracts.calls import CallsEnded
from tests.model.broker import Delivery
from tests.model.room import (
    AGAIN_SECONDS,
    COURIER_SECONDS,
    POST_LEASE,
    House,
    Room,
)
from tests.model.world import Away, Steps, Task


class Results(Room):
    """consumer.py and courier.py."""

    ROOM = "results"

    def __init__(self, house: House, name: str) -> None:
        super().__init__(house, name)
        self._breaker = CLOSED
        self._courier: Task = self.spawn(self._carry())

    def receive(self, delivery: Delivery) -> Steps:
        """Record a letter in one transaction, and forget it after its commit."""
        record: Any = (
            self.ledger.record_ended if isinstance(delivery.letter, CallsEnded) else self.ledger.record_expired
        )
        while True:
            try:
                yield from self.ask(record, delivery.letter, self.now())
                break
            except Away:
                yield AGAIN_SECONDS
        delivery.done()
        self.world.wake(self._courier, 0)

    def _carry(self) -> Steps:
        while True:
            claimed: list[Due] = []
            if self.ledger.posts:
                try:
                    claimed = yield from self.ask(self.ledger.claim_deliveries, self.now(), POST_LEASE, 4)
                except Away:
                    yield AGAIN_SECONDS
            for due in claimed:
                self.spawn(self._post(due))
            yield AGAIN_SECONDS if claimed else self.world.pause(COURIER_SECONDS)

    def _post(self, due: Due) -> Steps:
        breaker = self._breaker
        admitted = breaker.admits(self.now())
        reply: Reply = RESTING
        if admitted or is_last(due.tries):
            under_way = self._breaker = breaker.posting() if admitted else breaker
            reply = yield from self.house.receiver.post(due)
            if reply.ails:
                self._breaker = self._breaker.failed(self.now(), probe=admitted and under_way.probing)
            else:
                self._breaker = self._breaker.answered()
        settled = settle(due, reply, now=self.now(), jitter=self.world.random.random())
        try:
            yield from self.ask(self.ledger.settle_deliveries, settled)
        except Away:
            return  # the lease ends, and it is posted again
