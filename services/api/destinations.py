"""Where a tenant may send the house: an address that would be refused at every call is refused at once."""

from __future__ import annotations

from collections.abc import Mapping

from yarl import URL

from services.api.errors import Problem
from services.api.schemas.fields import read_ip
from shared.domain.egress import Egress

_INSIDE = "must not lead to a private or reserved address; whoever runs this house can allow it"


def check_destinations(urls: Mapping[str, str | None], egress: Egress) -> None:
    """Check the URLs that name an IP address; names are looked up, and judged, at each connection.

    Raises:
        Problem: 422 one of them would never be connected to.
    """
    hosts = {field: read_ip(URL(url).host or "") for field, url in urls.items() if url}
    refused = [field for field, address in hosts.items() if address is not None and not egress.permits(address)]
    if refused:
        errors = [{"field": field, "detail": _INSIDE} for field in refused]
        raise Problem(422, "The request has a bad parameter.", errors=errors)
