"""One campaign through the containers: `python tests/acceptance/containers.py` against a house that compose brought up.

    cp .env.example .env                                   # set the passwords, and uncomment OUTBOUND_ALLOW
    docker compose --profile demo up -d --wait
    python tests/acceptance/containers.py

Standard library only. COMPOSE names another compose command, PACELINE_URL another address of the api.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

COMPOSE = shlex.split(os.environ.get("COMPOSE", "docker compose"))
URL = os.environ.get("PACELINE_URL", "http://127.0.0.1:8080")
TENANT = "http://demo-application:8090"
NUMBERS = [f"tel:+121255501{n:02d}; ani=6175550199, compose-{n}" for n in range(20)]
REPORT = f"import urllib.request as u; print(u.urlopen('{TENANT}/report').read().decode())"
PATIENCE_SECONDS = 180


def compose(*arguments: str) -> str:
    """Run a compose command and return what it printed."""
    done = subprocess.run([*COMPOSE, *arguments], check=True, text=True, stdout=subprocess.PIPE)
    return done.stdout


def ask(token: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Send one request to the api as a tenant's program would."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(URL + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        content: dict[str, Any] = json.load(answer)
        return content


def report() -> dict[str, Any]:
    """Ask the tenant's own server what arrived there."""
    content: dict[str, Any] = json.loads(compose("exec", "-T", "demo-application", "python", "-c", REPORT))
    return content


def main() -> int:
    """Run the story; 0 when every number has its result."""
    name = f"compose-{int(time.time())}"
    printed = compose("run", "--rm", "--no-deps", "-T", "api", "services.api.tokens", "create", name)
    token = next(word for word in printed.split() if word.startswith("pl_"))
    before = report()["results"]
    ask(token, "/api/schedules", {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "nickname": "always"})
    pace = {"period": 1, "amount_per_period": 60, "time_between_periods": 1, "nickname": "EverySecond"}
    ask(token, "/api/profiles", pace)
    today = datetime.now(UTC).date()
    campaign = ask(
        token,
        "/api/campaigns",
        {
            "start_date": str(today - timedelta(days=1)),
            "end_date": str(today + timedelta(days=1)),
            "schedule": "always",
            "profiles": [{"profile": "EverySecond", "start_time": "00:00", "end_time": "00:00"}],
            "start_url": f"{TENANT}/start",
            "result_url": f"{TENANT}/result",
            "phone_numbers": NUMBERS,
        },
    )["response"]["id"]
    ask(token, "/api/campaigns/start", {"campaign_id": campaign})
    deadline = time.monotonic() + PATIENCE_SECONDS
    seen = report()
    while seen["results"] - before < len(NUMBERS) and time.monotonic() < deadline:
        time.sleep(2)
        seen = report()
        sys.stdout.write(f"{seen['results'] - before} of {len(NUMBERS)} results\n")
    arrived = seen["results"] - before
    sys.stdout.write(f"outcomes so far: {seen['outcomes']}\n{arrived} passed, {len(NUMBERS) - arrived} failed\n")
    return 0 if arrived == len(NUMBERS) else 1


if __name__ == "__main__":
    raise SystemExit(main())
