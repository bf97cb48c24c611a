"""The dialer's settings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from shared.settings import HouseSettings


class DialerSettings(HouseSettings):
    """How many calls one dialer holds, for how long it owns them, and how it asks for their application and speaks."""

    max_calls: int = Field(500, description="Calls one dialer has in progress at the most.", ge=1, le=50_000)
    lease_seconds: float = Field(
        30.0, description="How long a dialer that fell silent still owns its calls, in real seconds.", ge=1
    )
    start_url_method: Literal["POST", "GET"] = Field("POST", description="How start_url is asked: `POST` or `GET`.")
    carrier_url: str = Field(
        "", description="The HTTP gateway that places the calls (docs/carrier-gateway.md); empty: simulated telephones."
    )
    carrier_seed: int = Field(0, description="Chooses the outcomes of the simulated carrier.")
    dialer_name: str = Field("", description="The dialer's name in the ledger; empty makes up one for this process.")
    prompt_cache_dir: str = Field(
        "",
        description="Where `./run vxml play --wav` keeps what it said: a folder for one house alone, since prompts "
        "may hold personal words; empty: nowhere (docs/voicexml.md).",
    )
    prompt_cache_mb: int = Field(256, description="MiB that are kept there at the most.", ge=1)
    prompt_cache_days: float = Field(30.0, description="Days after which an unused prompt goes.", gt=0)
