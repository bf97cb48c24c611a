"""One process that attacks a live api with schemathesis, and says as JSON what it sent and what it found.

Its seed is the seed of all that it makes up; ids differ from run to run when two of them share an api.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter

from schemathesis import openapi
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from tests.fuzz.guide import Guide, install

PHASES = ("examples", "coverage", "fuzzing", "stateful")
REPEATED = ("fuzzing", "stateful")  # the others send the same again
TEXT_SHOWN = 1500
# Each valid case of these starts a process, which takes half a second of a core: of 25,000 cases some 1,000 would be
# theirs. A few say whether the answers are as published; what documents do is the business of the interpreter's tests.
FEW = {"include-tag": "Applications", "generation": {"max-examples": 8, "no-shrink": True, "database": "none"}}


def configure(url, token, *, seed, phases):
    """Return schemathesis' settings: all its checks, no shrinking, nothing kept from run to run."""
    wanted = {name: {"enabled": name in phases} for name in PHASES}
    # What answers teach it makes every strategy anew for every case, half of the time; the guide knows the ids.
    wanted["fuzzing"] |= {"extra-data-sources": {"responses": False}, "error-feedback": {"enabled": False}}
    return SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "base-url": url,
            "headers": {"Authorization": f"Bearer {token}"},
            "continue-on-failure": True,
            "request-timeout": 20,
            "generation": {"no-shrink": True, "database": "none", "max-examples": 120},
            "phases": wanted,
            "operations": [FEW | {"phases": wanted | {"coverage": {"enabled": False}}}],
        }
    )


class Report:
    """What was sent and found so far."""

    def __init__(self):
        self.cases = 0
        self.stated = 0
        self.sent = Counter()  # by operation and status
        self.checks = Counter()
        self.failures = []

    def take(self, event):
        """Count what an event of the engine tells of."""
        if isinstance(event, events.NonFatalError):
            self.failures.append(f"{event.label}: {event.info.format()}")
        elif isinstance(event, events.EngineFinished):
            self.failures += [str(failure) for failure in event.failures]
        elif isinstance(event, events.ScenarioFinished):
            self._take_cases(event.recorder)

    def _take_cases(self, recorder):
        self.cases += len(recorder.interactions)
        self.stated += sum(recorder.filtered_failures.values())
        for case_id, interaction in recorder.interactions.items():
            status = interaction.response.status_code if interaction.response else "no answer"
            self.sent[f"{recorder.cases[case_id].value.operation.label} {status}"] += 1
        for case_id, checks in recorder.checks.items():
            self.checks.update(check.name for check in checks)
            self.failures += [
                f"{check.name}: {recorder.cases[case_id].value.operation.label}: {check.failure_info.failure.title}: "
                f"{check.failure_info.failure.message}\n{check.failure_info.code_sample[:TEXT_SHOWN]}\n"
                f"{recorder.interactions[case_id].response.text[:TEXT_SHOWN]}\n"
                f"body: {recorder.cases[case_id].value.body!r:.{TEXT_SHOWN}}"
                for check in checks
                if check.failure_info
            ]


def attack(url, token, *, document, seed, cases, phases):
    """Send no fewer cases than that; return what was sent and found."""
    guide = Guide(url, token, seed=seed)
    guide.stock()
    install(guide)
    report = Report()
    while report.cases < cases and not report.failures:
        config = configure(url, token, seed=seed, phases=phases)
        schema = openapi.from_path(document, config=config)
        before = report.cases
        stream = from_schema(schema).execute()
        for event in stream:
            report.take(event)
            if report.cases >= cases:
                stream.stop()
        if report.cases == before:
            report.failures.append("schemathesis sent nothing")
        seed, phases = seed + 1, REPEATED
    return report


def main():
    """Attack as the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("token")
    parser.add_argument("document")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--cases", type=int, required=True)
    parser.add_argument("--phases", default=",".join(PHASES))
    given = parser.parse_args()
    phases = tuple(given.phases.split(","))
    report = attack(given.url, given.token, document=given.document, seed=given.seed, cases=given.cases, phases=phases)
    json.dump(vars(report), sys.stdout)


if __name__ == "__main__":
    main()
