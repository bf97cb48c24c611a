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

from benchmarks import (
    api,
    applications,
    granting,
    growth,
    importing,
    lateness,
    model,
    neighbours,
    pipeline,
    prompts,
    scaling,
    waiting,
)
from benchmarks.ground import Options
from benchmarks.report import Result, machine, table, write
from services.dialer.speech.espeak import NoEngine
from shared.observability.logging import configure_logging
from tests.support.postgres import postgres_server
from tests.support.rabbitmq import rabbit_server
from tests.support.servers import NoServerError

Measured = Result | tuple[Result, ...]

BENCHMARKS: dict[str, Callable[[Options], Awaitable[Measured]]] = {
    "import": importing.measure,
    "grant": granting.measure,
    "pipeline": pipeline.measure,
    "api": api.measure,
    "precision": lateness.measure_precision,
    "fairness": lateness.measure_fairness,
    "growth": growth.measure,
    "scale": scaling.measure,
    "calls": applications.measure_calls,
    "neighbours": neighbours.measure_neighbours,
    "waiting": waiting.measure_waiting,
    "prompts": prompts.measure,
}
RESULTS = Path(__file__).resolve().parent / "results"
BOUND_SECONDS = 900  # of one benchmark


def main(arguments: list[str]) -> int:
    """Run what is asked for; 0 when it was measured, whatever the figures say."""
    asked = _parser().parse_args(arguments)
    configure_logging(level="warning", style="console", room="bench")
    if asked.names == ["model"]:
        return _model(asked.json or RESULTS)
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
                measured = asyncio.run(_bounded(BENCHMARKS[name](options)))
            except KeyboardInterrupt:
                return 130
            except NoEngine as missing:
                print(f"{name} was not measured: {missing}", file=sys.stderr)
                return 1
            for result in measured if isinstance(measured, tuple) else (measured,):
                print(f"\n{table(result)}\n", flush=True)
                write(result, (asked.json or RESULTS) / f"{result.name}.json", began=began)
    return 0


def _model(folder: Path) -> int:
    try:
        print(model.table(*model.read(folder)))
    except FileNotFoundError as error:
        print(f"There is no {error.filename} to reckon from: say ./run bench growth.", file=sys.stderr)
        return 1
    return 0


async def _bounded(work: Awaitable[Measured]) -> Measured:
    async with asyncio.timeout(BOUND_SECONDS):
        return await work


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        choices=[*BENCHMARKS, "model", []],
        help=", ".join(BENCHMARKS) + "; or model, by itself: a cluster on paper",
    )
    parser.add_argument("--rounds", type=int, help="how often each variant runs (5; with --quick 2)")
    parser.add_argument("--quick", action="store_true", help="little work: does it run at all?")
    parser.add_argument("--full", action="store_true", help="more work: ten million queued numbers")
    parser.add_argument("--json", type=Path, metavar="FOLDER", help="where NAME.json goes (benchmarks/results)")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
