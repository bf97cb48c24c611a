"""The manifests for those without Helm are the chart's, and an overlay of them is a whole house."""

from __future__ import annotations

import os

import pytest
import yaml

from tests.support.helm import ask, container, environment, objects, of_kind, pods
from tests.support.kubernetes import VERSIONS, faults
from tests.support.kustomize import manifests
from tests.support.repository import ROOT, told
from tests.support.rooms import SETTINGS, setting_names

FOLDER = ROOT / "deploy" / "kustomize"
HOUSE = FOLDER / "house"
WRITE = "PACELINE_WRITE=1 ./run test tests/deploy/test_kustomize.py"


@pytest.fixture(scope="module")
def wanted(tools):
    """The files made from the chart, written when that is asked for."""
    files = manifests(tools.helm)
    if os.environ.get("PACELINE_WRITE"):
        for path in HOUSE.iterdir():
            path.unlink()
        for name, content in files.items():
            (HOUSE / name).write_text(content, encoding="utf-8")
    return files


@pytest.fixture(scope="module", params=["house", "example"])
def built(tools, wanted, request):
    said = ask(tools.kubectl, "kustomize", FOLDER / request.param)
    assert said.returncode == 0, said.stderr
    return objects(said.stdout)


def test_the_folder_is_what_the_chart_makes(wanted):
    assert {path.name: path.read_text(encoding="utf-8") for path in HOUSE.iterdir()} == wanted, WRITE


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_takes_it(built, version):
    found = [fault for each in built for fault in faults(each, version)]
    assert not found, told(found, "Kubernetes would refuse these.")


def test_nothing_in_it_is_helms(built):
    assert "helm" not in yaml.safe_dump_all(built).lower()


def test_its_rooms_are_told_what_the_charts_are(built, default):
    for name, pod in pods(default).items():
        assert set(environment(built, pods(built)[name])) >= set(environment(default, pod))
    assert len(pods(built)) == len(pods(default))


def test_every_variable_of_an_overlay_is_a_setting(built):
    for pod in pods(built).values():
        if container(pod)["name"] in SETTINGS:
            assert set(environment(built, pod)) <= setting_names(SETTINGS[container(pod)["name"]])


def test_a_pod_of_an_overlay_is_given_more_time_than_its_drain_takes(built):
    for pod in pods(built).values():
        drain = float(environment(built, pod).get("DRAIN_SECONDS") or 0)
        assert pod["spec"].get("terminationGracePeriodSeconds", 30) > drain


def test_what_an_overlay_sets_arrives(tools, wanted):
    made = objects(ask(tools.kubectl, "kustomize", FOLDER / "example").stdout)
    assert {each["metadata"].get("namespace") for each in made if each["kind"] != "Namespace"} == {"calls"}
    images = {container(pod)["image"] for pod in pods(made).values()}
    assert images == {"registry.example.com/telephony/paceline:0.1.0"}
    dialer = of_kind(made, "Deployment")["paceline-dialer"]
    assert dialer["spec"]["replicas"] == 4
    assert environment(made, dialer["spec"]["template"])["MAX_CALLS"] == "2500"
    servers = [rule for rule in of_kind(made, "NetworkPolicy")["paceline-rooms"]["spec"]["egress"] if "to" not in rule]
    assert not servers
