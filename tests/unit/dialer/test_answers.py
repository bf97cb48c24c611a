"""Answers are told together, before the outcomes leave, and never held on to."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace

from services.dialer.answers import Answers
from services.dialer.reporting import Reporter
from shared.clock import Clock, Reading
from shared.contracts.calls import Outcome
from shared.domain.call_state import CalleeType, Disposition
from tests.support.waiting import until

NOW = datetime(2022, 1, 3, 13, tzinfo=UTC)
VOICE = SimpleNamespace(callee_type=CalleeType.VOICE)


class Store:
    def __init__(self, log, *, fails=0):
        self.log, self.fails = log, fails

    async def tell_answered(self, answered, *, now):
        assert now >= NOW
        if self.fails:
            self.fails -= 1
            raise ConnectionError
        self.log.append([seq for _, seq, _ in answered])


class Broker:
    def __init__(self, log):
        self.log = log

    async def publish(self, messages):
        self.log.append([message.name for message in messages])


def answers(log, **how):
    return Answers(Store(log, **how), Clock(Reading(NOW, 0.0)))


def intent(seq):
    return SimpleNamespace(slot=SimpleNamespace(campaign_id=1), seq=seq)


async def test_what_was_answered_meanwhile_is_told_at_once_and_once():
    log = []
    some = answers(log)
    for seq in (1, 2, 3):
        some.note(intent(seq), VOICE)
    await asyncio.gather(some.tell(), some.tell())
    await some.tell()
    assert log == [[1, 2, 3]]


async def test_an_answer_is_told_before_the_outcome_leaves():
    log = []
    some = answers(log)
    reporter = Reporter(Broker(log), Clock(Reading(NOW, 0.0)), published=lambda _: None, before=some.tell)
    about = {"campaign_id": 1, "period_no": 1, "slot_no": 0, "seq": 5}
    some.note(intent(5), VOICE)
    reporter.report(Outcome(**about, disposition=Disposition.ANSWERED, ended_at=NOW))
    reporter.close()
    await reporter.run()
    assert log == [[5], ["calls.ended.v1"]]


async def test_when_the_database_is_away_the_outcome_leaves_all_the_same():
    log = []
    some = answers(log, fails=1)
    some.note(intent(5), VOICE)
    await some.tell()
    some.note(intent(6), VOICE)
    await some.tell()
    assert log == [[6]]


async def test_long_calls_are_told_of_while_they_last():
    log, finished = [], asyncio.Event()
    some = answers(log)
    keeping = asyncio.create_task(some.keep(finished))
    some.note(intent(7), VOICE)
    await until(lambda: log)
    finished.set()
    await keeping
    assert log == [[7]]
