"""The rooms, and what each can be told from outside."""

from __future__ import annotations

from services.api.settings import ApiSettings
from services.dialer.settings import DialerSettings
from services.pacer.settings import PacerSettings
from services.results.settings import ResultsSettings
from shared.settings import HouseSettings

SETTINGS: dict[str, type[HouseSettings]] = {
    "api": ApiSettings,
    "pacer": PacerSettings,
    "dialer": DialerSettings,
    "results": ResultsSettings,
}


def setting_names(settings: type[HouseSettings]) -> set[str]:
    """The environment variables that a room reads."""
    return {name.upper() for name in settings.model_fields}
