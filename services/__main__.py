"""`python -m services`: the whole house in one process, with its own PostgreSQL unless DATABASE_URL is set."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from typing import Any

from services import embedded
from services.api.settings import ApiSettings
from shared.db.embedded import EmbeddedPostgres, EmbeddedPostgresError
from shared.db.house import HOUSE_DATA
from shared.db.migrate import migrate
from shared.runtime.process import run
from shared.settings import HouseSettings


def main() -> int:
    """Run the house until it is told to stop; returns the exit code."""
    parser = argparse.ArgumentParser(prog="./run up", description=__doc__)
    parser.add_argument("--port", type=int, help="the api's port (8080)")
    arguments = parser.parse_args()
    over: dict[str, Any] = {"api_port": arguments.port} if arguments.port else {}
    with contextlib.ExitStack() as stack:
        if not HouseSettings().database_address:
            try:
                over["database_url"] = stack.enter_context(EmbeddedPostgres(HOUSE_DATA))
            except EmbeddedPostgresError as error:
                sys.stderr.write(f"{error}\n")
                return 1
        settings = HouseSettings(**over)
        asyncio.run(migrate(settings.database_address))
        house = f"http://127.0.0.1:{ApiSettings(**over).api_port}"
        sys.stderr.write(f"Paceline: {house}/api/, in a browser {house}/console (stop with ^C)\n")
        return run(settings, lambda platform: embedded.build(platform, overrides=over), name="house")


if __name__ == "__main__":
    raise SystemExit(main())
