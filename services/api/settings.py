"""What the api room can be told from outside."""

from __future__ import annotations

from pydantic import Field

from shared.settings import HouseSettings


class ApiSettings(HouseSettings):
    """The settings of the api room."""

    api_host: str = Field("127.0.0.1", description="Where the tenants' API is served.")
    api_port: int = Field(8080, description="Its port; 0 takes a free one.", ge=0, le=65535)
    field_bytes: int = Field(1 << 20, description="The parameters of one request, without its numbers.", ge=1024)
    upload_bytes: int = Field(512 << 20, description="The phone numbers of one request.", ge=1024)
    imports_at_once: int = Field(4, description="Uploads that are stored at the same time; others wait.", ge=1)
