"""The fuzzer of applications: `./run fuzz-vxml --minutes 10 --seed 7`; the same seed makes the same cases."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from services.dialer.vxml import session
from tests.fuzz.applications.cases import Case, case_of, models
from tests.fuzz.applications.running import Report, run


def main(arguments: Sequence[str]) -> int:
    """Run for some time, tell what was found; return 1 when there was something."""
    parser = argparse.ArgumentParser(prog="./run fuzz-vxml", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30), help="what cases are made of")
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--only", type=int, help="the number of a single case")
    parser.add_argument("--documents", type=Path, action="append", default=[], help="a folder of documents to change")
    parser.add_argument("--show", action="store_true", help="print the cases, and run none")
    parser.add_argument("--steps", type=int, default=2000, help="that a session may take; a call has ten times as many")
    given = parser.parse_args(arguments)
    session._MAX_STEPS = given.steps
    documents = models(given.documents)
    if given.only is not None:
        cases: Iterator[Case] = (case_of(given.seed, given.only, documents) for _ in itertools.count())
    else:
        cases = (case_of(given.seed, number, documents, unstoppable=True) for number in itertools.count(given.first))
    if given.show:
        say(next(cases).told())
        return 0
    began = time.monotonic()
    ends = began + (0.0 if given.only is not None else given.minutes * 60)
    say(f"seed {given.seed}")
    rounds = itertools.count()
    report = asyncio.run(run(cases, lambda: next(rounds) == 0 or time.monotonic() < ends))
    tell(report, given.seed, time.monotonic() - began)
    return 1 if report.findings else 0


def tell(report: Report, seed: int, seconds: float) -> None:
    """Print what came of it."""
    say(f"{report.sessions} sessions in {seconds:.0f} s, seed {seed}")
    for ending, count in report.endings.most_common(30):
        say(f"{count:8} {ending}")
    say(f"turns of the loop: {report.turns.total()}, {slowest(report.turns)}")
    say(f"the worst {report.worst[0] * 1000:.0f} ms, in {report.worst[1]}")
    say(f"memory: {', '.join(f'{each:.0f}' for each in report.memory[:: max(1, len(report.memory) // 12)])} MiB")
    for finding in report.findings:
        say(f"\n{finding}")


def say(words: str) -> None:
    """Tell the person."""
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def slowest(turns: Counter[int]) -> str:
    """Return how many turns took longer than some milliseconds."""
    return ", ".join(
        f"{sum(n for took, n in turns.items() if took >= limit)} over {limit} ms" for limit in (5, 10, 20, 50, 100)
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
