"""To which addresses the house connects for a tenant: the public internet, and what the operator named."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# IPv4 that is not the public internet. `ipaddress.is_global` is no such table: it lets multicast and others through.
_REFUSED_V4 = (
    "0.0.0.0/8",  # this host
    "10.0.0.0/8",  # private
    "100.64.0.0/10",  # shared behind a carrier's NAT; a cloud's metadata
    "127.0.0.0/8",  # loopback
    "169.254.0.0/16",  # link-local; most clouds' metadata
    "172.16.0.0/12",  # private
    "192.0.0.0/24",  # protocol assignments; a cloud's metadata
    "192.0.2.0/24",  # documentation
    "192.31.196.0/24",  # AS112
    "192.52.193.0/24",  # AMT
    "192.88.99.0/24",  # 6to4 relays
    "192.168.0.0/16",  # private
    "192.175.48.0/24",  # AS112
    "198.18.0.0/15",  # benchmarks
    "198.51.100.0/24",  # documentation
    "203.0.113.0/24",  # documentation
    "224.0.0.0/4",  # multicast
    "240.0.0.0/4",  # reserved, and the broadcast
)
# IPv6 is public in one block only, but for these parts of it. Outside lie loopback, IPv4-compatible, discard-only,
# SRv6 (5f00::/16), unique local, link-local, the old site-local and multicast.
_PUBLIC_V6 = ip_network("2000::/3")
_REFUSED_V6 = (
    "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
    "2001:db8::/32",  # documentation
    "2002::/16",  # 6to4
    "2620:4f:8000::/48",  # AS112
    "3fff::/20",  # documentation
)
_REFUSED: tuple[Network, ...] = tuple(ip_network(net) for net in _REFUSED_V4 + _REFUSED_V6)
# A NAT64 gateway leads from here to the IPv4 address in the last 32 bits. (64:ff9b:1::/48 is a network's own affair.)
_NAT64 = ip_network("64:ff9b::/96")

# Where clouds tell a machine its secrets. No wide network opens these: they must be named one by one.
_METADATA = frozenset(
    ip_address(written)
    for written in (
        "168.63.129.16",
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "100.100.100.200",
        "192.0.0.192",
        "fd00:ec2::23",
        "fd00:ec2::254",
        "fd20:ce::254",
    )
)


@dataclass(frozen=True, slots=True)
class Egress:
    """The public internet, and the networks an operator allows beside it."""

    allowed: tuple[Network, ...] = ()

    def permits(self, written: str) -> bool:
        """Whether an address, as text, may be connected to; what is no address may not."""
        try:
            address = _meant(ip_address(written))
        except ValueError:
            return False
        if address in _METADATA:
            return any(net.num_addresses == 1 and address in net for net in self.allowed)
        return _is_public(address) or any(address in net for net in self.allowed)


def _meant(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one only wraps."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return IPv6Address(int(address))  # without the zone: rules know none


def _is_public(address: Address) -> bool:
    if address.version == _PUBLIC_V6.version and address not in _PUBLIC_V6:
        return False
    return not any(address in net for net in _REFUSED)
