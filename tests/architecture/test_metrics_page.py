"""docs/metrics.md says what the code's registry says, and what the registry holds follows Prometheus' conventions."""

from __future__ import annotations

import os
import re

import pytest

from tests.support.instruments import instruments, modules, name_of
from tests.support.repository import ROOT

PAGE = ROOT / "docs" / "metrics.md"
REWRITE = "PACELINE_WRITE=1 ./run test tests/architecture/test_metrics_page.py"
INTRO = f"""\
# Metrics

What each process shows at `/metrics` on its own port (`OPS_PORT`), in Prometheus' text format. Made from
`shared/observability/metrics/`: `{REWRITE}` writes this page again.

No label is a tenant, a campaign or a number: what one tenant does is in the API, the audit and the log. A process
shows what every process shows, and what belongs to the rooms it runs. How a house is watched, and what it can see of
its own promises: [observability](observability.md).
"""
HEAD = ["| name | kind | labels | unit | meaning |", "| --- | --- | --- | --- | --- |"]
GROWS_NOT = {
    "disposition", "method", "python", "queue", "result", "room", "route", "state", "status", "version", "why",
}  # fmt: skip


def unit_of(name: str) -> str:
    return next((unit for unit in ("seconds", "bytes") if re.search(rf"_{unit}(_total)?$", name)), "")


def page() -> str:
    lines = [INTRO]
    for name, caption, found in modules():
        lines += [
            f"## {name}",
            "",
            caption,
            "",
            "| name | kind | labels | unit | meaning |",
            "| --- | --- | --- | --- | --- |",
        ]
        for each in found:
            labels = ", ".join(f"`{label}`" for label in each._labelnames)
            what = name_of(each)
            lines.append(f"| `{what}` | {each._type} | {labels} | {unit_of(what)} | {each._documentation} |")
        lines.append("")
    return "\n".join(lines)


def test_the_metrics_page_is_fresh():
    if os.environ.get("PACELINE_WRITE"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page(), REWRITE


@pytest.mark.parametrize("metric", instruments(), ids=name_of)
def test_a_metric_is_named_as_prometheus_wants_it(metric):
    name = name_of(metric)
    assert re.fullmatch(r"paceline(_[a-z]+)+", name)
    assert name.endswith("_total") == (metric._type == "counter")
    assert metric._type != "histogram" or name.endswith("_seconds")
    assert not re.search(r"_(ms|milliseconds|minutes|count|sum|bucket|created)$", name)
    assert metric._documentation.endswith(".")


@pytest.mark.parametrize("metric", instruments(), ids=name_of)
def test_no_label_grows_with_the_house_s_customers(metric):
    assert set(metric._labelnames) <= GROWS_NOT
    assert metric._type != "histogram" or len(metric._labelnames) <= 2
