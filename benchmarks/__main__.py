"""`./run bench [NAME ...]`: measure, print the tables, write the figures as JSON."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks import api, granting, importing, lateness, pipeline
from benchmarks.ground import Options
from benchmarks.report import Result, machine, table, write
from shared.observability.logging import configure_logging
from tests.support.postgres import postgres_server
from tests.support.rabbitmq import rabbit_server
from tests.support.servers import NoServerError

BENCHMARKS: dict[str, Callable[[Options], Awaitable[Result]]] = {
    "import": importing.measure,
    "grant": granting.measure,
    "pipeline": pipeline.measure,
    "api": api.measure,
    "precision": lateness.measure_precision,
    "fairness": lateness.measure_fairness,
}
RESULTS = Path(__file__).resolve().parent / "results"
BOUND_SECONDS = 900  # of one benchmark


def main(arguments: list[str]) -> int:
    """Run what is asked for; 0 when it was measured, whatever the figures say."""
    asked = _parser().parse_args(arguments)
    configure_logging(level="warning", style="console", room="bench")
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))  # either way all is cleaned up
    with contextlib.ExitStack() as held:
        try:
            postgres = held.enter_context(postgres_server())
            rabbit = held.enter_context(rabbit_server())
        except NoServerError as error:
            print(f"No server to measure on: {error}", file=sys.stderr)
            return 1
        print(f"{postgres.words}; {rabbit.words}", file=sys.stderr)
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="paceline-bench-")))
        rounds = asked.rounds or (2 if asked.quick else 5)
        options = Options(postgres.url, rabbit.url, rounds, asked.quick, asked.full, folder)
        for name in asked.names or BENCHMARKS:
            began = machine()
            try:
                result = asyncio.run(_bounded(BENCHMARKS[name](options)))
            except KeyboardInterrupt:
                return 130
            print(f"\n{table(result)}\n", flush=True)
            write(result, (asked.json or RESULTS) / f"{name}.json", began=began)
    return 0


async def _bounded(work: Awaitable[Result]) -> Result:
    async with asyncio.timeout(BOUND_SECONDS):
        return await work


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*BENCHMARKS, []], help=", ".join(BENCHMARKS))
    parser.add_argument("--rounds", type=int, help="how often each variant runs (5; with --quick 2)")
    parser.add_argument("--quick", action="store_true", help="little work: does it run at all?")
    parser.add_argument("--full", action="store_true", help="more work: ten million queued numbers")
    parser.add_argument("--json", type=Path, metavar="FOLDER", help="where NAME.json goes (benchmarks/results)")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
