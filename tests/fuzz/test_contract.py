"""The api in a process of its own, attacked through its published document: it breaks no promise of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from services.api.tokens import create_token
from shared.db.pool import Database
from tests.fuzz.attacker import PHASES, REPEATED
from tests.support.house import ROOT, Room
from tests.support.servers import free_ports, in_ci

CASES = int(os.environ.get("PACELINE_FUZZ_CASES", "25000"))
SEED = int(os.environ.get("PACELINE_FUZZ_SEED", "1"))
AT_LEAST_IN_CI = 25_000
ATTACKERS = 2  # each is a tenant of its own and takes a core
FOUND_AT_MOST = 20  # are shown
NOW = datetime.now(UTC)


@contextlib.asynccontextmanager
async def open_api(database):
    """Run the room as a process, with an account for each attacker; give its address, tokens and document."""
    pool = Database(database, name="fuzz", size=2)
    await pool.open()
    tokens = [(await create_token(pool, f"attacker-{place}", NOW))[0] for place in range(ATTACKERS)]
    await pool.execute(
        "INSERT INTO deliveries (campaign_id, seq, version, account_id, url, body, state, tries, created_at, next_at,"
        " finished_at, last_status, last_error) SELECT 1, n, 1, a.id, 'http://x.test', '', 'dead', 10, $1, $1, $1,"
        " CASE WHEN n % 2 = 0 THEN 503 END, CASE WHEN n % 2 = 1 THEN 'no answer' END"
        " FROM accounts AS a, generate_series(a.id * 10, a.id * 10 + 4) AS n",
        NOW,
    )
    await pool.close()
    (port,) = free_ports(1)
    environment = os.environ | {
        "ENVIRONMENT": "test",
        "DATABASE_URL": database,
        "RABBITMQ_URL": "memory://",
        "API_PORT": str(port),
        "REQUESTS_PER_MINUTE": "0",
        "WRONG_TOKENS_PER_MINUTE": "0",
        "LOG_LEVEL": "error",
        "PYTHONPATH": str(ROOT),
    }
    room = Room("services.api", environment)
    await room.start()
    try:
        await room.ready()
        url = f"http://127.0.0.1:{port}"
        async with aiohttp.ClientSession() as http, http.get(f"{url}/openapi.json") as answer:
            assert answer.status == 200
            yield url, tokens, await answer.json()
    finally:
        await room.stop()


async def attack(url, token, document, *, seed, cases, phases=PHASES):
    """Let one process attack; return its report."""
    command = [sys.executable, "-m", "tests.fuzz.attacker", url, token, str(document)]
    command += ["--seed", str(seed), "--cases", str(cases), "--phases", ",".join(phases)]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0
    return json.loads(said)


def save(tmp_path, document):
    path = tmp_path / f"{secrets.token_hex(4)}.json"
    path.write_text(json.dumps(document))
    return path


@pytest.mark.timeout(300 + CASES // 50)
async def test_no_request_makes_the_api_break_what_it_publishes(database, tmp_path, capsys):
    assert not in_ci() or CASES >= AT_LEAST_IN_CI
    began = datetime.now(UTC)
    async with open_api(database) as (url, tokens, document):
        reports = await asyncio.gather(
            *(
                attack(
                    url,
                    token,
                    save(tmp_path, document),
                    seed=SEED + 1_000_000 * place,
                    cases=-(-CASES // ATTACKERS),
                    phases=REPEATED if place else PHASES,
                )
                for place, token in enumerate(tokens)
            )
        )
    sent, checks = Counter(), Counter()
    for report in reports:
        sent.update(report["sent"])
        checks.update(report["checks"])
    cases, stated = sum(report["cases"] for report in reports), sum(report["stated"] for report in reports)
    with capsys.disabled():
        statuses = Counter(label.rpartition(" ")[2] for label in sent.elements())
        sys.stdout.write(
            f"\nfuzz: {cases} cases, seed {SEED}, {(datetime.now(UTC) - began) // timedelta(seconds=1)} s; "
            f"{sum(checks.values())} checks of {len(checks)} kinds; {stated} valid ones refused for a stated reason; "
            + ", ".join(f"{count} × {status}" for status, count in sorted(statuses.items()))
            + "\n"
        )
    found = [failure for report in reports for failure in report["failures"]]
    assert not found, f"seed {SEED}, {len(found)} findings:\n\n" + "\n\n".join(found[:FOUND_AT_MOST])
    assert cases >= CASES
    if cases < AT_LEAST_IN_CI:
        return
    operations = {f"{m.upper()} {path}" for path, item in document["paths"].items() for m in item}
    never = {each for each in operations if not sent[f"{each} 200"]}
    assert not never, f"never accepted, so hardly tried: {never}"


async def test_documents_that_promise_something_else_are_found_out(database, tmp_path):
    async with open_api(database) as (url, tokens, document):
        schemas = document["components"]["schemas"]
        del schemas["Profile"]["properties"]["period"]  # additionalProperties: false
        schemas["Problem404"]["properties"]["title"]["const"] = "Gone"
        del document["paths"]["/api/schedules"]["post"]["responses"]["422"]
        document["components"]["headers"]["X-Request-ID"]["schema"]["pattern"] = "^no"
        schemas["CreateSchedule"]["required"].append("nickname")
        schemas["CreateSchedule"]["properties"]["days"]["items"]["enum"].append("someday")
        report = await attack(
            url, tokens[0], save(tmp_path, document), seed=SEED, cases=2500, phases=("examples", "coverage")
        )
    found = {failure.partition(":")[0] for failure in report["failures"]}
    assert found >= {
        "response_schema_conformance",
        "status_code_conformance",
        "response_headers_conformance",
        "negative_data_rejection",
        "positive_data_acceptance",
    }
