"""The one module that sees all four rooms: the whole house on one platform."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any

from services.api import app as api
from services.api.settings import ApiSettings
from services.dialer import app as dialer
from services.dialer.carriers.port import Carrier
from services.dialer.settings import DialerSettings
from services.pacer import app as pacer
from services.pacer.settings import PacerSettings
from services.results import app as results
from services.results.settings import ResultsSettings
from shared.runtime.service import Platform, Service


def build(
    platform: Platform,
    *,
    listener: socket.socket | None = None,
    carrier: Carrier | None = None,
    overrides: dict[str, Any] | None = None,
) -> Sequence[Service]:
    """Build all rooms on one platform; `overrides` are settings that stand above the environment's."""
    over = overrides or {}
    return (
        api.build(ApiSettings(**over), platform, listener),
        pacer.build(PacerSettings(**over), platform),
        dialer.build(DialerSettings(**over), platform, carrier),
        results.build(ResultsSettings(**over), platform),
    )
