"""What the api room can be told from outside."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from services.api.addresses import read_networks
from shared.settings import HouseSettings


def refuse_no_network(written: str) -> str:
    """Refuse a list in which something is no address and no network."""
    read_networks(written)
    return written


class ApiSettings(HouseSettings):
    """The settings of the api room."""

    api_host: str = Field("127.0.0.1", description="Where the tenants' API is served.")
    api_port: int = Field(8080, description="Its port; 0 takes a free one.", ge=0, le=65535)
    pages: bool = Field(True, description="Whether people's pages are served beside the API: /console and /docs.")
    field_bytes: int = Field(1 << 20, description="The parameters of one request, without its numbers.", ge=1024)
    upload_bytes: int = Field(512 << 20, description="The phone numbers of one request.", ge=1024)
    uploads_bytes: int = Field(
        3 << 30,
        description="The phone numbers of all requests that are received or stored at the same time, on the disk of"
        " temporary files; more is answered 503. Half of it is for one account at the most, 429.",
        ge=1024,
    )
    imports_at_once: int = Field(4, description="Uploads that are stored at the same time; others wait.", ge=1)
    body_bytes: int = Field(
        4096, description="What a body must bring in each stretch of BODY_SECONDS; a slower one is answered 408.", ge=1
    )
    body_seconds: float = Field(8.0, description="That stretch.", gt=0)
    head_seconds: float = Field(10.0, description="A connection that brings no whole request head is closed.", gt=0)
    idle_seconds: float = Field(75.0, description="How long a connection is kept open for the next request.", gt=0)
    answer_seconds: float = Field(
        60.0, description="A connection that takes nothing of its answer for so long is closed.", gt=0
    )
    connections: int = Field(4000, description="Connections at once; one more is answered 503. 0 sets no limit.", ge=0)
    connections_per_address: int = Field(
        1000, description="Of one address, or one IPv6 network of 64 bits; TRUSTED_PROXIES are not counted.", ge=0
    )
    requests_per_minute: int = Field(
        600, description="Requests of one account, for each api process; 0 sets no limit.", ge=0
    )
    requests_burst: int = Field(1000, description="Requests of one account at once, after a rest.", ge=1)
    wrong_tokens_per_minute: int = Field(
        20, description="Wrong tokens from one address before it is answered 429; 0 sets no limit.", ge=0
    )
    streams_per_account: int = Field(
        20, description="Streams of events that an account may listen to, in each api process.", ge=1
    )
    start_url_method: Literal["POST", "GET"] = Field(
        "POST", description="How the start_url of an application that is tried out is asked: as the dialer is told."
    )
    audit_days: int = Field(400, description="How long it is known who did what (GET /api/audit).", ge=1)
    trusted_proxies: Annotated[str, AfterValidator(refuse_no_network)] = Field(
        "", description="Addresses or networks, with commas, whose X-Forwarded-For says where a request comes from."
    )

    @model_validator(mode="after")
    def _refuse_uploads_without_room(self) -> Self:
        if self.uploads_bytes < 2 * self.upload_bytes:
            raise ValueError("UPLOADS_BYTES must be at least twice UPLOAD_BYTES, as an account has half of it")
        return self
