"""`python -m services.api`: this room as a process of its own."""

from __future__ import annotations

from services.api.app import build
from services.api.settings import ApiSettings
from shared.runtime.process import run


def main() -> int:
    """Run the room; returns the exit code."""
    settings = ApiSettings()
    # Whatever became of the ledger, a tenant's `stop` is taken.
    return run(settings, lambda platform: [build(settings, platform)], name="api", guarded=False)


if __name__ == "__main__":
    raise SystemExit(main())
