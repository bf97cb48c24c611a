"""The id of a campaign that was made, written into the file, which stays as its author wrote it otherwise."""

from __future__ import annotations

import secrets
from pathlib import Path

import yaml

from paceline.applying.manifest import compose


def with_id(text: str, campaign: str, made: int) -> str:
    """Return a file's text with the id of one of its campaigns."""
    places = compose(text, name="the file").places
    stated = places.get(("campaigns", campaign, "id"))
    if stated is not None:
        return text[: stated.start_mark.index] + str(made) + text[stated.end_mark.index :]
    node = places["campaigns", campaign]
    assert isinstance(node, yaml.MappingNode)
    begin = node.start_mark.index
    if node.flow_style:
        return f"{text[: begin + 1]}id: {made}, {text[begin + 1 :]}"
    end = "\r\n" if "\r\n" in text else "\n"
    return f"{text[:begin]}id: {made}{end}{' ' * node.start_mark.column}{text[begin:]}"


def replace(path: Path, text: str) -> None:
    """Put a new text into a file, whole or not at all; who may read it stays as it is."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
        beside.chmod(path.stat().st_mode)
        beside.replace(path.resolve())
    finally:
        beside.unlink(missing_ok=True)
