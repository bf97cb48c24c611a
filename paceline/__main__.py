"""`python -m paceline`: the command line."""

from __future__ import annotations

from paceline.commands import main

if __name__ == "__main__":
    raise SystemExit(main())
