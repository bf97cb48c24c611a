"""Applications of strangers by the hundred: each ends as applications end, and leaves nothing to the next one."""

from __future__ import annotations

import itertools
import os
import random
import sys
import time

import pytest

from services.dialer.vxml import executable, session
from tests.fuzz.applications.__main__ import slowest
from tests.fuzz.applications.cases import case_of, models
from tests.fuzz.applications.running import run

SECONDS = float(os.environ.get("PACELINE_FUZZ_SECONDS", "10"))  # for each seed
BATCHES = 30  # for each seed, however long they take: of fewer cases there are not ten kinds of endings
STEPS = 2_000  # that a session may take: what goes round says nothing new after them


@pytest.fixture(autouse=True)
def few_steps(monkeypatch):
    monkeypatch.setattr(session, "_MAX_STEPS", STEPS)


def cases(seed):
    documents = models()
    return (case_of(seed, number, documents, unstoppable=True) for number in itertools.count())


@pytest.mark.timeout(240 + SECONDS)
@pytest.mark.parametrize("seed", [1, random.randrange(1 << 30)], ids=["1", "random"])
async def test_no_application_comes_to_anything_but_an_ending(seed, capfd):
    ends, batches = time.monotonic() + SECONDS, itertools.count()
    report = await run(cases(seed), lambda: next(batches) < BATCHES or time.monotonic() < ends)
    with capfd.disabled():
        worst = f"worst {report.worst[0] * 1000:.0f} ms in {report.worst[1]}"
        sys.stdout.write(f"\napplications: {report.sessions}, seed {seed}: turns {slowest(report.turns)}, {worst}\n")
    assert report.findings == [], f"seed {seed}"
    assert report.sessions > 20
    assert len(report.endings) > 10


def test_the_same_seed_makes_the_same_cases():
    one, other = ([case.told() for case in itertools.islice(cases(7), 50)] for _ in range(2))
    assert one == other
    assert len(set(one)) == 50


async def test_what_is_found_is_made_small(monkeypatch):
    async def broken(_context, _element):
        raise RuntimeError("a bug of ours")

    monkeypatch.setitem(executable._VERBS, "var", broken)
    rounds = itertools.count()
    report = await run(cases(1), lambda: next(rounds) < BATCHES)
    assert report.findings
    assert all("RuntimeError: a bug of ours" in each and "<var" in each for each in report.findings)
    assert min(map(len, report.findings)) < 600
