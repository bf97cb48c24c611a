"""`./run chaos`: attack a house, or show that every seeded bug is found. Exits with 1 when a promise was broken."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import secrets
import sys
import time

from rich.console import Console
from rich.live import Live
from rich.table import Table

from tests.chaos.judge import summary
from tests.chaos.mutants import MUTANTS, names
from tests.chaos.tactics import TACTICS
from tests.chaos.trial import ENTRIES, Order, Trial, run_trial
from tests.chaos.upgrade import RELEASED, older_program

console = Console()
_SHOWN = 20  # findings of a kind
_ENTRIES_A_FAULT = 4  # of each tenant: the queues are not empty before the last fault


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run chaos", description=__doc__)
    parser.add_argument("tactic", nargs="?", default="any", choices=TACTICS, metavar="TACTIC", help=", ".join(TACTICS))
    parser.add_argument("--kills", "--faults", dest="faults", type=int, default=50, help="how many faults (50)")
    parser.add_argument("--seed", type=int, default=None, help="repeat a trial")
    parser.add_argument(
        "--mutants", nargs="?", const="", metavar="PATTERN", help="try the seeded bugs, one after another"
    )
    parser.add_argument(
        "--rate", type=float, default=10.0, help="how much faster than the world the house's clock runs"
    )
    parser.add_argument("--from", dest="older", default=RELEASED, metavar="COMMIT", help="what `upgrade` begins with")
    return parser.parse_args(arguments)


def main() -> int:
    """Run what the words say."""
    asked = parse(sys.argv[1:])
    seed = secrets.randbelow(1 << 31) if asked.seed is None else asked.seed
    if asked.mutants is None:
        entries = max(ENTRIES, _ENTRIES_A_FAULT * asked.faults)
        with contextlib.ExitStack() as held:
            older = held.enter_context(older_program(asked.older)) if asked.tactic == "upgrade" else None
            order = Order(TACTICS[asked.tactic], asked.faults, seed, rate=asked.rate, entries=entries, older=older)
            trial = attack(order, asked.tactic)
        return 1 if trial.broken or trial.exits else 0
    survivors = [name for name in names(asked.mutants) if not caught(name, seed)]
    tried = len(names(asked.mutants))
    console.print(f"{tried - len(survivors)} of {tried} seeded bugs were found out" + _list(survivors))
    return 1 if survivors else 0


def attack(order: Order, name: str) -> Trial:
    """Run one trial and show it while it runs."""
    console.print(f"[bold]{name}[/bold]: {order.tactic.says}; {order.faults} faults, --seed {order.seed}")
    trial, begun = Trial(order), time.monotonic()

    async def watched() -> None:
        work = asyncio.ensure_future(run_trial(trial))
        with Live(console=console, refresh_per_second=4, transient=True) as live:
            while not work.done():
                live.update(
                    f"{trial.phase}: {trial.tally.faults} faults, {_seen(trial)}, {time.monotonic() - begun:.0f} s"
                )
                await asyncio.wait([work], timeout=0.25)
        await work

    asyncio.run(watched())
    show(trial, time.monotonic() - begun)
    return trial


def _seen(trial: Trial) -> str:
    if trial.witness is None:
        return "nothing rang yet"
    return f"{len(trial.witness.exchange.carrier.placed)} calls, {len(trial.witness.posts)} results"


def show(trial: Trial, seconds: float) -> None:
    """Print the report."""
    assert trial.evidence is not None
    table = Table(show_header=False, title_justify="left", title=f"after {seconds:.0f} s")
    seen = summary(trial.evidence) | {"requests without an answer": trial.unanswered}
    for what, number in [*trial.tally.by_kind.items(), *seen.items()]:
        table.add_row(what, str(number))
    console.print(table)
    for said in trial.said:
        console.print(said.strip(), markup=False)
    for promise, found in trial.findings.items():
        if found:
            console.print(f"[red]{promise}[/red]: {len(found)}" + _list(found[:_SHOWN]))
    for exit_ in trial.exits:
        console.print(exit_, style="red", markup=False)
    if not trial.broken and not trial.exits:
        console.print("[green]Every promise was kept.[/green]")


def caught(name: str, seed: int) -> bool:
    """Whether a trial finds the bug; one that only stops the house from running proves nothing."""
    mutant = MUTANTS[name]
    console.print(f"\n[bold]{name}[/bold]: {mutant.says}")
    tactic = TACTICS[mutant.tactic]
    faults = mutant.faults or max(3, round(25 / tactic.every))
    trial = attack(Order(tactic, faults, seed, mutant=name, points=mutant.points), mutant.tactic)
    found = bool(set(trial.broken) - {"stood still"}) and not trial.exits
    console.print("[green]found out[/green]" if found else "[red]it was not found[/red]")
    return found


def _list(lines: list[str]) -> str:
    return "".join(f"\n  {line}" for line in lines)


if __name__ == "__main__":
    raise SystemExit(main())
