"""The chart as plain manifests: what `deploy/kustomize/house` must hold."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml

from tests.support.helm import Thing, of_kind, render

# A name that overlays replace, the Secret's name, and a migration that is no hook of Helm's.
_VALUES = "image.repository=paceline,existingSecret.name=paceline,migrate.asHook=false"
# What is Helm's, and a version that an overlay's tag would make untrue.
_OF_HELM = ("helm.sh/chart", "app.kubernetes.io/managed-by", "app.kubernetes.io/version")
_CAPTION = (
    "# Made from the chart: `PACELINE_WRITE=1 ./run test tests/deploy/test_kustomize.py` writes it again; "
    "what each part is for\n# stands in deploy/helm/paceline/templates.\n"
)
_FILES = {
    "Deployment": "rooms.yaml",
    "Job": "migrate.yaml",
    "NetworkPolicy": "network-policies.yaml",
    "PodDisruptionBudget": "budgets.yaml",
    "Service": "services.yaml",
    "ServiceAccount": "service-account.yaml",
}


def manifests(helm: Path) -> dict[str, str]:
    """Return its files, by their names.

    Settings become kustomize's to write: it puts their hash into the maps' names, so that rooms restart when an
    overlay changes them.
    """
    things = render(helm, "--set", _VALUES)
    files: dict[str, list[Thing]] = {}
    for each in things:
        if each["kind"] != "ConfigMap":
            files.setdefault(_FILES[each["kind"]], []).append(_plain(each))
    maps = [
        {"name": name, "literals": [f"{key}={value}" for key, value in sorted(each["data"].items())]}
        for name, each in of_kind(things, "ConfigMap").items()
    ]
    kustomization: dict[str, Any] = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(files),
        "configMapGenerator": maps,
    }
    return {name: _written(parts) for name, parts in (*files.items(), ("kustomization.yaml", [kustomization]))}


def _plain(thing: Thing) -> Thing:
    """Without what only Helm's objects have."""
    made = copy.deepcopy(thing)
    for name in _OF_HELM:
        del made["metadata"]["labels"][name]
    annotations = made["spec"].get("template", {}).get("metadata", {}).get("annotations") if "spec" in made else None
    if annotations:
        del annotations["checksum/settings"]
        if not annotations:
            del made["spec"]["template"]["metadata"]["annotations"]
    return made


def _written(parts: list[Thing]) -> str:
    return _CAPTION + "---\n".join(yaml.safe_dump(each, sort_keys=False, width=120) for each in parts)
