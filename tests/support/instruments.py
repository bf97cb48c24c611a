"""The registry of metrics as documents, rules and dashboards must know it."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

from prometheus_client.metrics import MetricWrapperBase

from shared.observability import metrics

NAMES = ("process", "api", "pacer", "dialer", "results", "house")
USED = re.compile(r"\bpaceline_[a-z_]+\b")


def modules() -> Iterator[tuple[str, str, list[MetricWrapperBase]]]:
    """Each module of the registry: its name, its caption, its instruments in the order of the file."""
    assert sorted(NAMES) == sorted(each.name for each in pkgutil.iter_modules(metrics.__path__))
    for name in NAMES:
        module = importlib.import_module(f"{metrics.__name__}.{name}")
        found = [value for key, value in vars(module).items() if isinstance(value, MetricWrapperBase) and key[0] != "_"]
        yield name, (module.__doc__ or "").strip(), found


def instruments() -> list[MetricWrapperBase]:
    return [each for _, _, found in modules() for each in found]


def name_of(metric: MetricWrapperBase) -> str:
    """The name that a query uses; a histogram's has `_bucket`, `_sum` or `_count` after it."""
    return metric._name + ("_total" if metric._type == "counter" else "")


def strangers(text: str) -> list[str]:
    """The names of metrics in a text that no process shows."""
    known = set()
    for each in instruments():
        ends = ("_bucket", "_sum", "_count") if each._type == "histogram" else ("",)
        known |= {name_of(each) + end for end in (*ends, "")}
    return sorted(set(USED.findall(text)) - known)
