"""`python -m tests.model --first N --seeds N`: play some seeds; the exit code is 1 when one of them broke a promise."""

from __future__ import annotations

import argparse
import sys

from tests.model.simulation import Run
from tests.model.world import Violation

_SHOWN = 10


def main() -> int:
    """Play, and print what was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.add_argument("--first", type=int, default=0, metavar="N", help="the first seed")
    parser.add_argument("--seeds", type=int, default=5000, metavar="N", help="how many")
    given = parser.parse_args()
    broken: list[str] = []
    events = calls = 0
    for seed in range(given.first, given.first + given.seeds):
        run = Run(seed)
        try:
            run.play()
        except Violation as violation:
            broken.append(str(violation))
        events += run.world.events
        calls += len(run.house.carrier.rung)
    sys.stdout.write("\n".join([*broken[:_SHOWN], f"{given.seeds} seeds, {events} events, {calls} calls rang,", ""]))
    sys.stdout.write(f"{len(broken)} of them broke a promise\n")
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
