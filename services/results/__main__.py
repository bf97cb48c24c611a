"""`python -m services.results`: this room as a process of its own."""

from __future__ import annotations

from services.results.app import build
from services.results.settings import ResultsSettings
from shared.runtime.process import run


def main() -> int:
    """Run the room; returns the exit code."""
    settings = ResultsSettings()
    return run(settings, lambda platform: [build(settings, platform)], name="results")


if __name__ == "__main__":
    raise SystemExit(main())
