"""What the peers ask of the tenant's server: two forms a call, each by a request of its own, as a task has it.

Runs in the peers' own venv.
"""

from __future__ import annotations

import os

import requests

_TENANT = os.environ["PEER_TENANT"]


def start(campaign_id: int, seq: int, phone: str, reference: str) -> str:
    """Ask start_url; returns the disposition of the call."""
    answer = requests.post(f"{_TENANT}/start", data=_fields(campaign_id, seq, phone, reference), timeout=8)
    return "answered" if answer.ok else "failed"


def tell(campaign_id: int, seq: int, phone: str, *, reference: str, disposition: str) -> bool:
    """Post the result; returns whether it was taken."""
    fields = _fields(campaign_id, seq, phone, reference) | {"disposition": disposition}
    return requests.post(f"{_TENANT}/result", data=fields, timeout=20).ok


def _fields(campaign_id: int, seq: int, phone: str, reference: str) -> dict[str, object]:
    return {"phone_number": phone, "message_reference": reference, "call_id": str(seq), "campaign_id": campaign_id}
