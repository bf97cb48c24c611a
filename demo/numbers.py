"""The demo's list: fictional numbers (555-01NN is nobody's), each with a reference."""

from __future__ import annotations

_AREA_CODES = (212, 215, 303, 312, 404, 415, 503, 512, 602, 617, 702, 713, 801, 816, 904)


def numbers(amount: int) -> str:
    """Return a CSV of that many entries, as a tenant would upload it."""
    lines = ["phone_number,reference"]
    for i in range(amount):
        area = _AREA_CODES[i % len(_AREA_CODES)]
        line = i // len(_AREA_CODES) % 100
        lines.append(f"tel:+1{area}55501{line:02d}; ani=6175550199, demo-{i + 1:04d}")
    return "\n".join(lines) + "\n"
