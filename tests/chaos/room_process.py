"""What runs in a room's process: settings, a mutant and a crash point are put in place, then the room itself."""

from __future__ import annotations

import os

from services.api import __main__ as api
from services.dialer import __main__ as dialer
from services.pacer import __main__ as pacer
from services.results import __main__ as results
from tests.chaos import crash_points, mutants

MAINS = {"api": api.main, "pacer": pacer.main, "dialer": dialer.main, "results": results.main}


def live(room: str, settings: dict[str, str], *, log: str, mutant: str, point: str) -> None:
    """Be this room until the end, whoever brings it; everything it says goes to its log."""
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.environ.update(settings)
    if mutant:
        mutants.install(mutant)
    if point:
        crash_points.arm(room, crash_points.CrashPoint(point))
    raise SystemExit(MAINS[room]())
