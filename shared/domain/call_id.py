"""The public number of a call, made of its campaign and its place in the queue; and the id of a post about it."""

from __future__ import annotations

# A queue holds fewer entries than this; the vendor's call_id is an integer, and so is ours. Nothing is stored:
# campaign 26, place 7 is 26000000007.
QUEUE_CAPACITY = 1_000_000_000


def to_call_id(campaign_id: int, seq: int) -> int:
    """Return the call_id of the entry at place `seq` (from 1) of a campaign's queue."""
    return campaign_id * QUEUE_CAPACITY + seq


def to_webhook_id(campaign_id: int, seq: int, version: int) -> str:
    """Return the id of a callback: stable over tries, new when a late truth corrects what was told."""
    return f"call_{to_call_id(campaign_id, seq)}_{version}"
