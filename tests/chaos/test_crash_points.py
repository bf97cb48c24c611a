"""Every step that others can see, with a kill before and after it."""

from tests.chaos.crash_points import ROOMS, points
from tests.chaos.tactics import TACTICS
from tests.chaos.trial import Order, Trial, run_trial


async def test_every_crash_point_is_hit_and_costs_nothing():
    wanted = [(room, point) for room in ROOMS for point in points(room)]
    trial = await run_trial(Trial(Order(TACTICS["any"], 0, seed=1, points=tuple(wanted))))
    missed = {f"{room}: {point}" for room, point in wanted} - set(trial.crashed_at)
    assert not trial.broken, trial.findings
    assert not missed
