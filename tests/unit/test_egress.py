"""Which addresses the house connects to: every border of every net, and an oracle that was written apart."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.domain.egress import _METADATA, _REFUSED, Egress

PUBLIC = Egress()

# The special-purpose registries and the allocations of IANA as bits: what begins so is not the public internet.
OUTSIDE_V4 = """
00000000 00001010 0110010001 01111111 1010100111111110 101011000001 110000000000000000000000 110000000000000000000010
110000000001111111000100 110000000011010011000001 110000000101100001100011 1100000010101000 110000001010111100110000
110001100001001 110001100011001101100100 110010110000000001110001 1110 1111
"""
OUTSIDE_V6 = """
000 010 011 100 101 110 111
00100000000000010000000 00100000000000010000110110111000 0010000000000010
001001100010000000000000010011111000000000000000 00111111111111110000
"""
REFUSED = """
127.0.0.1 10.1.2.3 100.64.0.1 169.254.169.254 168.63.129.16 192.0.0.192 255.255.255.255 0.0.0.0 ::1 :: ::127.0.0.1
::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::127.0.0.1 64:ff9b::169.254.169.254 64:ff9b:1::1 2002:7f00:1:: 2001:0:1::
fe80::1 fe80::1%eth0 fec0::1 fd00:ec2::254 fc00::1 ff02::1 3fff::1 5f00::1 2001:db8::1 100::1 4000::1 x 127.1
"""
PERMITTED = "1.1.1.1 93.184.215.14 168.63.129.17 2606:4700::1111 2a00:1450::1 ::ffff:1.1.1.1 64:ff9b::1.1.1.1"
WIRESERVER = int(IPv4Address("168.63.129.16"))


def oracle(address) -> bool:
    """Whether the address is the public internet, by its bits."""
    if isinstance(address, IPv4Address):
        return int(address) != WIRESERVER and not f"{int(address):032b}".startswith(tuple(OUTSIDE_V4.split()))
    number = int(address)
    if number >> 32 in (0xFFFF, 0x64_FF9B << 64):
        return oracle(IPv4Address(number & 0xFFFF_FFFF))
    return not f"{number:0128b}".startswith(tuple(OUTSIDE_V6.split()))


def borders():
    nets = [*_REFUSED, *map(ip_network, ("2000::/3", "64:ff9b::/96", "::ffff:0:0/96", "168.63.129.16/32"))]
    nets += map(
        ip_network, ("fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "5f00::/16", "64:ff9b:1::/48", "100::/64")
    )
    for net in nets:
        family, size = type(net.network_address), 2**net.max_prefixlen
        yield from (net[0] - 1 if int(net[0]) else net[0], net[0], net[-1])
        if int(net[-1]) + 1 < size:
            yield family(int(net[-1]) + 1)


@pytest.mark.parametrize("address", sorted(set(map(str, borders()))))
def test_the_borders_of_every_net(address):
    assert PUBLIC.permits(address) == oracle(ip_address(address))


v4 = st.integers(0, 2**32 - 1).map(IPv4Address)
wrapped = st.builds(
    lambda head, four: IPv6Address(head + int(four)),
    st.sampled_from([0, 0xFFFF << 32, 0x64_FF9B << 96, 0x2002 << 112, 0x64_FF9B_0001 << 80]),
    v4,
)
near = st.builds(
    lambda net, place: net[place % net.num_addresses], st.sampled_from(_REFUSED), st.integers(0, 2**128 - 1)
)


@given(st.one_of(v4, st.integers(0, 2**128 - 1).map(IPv6Address), st.integers(1 << 125, 2**126 - 1).map(IPv6Address),
                 wrapped, near))  # fmt: skip
@example(IPv6Address("64:ff9b::7f00:1"))
@example(IPv6Address("2002:7f00:1::"))
def test_any_address_is_judged_as_by_its_bits(address):
    assert PUBLIC.permits(str(address)) == oracle(address)
    if PUBLIC.permits(str(address)) and address not in ip_network("64:ff9b::/96"):
        assert not address.is_private
        assert not address.is_multicast


@pytest.mark.parametrize("written", REFUSED.split())
def test_addresses_that_are_refused(written):
    assert not PUBLIC.permits(written)


@pytest.mark.parametrize("written", PERMITTED.split())
def test_addresses_that_are_permitted(written):
    assert PUBLIC.permits(written)


def test_what_the_operator_names_is_permitted_and_nothing_beside_it():
    inside = Egress((ip_network("10.20.0.0/16"), ip_network("fd12::/16")))
    for written in ("10.20.0.1", "::ffff:10.20.255.255", "fd12::1", "fd12::1%eth0", "1.1.1.1"):
        assert inside.permits(written)
    for written in ("10.21.0.0", "fd13::1", "::10.20.0.1", "127.0.0.1"):
        assert not inside.permits(written)


def test_a_clouds_metadata_must_be_named_by_itself():
    everything = Egress((ip_network("0.0.0.0/0"), ip_network("::/0")))
    assert everything.permits("127.0.0.1")
    for address in _METADATA:
        assert not everything.permits(str(address))
        assert Egress((ip_network(address),)).permits(str(address))
