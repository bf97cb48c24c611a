"""The api in a process of its own, attacked through its published document: it breaks no promise of it."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tests.fuzz.attacker import PHASES, REPEATED
from tests.fuzz.room import ATTACKERS, open_api
from tests.support.house import ROOT
from tests.support.servers import in_ci

CASES = int(os.environ.get("PACELINE_FUZZ_CASES", "25000"))
SEED = int(os.environ.get("PACELINE_FUZZ_SEED", "1"))
AT_LEAST_IN_CI = 25_000
FOUND_AT_MOST = 20  # are shown


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


@pytest.mark.timeout(600 + CASES // 20)
async def test_no_request_makes_the_api_break_what_it_publishes(database, tmp_path, capfd):
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
    heard = capfd.readouterr()
    with capfd.disabled():
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
    assert heard == ("", ""), "the room said something, and perhaps what it was sent"
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
