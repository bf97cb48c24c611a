"""`python -m services.pacer`: this room as a process of its own."""

from __future__ import annotations

from services.pacer.app import build
from services.pacer.settings import PacerSettings
from shared.runtime.process import run


def main() -> int:
    """Run the room; returns the exit code."""
    settings = PacerSettings()
    return run(settings, lambda platform: [build(settings, platform)], name="pacer")


if __name__ == "__main__":
    raise SystemExit(main())
