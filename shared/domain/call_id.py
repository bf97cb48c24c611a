"""The public number of a call, made of its campaign and its place in the queue."""

from __future__ import annotations

# A queue holds fewer entries than this; the vendor's call_id is an integer, and so is ours. Nothing is stored:
# campaign 26, place 7 is 26000000007.
QUEUE_CAPACITY = 1_000_000_000


def to_call_id(campaign_id: int, seq: int) -> int:
    """Return the call_id of the entry at place `seq` (from 1) of a campaign's queue."""
    return campaign_id * QUEUE_CAPACITY + seq
