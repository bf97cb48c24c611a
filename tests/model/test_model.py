"""Thousands of runs keep every promise, each can be had again from its seed, and every seeded bug is found."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.domain.call_state import STEPS, AttemptState
from tests.model.bugs import DECISIONS, LEDGERS
from tests.model.ledger import Ledger
from tests.model.simulation import Run
from tests.model.world import Violation

ROOT = Path(__file__).resolve().parents[2]
SEEDS = int(os.environ.get("PACELINE_MODEL_SEEDS", "5000"))
_PROCESSES = 2
_FOUND_WITHIN = 500  # seeds


@pytest.mark.timeout(60 + SEEDS // 20)
def test_no_seed_breaks_a_promise():
    share = -(-SEEDS // _PROCESSES)
    command = [sys.executable, "-m", "tests.model", "--seeds", str(share), "--first"]
    players = [
        subprocess.Popen([*command, str(number * share)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for number in range(_PROCESSES)
    ]
    said = [player.communicate()[0] for player in players]
    assert [player.returncode for player in players] == [0] * _PROCESSES, "\n".join(said)


def test_a_seed_is_the_same_run_again():
    one, other = Run(7), Run(7)
    one.play()
    other.play()
    assert one.world.t == other.world.t
    assert one.world.events == other.world.events
    assert one.ledger.attempts == other.ledger.attempts
    assert [r.intent for r in one.house.carrier.rung] == [r.intent for r in other.house.carrier.rung]


# Made by a person's command after a failover; tests/integration/test_ledger_line.py and the chaos trials try it.
OF_A_MOVED_LEDGER = {(AttemptState.GRANTED, AttemptState.UNKNOWN)}


def test_the_ledger_makes_every_step_there_is_and_no_other():
    made = set()
    for seed in range(400):
        run = Run(seed)
        run.play()
        made |= run.ledger.steps
    assert made == set(STEPS) - OF_A_MOVED_LEDGER


def find(ledger: type[Ledger]) -> None:
    for seed in range(_FOUND_WITHIN):
        Run(seed, ledger=ledger).play()


@pytest.mark.parametrize("bug", LEDGERS)
def test_a_bug_in_the_ledger_is_found(bug):
    with pytest.raises(Violation, match=r"^seed \d+: "):
        find(LEDGERS[bug])


@pytest.mark.parametrize("bug", DECISIONS)
def test_a_bug_in_a_decision_is_found(bug, monkeypatch):
    DECISIONS[bug](monkeypatch)
    with pytest.raises(Violation, match=r"^seed \d+: "):
        find(Ledger)
