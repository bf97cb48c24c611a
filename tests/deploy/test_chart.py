"""The chart as a whole: Helm finds nothing to say about it, and Kubernetes takes what it makes."""

from __future__ import annotations

import importlib.util
import json
import re
import tarfile
import tomllib

import pytest
import yaml

from tests.support.helm import CHART, NEEDED, ask, of_kind
from tests.support.kubernetes import OF_OPERATORS, VERSIONS, faults
from tests.support.repository import ROOT, told

OBSERVABILITY = ROOT / "deploy" / "observability"


def test_helm_lints_it(tools, arguments):
    said = ask(tools.helm, "lint", "--strict", CHART, *arguments)
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_takes_what_it_makes(things, version):
    ours = [each for each in things if each["kind"] not in OF_OPERATORS]
    found = [fault for each in ours for fault in faults(each, version)]
    assert ours
    assert not found, told(found, "Kubernetes would refuse these.")


def test_the_judge_sees_a_misspelt_field(things):
    (*_, deployment) = of_kind(things, "Deployment").values()
    wrong = json.loads(json.dumps(deployment))
    wrong["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    assert faults(wrong, VERSIONS[-1])


def test_no_two_objects_have_one_name(things):
    names = [(each["kind"], each["metadata"]["name"]) for each in things]
    assert len(names) == len(set(names))


def test_every_object_says_what_it_belongs_to(things):
    for each in things:
        labels = each["metadata"]["labels"]
        assert labels["app.kubernetes.io/instance"] == "paceline"
        assert labels["app.kubernetes.io/part-of"] == "paceline"
        assert {"app.kubernetes.io/name", "app.kubernetes.io/version", "helm.sh/chart"} <= set(labels)


def test_its_version_is_the_programs():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert (
        chart["appVersion"]
        == tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    )
    assert chart["kubeVersion"] == f">={VERSIONS[0]}.0-0"


def test_a_package_of_it_holds_the_alerts_and_dashboards_it_is_linked_to(tools, tmp_path):
    assert (CHART / "observability").is_symlink(), "a copy would drift"
    said = ask(tools.helm, "package", CHART, "--destination", tmp_path)
    assert said.returncode == 0, said.stderr
    (package,) = tmp_path.iterdir()
    with tarfile.open(package) as packed:
        names = {each.partition("/")[2] for each in packed.getnames()}
    kept = [OBSERVABILITY / "alerts.yml", *OBSERVABILITY.glob("dashboards/*.json")]
    wanted = {f"observability/{each.relative_to(OBSERVABILITY).as_posix()}" for each in kept}
    assert {each for each in names if each.startswith("observability/")} == wanted


def test_a_rule_of_the_operator_is_the_file_of_alerts(everything):
    (rule,) = of_kind(everything, "PrometheusRule").values()
    assert rule["spec"] == yaml.safe_load((OBSERVABILITY / "alerts.yml").read_text(encoding="utf-8"))


def test_every_dashboard_is_a_config_map_that_grafana_finds(everything):
    shown = {
        file: content
        for each in of_kind(everything, "ConfigMap").values()
        if each["metadata"]["labels"].get("grafana_dashboard") == "1"
        for file, content in each["data"].items()
    }
    assert shown
    files = {each.name: each.read_text(encoding="utf-8") for each in OBSERVABILITY.glob("dashboards/*.json")}
    assert {name: json.loads(content) for name, content in shown.items()} == {
        name: json.loads(content) for name, content in files.items()
    }


def notes(tools, *arguments):
    said = ask(tools.helm, "install", "paceline", CHART, "--namespace", "calls", "--dry-run=client", *arguments)
    assert said.returncode == 0, said.stderr
    return said.stdout.partition("NOTES:")[2]


def test_the_notes_name_what_there_is(tools, arguments, things):
    said = notes(tools, *arguments)
    named = re.findall(r"(deployment|service)/(\S+)", said)
    assert named
    assert all(name in of_kind(things, kind.title()) for kind, name in named)


def test_what_people_are_told_to_run_is_a_module():
    told_to = (ROOT / "docs" / "kubernetes.md").read_text(encoding="utf-8")
    told_to += (CHART / "templates" / "NOTES.txt").read_text(encoding="utf-8")
    modules = set(re.findall(r"python -m ([\w.]+)", told_to))
    assert modules >= {"services.api.tokens", "services.pacer.ledger"}
    assert [each for each in modules if importlib.util.find_spec(each) is None] == []


def test_the_notes_warn_of_what_was_forgotten(tools):
    assert "Nobody's telephone rings" in notes(tools, *NEEDED)
    without = (*NEEDED, "--set", "api.ingress.enabled=true,api.ingress.host=calls.example.com")
    assert "TRUSTED_PROXIES is empty" in notes(tools, *without)
    assert "http://calls.example.com/console" in notes(tools, *without)
    assert "TRUSTED_PROXIES is empty" not in notes(tools, "-f", ROOT / "deploy" / "helm" / "production.yaml")
