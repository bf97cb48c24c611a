"""What Kubernetes says of an object, misspelt fields among it; no cluster is needed."""

from __future__ import annotations

import functools
from typing import Any

import kubernetes_validate
from kubernetes_validate import utils

VERSIONS = ("1.31", "1.35", "1.36", "1.37")  # the oldest that the chart allows, and those that are kept
# Kinds that operators bring: Kubernetes has no schema of them.
OF_OPERATORS = frozenset({"PrometheusRule", "ScaledObject", "ServiceMonitor", "TriggerAuthentication"})


def faults(thing: dict[str, Any], version: str) -> list[str]:
    """Return what a version of Kubernetes would not take of an object."""
    try:
        kubernetes_validate.validate(thing, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        where = ".".join(map(str, error.path))
        return [f"{thing['kind']} {thing['metadata']['name']}, {version}: {where}: {error.message[:300]}"]
    return []


# It reads the definitions anew for every object, 8 MB each time.
utils.schema_contents = functools.cache(utils.schema_contents)
