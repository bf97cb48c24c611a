"""Where a request comes from: addresses, the networks they belong to, and the proxies before us; pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
_NEIGHBOURS = 64  # one customer's part of IPv6: its addresses are as many as it likes


def read_networks(written: str) -> tuple[Network, ...]:
    """Return the networks of a list with commas.

    Raises:
        ValueError: something in it is none.
    """
    return tuple(ip_network(each.strip()) for each in written.split(",") if each.strip())


def belongs_to(written: str, networks: Sequence[Network]) -> bool:
    """Whether a text is an address of one of the networks."""
    address = _address(written)
    return address is not None and any(address in network for network in networks)


def source(remote: str | None, forwarded: Sequence[str], proxies: Sequence[Network]) -> str:
    """Return where a request comes from: the last address that is no proxy of ours; of IPv6 its network."""
    hops = [hop.strip() for line in forwarded for hop in line.split(",")]
    written = remote or ""
    while hops and belongs_to(written, proxies):
        written = hops.pop()
    address = _address(written)
    if isinstance(address, IPv6Address):
        return str(ip_network((address, _NEIGHBOURS), strict=False))
    return str(address or "")


@lru_cache(maxsize=1024)
def _address(written: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(written.partition("%")[0])
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address
