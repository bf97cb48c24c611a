"""What names something else names something that is there: selectors, ports, keys, accounts, queues."""

from __future__ import annotations

import yaml

from services.dialer.app import _PREFETCH
from shared.broker.topology import topology
from shared.contracts.calls import PlaceCalls
from shared.contracts.catalogue import queue_name
from tests.support.helm import CHART, NEEDED, container, of_kind, pods, render
from tests.support.rooms import SETTINGS


def selected(things, selector):
    """The names of the pods that labels choose."""
    return {name for name, pod in pods(things).items() if selector.items() <= pod["metadata"]["labels"].items()}


def ports(pod):
    return {each["name"] for each in container(pod)["ports"]}


def replicas(things, deployment):
    """How many pods there are at the least."""
    name = deployment["metadata"]["name"]
    for scaler in of_kind(things, "HorizontalPodAutoscaler", "ScaledObject").values():
        if scaler["spec"]["scaleTargetRef"]["name"] == name:
            return scaler["spec"].get("minReplicas") or scaler["spec"]["minReplicaCount"]
    return deployment["spec"]["replicas"]


def test_a_deployment_selects_its_own_pods_alone(things):
    for name, deployment in of_kind(things, "Deployment").items():
        assert selected(things, deployment["spec"]["selector"]["matchLabels"]) == {name}


def test_a_service_leads_to_one_rooms_open_port(things):
    for service in of_kind(things, "Service").values():
        (pod,) = selected(things, service["spec"]["selector"])
        assert {each["targetPort"] for each in service["spec"]["ports"]} <= ports(pods(things)[pod])


def test_every_room_can_be_watched(things):
    watched = [each for each in of_kind(things, "Service").values() if each["spec"].get("clusterIP") == "None"]
    found = set().union(*(selected(things, each["spec"]["selector"]) for each in watched))
    assert found == set(of_kind(things, "Deployment"))
    assert all(each["spec"]["publishNotReadyAddresses"] for each in watched)


def test_the_monitor_finds_each_room_once(everything):
    (monitor,) = of_kind(everything, "ServiceMonitor").values()
    (endpoint,) = monitor["spec"]["endpoints"]
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    found = [
        each["metadata"]["labels"][monitor["spec"]["jobLabel"]]
        for each in of_kind(everything, "Service").values()
        if wanted <= each["metadata"]["labels"].items()
        and endpoint["port"] in {port["name"] for port in each["spec"]["ports"]}
    ]
    assert sorted(found) == sorted(SETTINGS)


def secret_keys(things):
    """What each variable is taken from: the Secret's name and key."""
    return {
        (each["name"], each["valueFrom"]["secretKeyRef"]["name"], each["valueFrom"]["secretKeyRef"]["key"])
        for pod in pods(things).values()
        for each in container(pod)["env"]
        if "valueFrom" in each
    }


def test_every_secret_key_is_the_one_that_was_named(tools, default):
    assert secret_keys(default) == {(name, "paceline", name) for name in ("DATABASE_URL", "RABBITMQ_URL")}
    keys = "existingSecret.databaseUrlKey=uri,existingSecret.rabbitmqUrlKey=connection_string"
    chosen = render(tools.helm, *NEEDED, "--set", f"{keys},existingSecret.rabbitmqName=rabbit-default-user")
    assert secret_keys(chosen) == {
        ("DATABASE_URL", "paceline", "uri"),
        ("RABBITMQ_URL", "rabbit-default-user", "connection_string"),
    }


def test_no_secret_is_made(things):
    assert not of_kind(things, "Secret")


def test_every_config_map_and_account_that_a_pod_names_is_there(things):
    for pod in pods(things).values():
        for source in container(pod).get("envFrom", ()):
            assert source["configMapRef"]["name"] in of_kind(things, "ConfigMap")
        if container(pod)["name"] != "migrate":
            account = pod["spec"]["serviceAccountName"]
            assert account in of_kind(things, "ServiceAccount") or account == "default"


def test_every_volume_that_is_mounted_is_there(things):
    for pod in pods(things).values():
        mounted = {each["name"] for each in container(pod)["volumeMounts"]}
        assert mounted == {each["name"] for each in pod["spec"]["volumes"]}


def test_what_runs_before_the_release_needs_nothing_of_it(default):
    hooks = [each for each in default if "helm.sh/hook" in each["metadata"].get("annotations", {})]
    assert {each["kind"] for each in hooks} == {"Job", "NetworkPolicy"}
    assert all(each["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade" for each in hooks)
    weights = {each["kind"]: int(each["metadata"]["annotations"]["helm.sh/hook-weight"]) for each in hooks}
    assert weights["NetworkPolicy"] < weights["Job"]
    (job,) = of_kind(default, "Job").values()
    pod = job["spec"]["template"]
    assert "envFrom" not in container(pod)
    assert pod["spec"]["serviceAccountName"] not in of_kind(default, "ServiceAccount")


def test_a_job_that_is_no_hook_has_no_mark_of_one(tools):
    plain = render(tools.helm, *NEEDED, "--set", "migrate.asHook=false")
    assert "annotations" not in of_kind(plain, "Job")["paceline-migrate"]["metadata"]
    assert not [each for each in plain if "helm.sh/hook" in str(each)]


def test_a_budget_leaves_some_and_lets_some_go(things):
    budgets = of_kind(things, "PodDisruptionBudget")
    for name, deployment in of_kind(things, "Deployment").items():
        several = replicas(things, deployment) > 1
        assert (name in budgets) == several
        if several:
            spec = budgets[name]["spec"]
            assert spec["selector"]["matchLabels"] == deployment["spec"]["selector"]["matchLabels"]
            assert 0 < spec["maxUnavailable"] < replicas(things, deployment)
            assert spec["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_pods_are_counted_by_one_alone(things):
    scaled = {
        each["spec"]["scaleTargetRef"]["name"]
        for each in of_kind(things, "HorizontalPodAutoscaler", "ScaledObject").values()
    }
    deployments = of_kind(things, "Deployment")
    assert scaled <= set(deployments)
    assert {name for name, each in deployments.items() if "replicas" not in each["spec"]} == scaled


def test_a_dialer_is_added_for_letters_that_no_dialer_can_hold(everything):
    (scaler,) = of_kind(everything, "ScaledObject").values()
    trigger = scaler["spec"]["triggers"][0]
    assert trigger["metadata"]["queueName"] == topology("north-").mailbox(queue_name("dialer", PlaceCalls)).queue
    assert int(trigger["metadata"]["value"]) > _PREFETCH
    (authentication,) = of_kind(everything, "TriggerAuthentication").values()
    assert trigger["authenticationRef"]["name"] == authentication["metadata"]["name"]
    (source,) = authentication["spec"]["secretTargetRef"]
    assert source == {"parameter": "host", "name": "paceline", "key": "doorbell.management"}


def test_the_least_that_may_be_set_is_more_than_a_dialer_holds():
    schema = yaml.safe_load((CHART / "values.schema.json").read_text(encoding="utf-8"))
    keda = schema["properties"]["dialer"]["properties"]["keda"]["properties"]
    assert keda["lettersPerDialer"]["minimum"] > _PREFETCH


def test_the_ingress_leads_to_the_api(things):
    for ingress in of_kind(things, "Ingress").values():
        (rule,) = ingress["spec"]["rules"]
        (path,) = rule["http"]["paths"]
        backend = path["backend"]["service"]
        service = of_kind(things, "Service")[backend["name"]]
        assert backend["port"]["name"] in {each["name"] for each in service["spec"]["ports"]}
        assert [rule["host"]] == ingress["spec"]["tls"][0]["hosts"]
