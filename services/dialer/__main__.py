"""`python -m services.dialer`: this room as a process of its own."""

from __future__ import annotations

from services.dialer.app import build
from services.dialer.settings import DialerSettings
from shared.runtime.process import run


def main() -> int:
    """Run the room; returns the exit code."""
    settings = DialerSettings()
    return run(settings, lambda platform: [build(settings, platform)], name="dialer")


if __name__ == "__main__":
    raise SystemExit(main())
