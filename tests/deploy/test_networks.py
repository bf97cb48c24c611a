"""Who may talk to whom: nobody, but for what the network policies name."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from shared.domain import egress
from shared.domain.egress import Egress
from tests.support.helm import NEEDED, of_kind, pods, render

PUBLIC = "93.184.216.34"


def covers(policy, pod):
    """Whether a policy is about a pod."""
    labels, selector = pod["metadata"]["labels"], policy["spec"]["podSelector"]
    listed = all(labels.get(each["key"]) in each["values"] for each in selector.get("matchExpressions", ()))
    return listed and selector["matchLabels"].items() <= labels.items()


def policies(things, room):
    """The policies about a room's pod."""
    (pod,) = (pod for name, pod in pods(things).items() if name.endswith(f"-{room}"))
    return [each for each in of_kind(things, "NetworkPolicy").values() if covers(each, pod)]


def ways_out(things, room):
    return [rule for each in policies(things, room) for rule in each["spec"].get("egress", ())]


def opens(rule, address):
    """Whether a rule leads to an address by its blocks."""
    blocks = [peer["ipBlock"] for peer in rule.get("to", ()) if "ipBlock" in peer]
    at = ip_address(address)
    return any(
        at in ip_network(block["cidr"]) and not any(at in ip_network(part) for part in block.get("except", ()))
        for block in blocks
    )


def reaches(things, room, address):
    return any(opens(rule, address) for rule in ways_out(things, room))


def doors(things, room):
    """The ports of a room that somebody may come to, and who."""
    return {
        port["port"]: rule["from"]
        for each in policies(things, room)
        for rule in each["spec"].get("ingress", ())
        for port in rule["ports"]
    }


@pytest.mark.parametrize("room", ["api", "pacer", "dialer", "results", "migrate"])
def test_what_is_not_allowed_is_denied(everything, room):
    denied = [each for each in policies(everything, room) if not {"ingress", "egress"} & set(each["spec"])]
    assert [each["spec"]["policyTypes"] for each in denied] == [["Ingress", "Egress"]]


def test_a_rule_that_names_nobody_is_for_a_server_of_the_operators_alone(everything, default):
    assert all("to" in rule for room in ("api", "pacer", "dialer", "results") for rule in ways_out(everything, room)
               if rule["ports"] != [{"port": 5672, "protocol": "TCP"}])  # fmt: skip
    open_to_all = [rule for rule in ways_out(default, "api") if "to" not in rule]
    assert [rule["ports"] for rule in open_to_all] == [[{"port": port, "protocol": "TCP"}] for port in (5432, 5672)]


@pytest.mark.parametrize(
    ("room", "outside"), [("dialer", True), ("results", True), ("api", True), ("pacer", False), ("migrate", False)]
)
def test_only_who_asks_tenants_servers_gets_to_the_internet(default, room, outside):
    assert reaches(default, room, PUBLIC) == outside
    assert reaches(default, room, "2606:2800:220:1::1") == outside


@pytest.mark.parametrize("room", ["api", "dialer", "results"])
def test_the_internet_is_what_the_rooms_take_for_it(default, room):
    parts = [*egress._REFUSED, *(ip_network(each) for each in egress._METADATA)]
    edges = {str(at) for net in parts for at in (net[0], net[-1])}
    assert {at for at in edges if reaches(default, room, at)} == set()
    beside = {str(net[-1] + 1) for net in parts if int(net[-1]) + 1 < 2 ** (net.max_prefixlen)}
    wrong = {at for at in beside if reaches(default, room, at) != Egress().permits(at)}
    # The rooms judge the IPv4 address that an IPv6 one wraps; a policy does not see it.
    assert {at for at in wrong if ip_address(at).version == 4 or ip_address(at) in egress._PUBLIC_V6} == set()


@pytest.mark.parametrize("room", ["api", "dialer", "results"])
def test_networks_that_are_allowed_are_opened(everything, default, room):
    for address in ("10.20.3.4", "fd12:3456::1", "10.9.8.7", "fd00::7"):
        assert reaches(everything, room, address)
        assert not reaches(default, room, address)
    assert not reaches(everything, room, "10.9.8.8")


def test_every_room_asks_dns_postgres_and_rabbitmq(everything):
    for room in ("api", "pacer", "dialer", "results"):
        ports = {port["port"] for rule in ways_out(everything, room) for port in rule["ports"] if "port" in port}
        assert {53, 6432, 5672, 4318} <= ports
    ports = {port["port"] for rule in ways_out(everything, "migrate") for port in rule["ports"]}
    assert ports == {53, 6432}


def test_only_dialers_get_to_the_gateway(everything):
    def gets_there(room):
        return any({"port": 8443, "protocol": "TCP"} in rule["ports"] for rule in ways_out(everything, room))

    assert [room for room in ("api", "pacer", "dialer", "results") if gets_there(room)] == ["dialer"]


def test_tenants_come_to_the_api_and_prometheus_to_every_room(default):
    named = [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}
        for name in ("ingress", "monitoring")
    ]
    assert doors(default, "api") == {"http": [named[0]], "ops": [named[1]]}
    for room in ("pacer", "dialer", "results"):
        assert doors(default, room) == {"ops": [named[1]]}
    assert doors(default, "migrate") == {}


def test_without_policies_there_are_none(tools):
    assert not of_kind(render(tools.helm, *NEEDED, "--set", "networkPolicy.enabled=false"), "NetworkPolicy")
