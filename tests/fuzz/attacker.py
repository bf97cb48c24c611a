"""One process that attacks a live api: schemathesis, with what a schema cannot say told to it here."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter

from schemathesis import openapi
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from tests.fuzz.knowledge import Guide, install


def configure(url, token, *, seed, phases):
    wanted = {name: {"enabled": name in phases} for name in ("examples", "coverage", "fuzzing", "stateful")}
    return SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "base-url": url,
            "headers": {"Authorization": f"Bearer {token}"},
            "continue-on-failure": True,
            "request-timeout": 20,
            "generation": {"no-shrink": True, "database": "none", "max-examples": 100},
            "phases": wanted,
        }
    )


def attack(url, token, *, seed, cases, phases):
    guide = Guide(url, token, seed=seed)
    guide.stock()
    install(guide)
    told = Counter()
    failures = []
    while told["cases"] < cases:
        schema = openapi.from_url(f"{url}/openapi.json", config=configure(url, token, seed=seed, phases=phases))
        stream = from_schema(schema).execute()
        for event in stream:
            if isinstance(event, events.NonFatalError):
                failures.append(f"{event.label}: {event.info.format()}")
            if isinstance(event, events.EngineFinished):
                failures += [str(each) for each in event.failures]
            if isinstance(event, events.ScenarioFinished):
                count(event, told, failures)
                if told["cases"] >= cases:
                    stream.stop()
        seed += 1
        phases = ("fuzzing", "stateful")
    return told, failures


def count(event, told, failures):
    recorder = event.recorder
    phase = getattr(event, "phase", "fuzz")
    told["cases"] += len(recorder.interactions)
    told[f"in {phase}"] += len(recorder.interactions)
    for case_id, interaction in recorder.interactions.items():
        status = interaction.response.status_code if interaction.response else "none"
        told[str(status)] += 1
        case = recorder.cases[case_id].value
        told[f"{case.operation.label} {status}"] += 1
    told[f"scenarios in {phase}"] += 1
    told["stated"] += sum(recorder.filtered_failures.values())
    for case_id, checks in recorder.checks.items():
        for check in checks:
            told[f"check {check.name}"] += 1
            if check.failure_info:
                case = recorder.cases[case_id].value
                failures.append(
                    f"{check.name}: {case.operation.label}: {check.failure_info.failure.title}\n"
                    f"{check.failure_info.failure.message}\n{check.failure_info.code_sample}\n"
                    f"{recorder.interactions[case_id].response.text[:600]}"
                )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("token")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--phases", default="examples,coverage,fuzzing,stateful")
    given = parser.parse_args()
    told, failures = attack(
        given.url, given.token, seed=given.seed, cases=given.cases, phases=tuple(given.phases.split(","))
    )
    json.dump({"told": told, "failures": failures}, sys.stdout)


if __name__ == "__main__":
    main()
