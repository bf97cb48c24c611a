"""The attack: faults by a seeded hand, while tenants go on with their day."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from tests.chaos.echo import echo
from tests.chaos.failover import accept_ledger
from tests.chaos.ground import Ground
from tests.chaos.rooms import Room
from tests.chaos.tactics import Tactic
from tests.chaos.tenants import Tenant, Tenants
from tests.chaos.upgrade import replace_all

if TYPE_CHECKING:
    from tests.chaos.trial import Trial

_POINT_WITHIN = 60.0  # seconds for a process to pass its crash point
_DRAINS_WITHIN = 15.0  # seconds: the drain's own limit, and what it takes to end after it
_LAST_ERRANDS = 2.0  # seconds in which tenants end what they have begun
_OPERATOR_COMES = 5.0  # seconds after a failover, in which nobody may be called
_AFTERWARDS = 6.0  # seconds the house goes on
_SHORTAGE = 8.0  # seconds without memory or disk
_BLACKOUT = 8.0  # seconds: longer than a slot may be late when the clock runs ten times as fast


async def attack(trial: Trial, ground: Ground, tenants: Tenants, dice: random.Random) -> None:
    """Do what the order says; returns when the last fault is done."""
    assert trial.witness is not None
    busy = asyncio.gather(
        _echo(trial.order.tactic, ground, dice),
        _add_numbers(tenants, dice),
        _run_errands(tenants, trial.witness.url),
        _stop_and_start(trial.order.tactic, tenants, dice),
    )
    faults = asyncio.ensure_future(_hurting(trial, ground, tenants, dice))
    try:
        await asyncio.wait({busy, faults}, return_when=asyncio.FIRST_COMPLETED)
        if busy.done():
            await busy  # the tenants met with something they should not have
        await faults
    finally:
        for work in (busy, faults):
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await work


def _hurting(trial: Trial, ground: Ground, tenants: Tenants, dice: random.Random) -> Coroutine[Any, Any, None]:
    if trial.order.points:
        return _crash_at(trial)
    if trial.order.older:
        assert trial.front is not None
        return replace_all(trial, trial.front, ground.dsn)
    return _faults(trial, ground, tenants, dice)


async def _faults(trial: Trial, ground: Ground, tenants: Tenants, dice: random.Random) -> None:
    tactic = trial.order.tactic
    pending: set[asyncio.Task[None]] = set()
    while trial.tally.faults < trial.order.faults or len(tenants.stops) < trial.order.stops:
        await asyncio.sleep(dice.uniform(0.5, 1.5) * tactic.every)
        kind = _choose(tactic, dice)
        if kind == "kill":
            _kill(trial, dice)
        elif kind == "freeze":
            pending.add(asyncio.ensure_future(_freeze(trial, dice)))
        elif kind == "term":
            pending.add(asyncio.ensure_future(_term(trial, dice)))
        else:
            await _hurt(kind, trial, ground, tenants)
    await asyncio.gather(*pending)


def _choose(tactic: Tactic, dice: random.Random) -> str:
    shares = {
        "term": tactic.terms,
        "freeze": tactic.freezes,
        "blackout": tactic.blackouts,
        "cut": tactic.cuts,
        "broker kill": tactic.broker_kills,
        "purge": tactic.broker_purges,
        "postgres crash": tactic.postgres_crashes,
        "alarm": tactic.broker_alarms,
        "full disk": tactic.full_disks,
        "failover": tactic.failovers,
    }
    kinds, weights = list(shares), list(shares.values())
    return dice.choices([*kinds, "kill"], [*weights, max(0.0, 1 - sum(weights))])[0]


def _targets(trial: Trial) -> list[Room]:
    kinds = trial.order.tactic.targets
    return [room for room in trial.rooms if room.kind in kinds and room.alive and not room.frozen and not room.leaving]


def _kill(trial: Trial, dice: random.Random) -> None:
    if targets := _targets(trial):
        room = dice.choice(targets)
        room.kill()
        room.start()
        trial.tally.count("kill", room=room.kind)


async def _term(trial: Trial, dice: random.Random) -> None:
    if targets := _targets(trial):
        room = dice.choice(targets)
        trial.tally.count("term")
        room.leaving = True
        try:
            code = await asyncio.to_thread(room.stop, within=_DRAINS_WITHIN)
            if code not in (0, -signal.SIGTERM):  # the latter: it had begun nothing, not even to listen to signals
                trial.exits.append(f"{room.name} was told to go and ended with {code}: {room.last_words()}")
        finally:
            room.leaving = False
            room.start()


async def _freeze(trial: Trial, dice: random.Random) -> None:
    if targets := _targets(trial):
        room = dice.choice(targets)
        trial.tally.count("freeze", room=room.kind, frozen=True)
        room.freeze()
        await asyncio.sleep(dice.uniform(1, 5))
        room.thaw()


async def _hurt(kind: str, trial: Trial, ground: Ground, tenants: Tenants) -> None:
    """Hurt the servers, or everybody."""
    if kind == "blackout":
        trial.tally.count(kind, frozen=True)
        for room in trial.rooms:
            room.freeze()
        await asyncio.sleep(_BLACKOUT)
        for room in trial.rooms:
            room.thaw()
    elif kind == "cut":
        ground.cut()
        trial.tally.count(kind)
    elif kind == "purge":
        await ground.purge()
        trial.tally.count(kind)
    elif kind == "broker kill":
        assert ground.rabbit is not None
        trial.tally.count(kind)
        await asyncio.to_thread(ground.rabbit.kill)
        await asyncio.to_thread(ground.rabbit.start)
    elif kind == "failover":
        trial.tally.count(kind)
        await _fail_over(trial, ground, tenants)
    elif kind == "alarm":
        assert ground.rabbit is not None
        trial.tally.count(kind)
        await asyncio.to_thread(ground.rabbit.alarm, on=True)
        await asyncio.sleep(_SHORTAGE)
        await asyncio.to_thread(ground.rabbit.alarm, on=False)
    elif kind == "full disk":
        assert ground.postgres is not None
        trial.tally.count(kind)
        async with ground.postgres.full_disk():
            await asyncio.sleep(_SHORTAGE)
    else:
        assert ground.postgres is not None
        trial.tally.count(kind)
        await ground.postgres.crash()


async def _fail_over(trial: Trial, ground: Ground, tenants: Tenants) -> None:
    assert ground.pair is not None
    lagging = trial.order.tactic.lagging
    if lagging:  # or what tenants were told would be lost with the commits: that is no finding
        tenants.quiet = True
        await asyncio.sleep(_LAST_ERRANDS)
    await ground.pair.fail_over(lagging=lagging)
    if lagging:
        await asyncio.sleep(_OPERATOR_COMES)
        trial.said.append(await asyncio.to_thread(accept_ledger, ground.dsn))
        tenants.quiet = False
    await asyncio.sleep(_AFTERWARDS)


async def _crash_at(trial: Trial) -> None:
    """Arm one process of each room with one crash point after the other."""
    rooms = {room.kind: room for room in trial.rooms}
    points = {kind: [point for owner, point in trial.order.points if owner == kind] for kind in rooms}
    await asyncio.gather(*(_walk(trial, rooms[kind], left) for kind, left in points.items()))


async def _walk(trial: Trial, room: Room, points: list[str]) -> None:
    for point in points:
        room.kill()
        if room.kind == "dialer":
            trial.tally.dialers_hit += 1
        room.point = point
        room.start()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_POINT_WITHIN):
                while room.point:
                    await asyncio.sleep(0.02)
        room.point = ""


async def _echo(tactic: Tactic, ground: Ground, dice: random.Random) -> None:
    if tactic.echoes:
        await echo(ground, delay=lambda: dice.uniform(0, 3))


async def _add_numbers(tenants: Tenants, dice: random.Random) -> None:
    while True:
        await asyncio.sleep(dice.uniform(0.2, 1.0))
        if not tenants.quiet:
            await tenants.add_numbers(dice.randint(1, 20))


async def _run_errands(tenants: Tenants, witness: str) -> None:
    while True:
        if not tenants.quiet:
            await tenants.run_errand(witness)
        await asyncio.sleep(0.01)


async def _stop_and_start(tactic: Tactic, tenants: Tenants, dice: random.Random) -> None:
    async def one(tenant: Tenant) -> None:
        while tactic.stops:
            await asyncio.sleep(dice.expovariate(tactic.stops / len(tenants.tenants)))
            if not tenants.quiet:
                await tenants.stop_and_start(tenant, pause=dice.uniform(0.1, 1.0))

    await asyncio.gather(*(one(tenant) for tenant in tenants.tenants))
