"""One campaign through the containers: `python tests/acceptance/containers.py` against a house that compose brought up.

With `--restarts` every service, the broker and the database are killed and started again in turn while it runs.

    deploy/passwords.sh
    cp .env.example .env                                   # and uncomment OUTBOUND_ALLOW
    docker compose --profile demo up -d --wait
    python tests/acceptance/containers.py

Standard library only. COMPOSE names another compose command, PACELINE_URL another address of the api.
"""

from __future__ import annotations

import argparse
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
SERVICES = ("api", "pacer", "dialer", "results", "rabbitmq", "postgres")
REPORT = f"import urllib.request as u; print(u.urlopen('{TENANT}/report').read().decode())"
PATIENCE_SECONDS = 480  # what a killed dialer leaves is unknown after some six minutes


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


def make_campaign(token: str, numbers: int, a_minute: int) -> int:
    """Make a campaign for all day and night; returns its id."""
    ask(token, "/api/schedules", {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "nickname": "always"})
    pace = {"period": 1, "amount_per_period": a_minute, "time_between_periods": 0, "nickname": "Steady"}
    ask(token, "/api/profiles", pace)
    today = datetime.now(UTC).date()
    campaign = ask(
        token,
        "/api/campaigns",
        {
            "start_date": str(today - timedelta(days=1)),
            "end_date": str(today + timedelta(days=1)),
            "schedule": "always",
            "profiles": [{"profile": "Steady", "start_time": "00:00", "end_time": "00:00"}],
            "start_url": f"{TENANT}/start",
            "result_url": f"{TENANT}/result",
            "phone_numbers": [f"tel:+1212555{n:04d}; ani=6175550199, compose-{n}" for n in range(numbers)],
        },
    )
    return int(campaign["response"]["id"])


def restart_all() -> None:
    """Kill one container after the other, as a machine that fails would, and bring each back before the next."""
    for service in SERVICES:
        begun = time.monotonic()
        compose("kill", "--signal", "KILL", service)
        compose("up", "--detach", "--wait", "--no-build", "--pull", "never", "--no-deps", service)
        sys.stdout.write(f"{service} was killed, and was back after {time.monotonic() - begun:.0f} s\n")


def main() -> int:
    """Run the story; 0 when every number has its result and none was called twice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--restarts", action="store_true", help="kill every container once while the campaign runs")
    restarts = parser.parse_args().restarts
    numbers, a_minute = (240, 120) if restarts else (20, 60)
    printed = compose(
        "run", "--rm", "--no-deps", "-T", "api", "services.api.tokens", "create", f"acme-{time.time():.0f}"
    )
    token = next(word for word in printed.split() if word.startswith("pl_"))
    before = report()
    campaign = make_campaign(token, numbers, a_minute)
    ask(token, "/api/campaigns/start", {"campaign_id": campaign})
    if restarts:
        restart_all()
    deadline = time.monotonic() + PATIENCE_SECONDS
    arrived = 0
    while arrived < numbers and time.monotonic() < deadline:
        time.sleep(2)
        seen = report()
        arrived = seen["results"] - before["results"]
        sys.stdout.write(f"{arrived} of {numbers} results\n")
    twice = seen["twice"] - before["twice"]
    sys.stdout.write(f"outcomes so far: {seen['outcomes']}\n")
    sys.stdout.write(f"{arrived} passed, {numbers - arrived} failed, {twice} called twice\n")
    return 0 if arrived == numbers and not twice else 1


if __name__ == "__main__":
    raise SystemExit(main())
