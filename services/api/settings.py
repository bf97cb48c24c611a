"""What the api room can be told from outside."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, Field

from shared.settings import HouseSettings


def refuse_no_network(written: str) -> str:
    """Refuse a list in which something is no address and no network."""
    for each in written.split(","):
        if each.strip():
            ip_network(each.strip())
    return written


class ApiSettings(HouseSettings):
    """The settings of the api room."""

    api_host: str = Field("127.0.0.1", description="Where the tenants' API is served.")
    api_port: int = Field(8080, description="Its port; 0 takes a free one.", ge=0, le=65535)
    field_bytes: int = Field(1 << 20, description="The parameters of one request, without its numbers.", ge=1024)
    upload_bytes: int = Field(512 << 20, description="The phone numbers of one request.", ge=1024)
    imports_at_once: int = Field(4, description="Uploads that are stored at the same time; others wait.", ge=1)
    requests_per_minute: int = Field(
        600, description="Requests of one account, for each api process; 0 sets no limit.", ge=0
    )
    requests_burst: int = Field(1000, description="Requests of one account at once, after a rest.", ge=1)
    wrong_tokens_per_minute: int = Field(
        20, description="Wrong tokens from one address before it is answered 429; 0 sets no limit.", ge=0
    )
    trusted_proxies: Annotated[str, AfterValidator(refuse_no_network)] = Field(
        "", description="Addresses or networks, with commas, whose X-Forwarded-For says where a request comes from."
    )
