"""The file: schedules, profiles and campaigns by the names its author gives them, each fault with its line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from paceline.models import Day

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Where: TypeAlias = tuple[str | int, ...]
_TAUGHT = {"missing": "is missing", "extra_forbidden": "is not known here"}
_EMPTY = frozenset({"", "~", "null"})


class FileFault(Exception):
    """The file cannot be applied; each line of the text names a place in it."""


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _in_order(days: Any) -> Any:
    known = isinstance(days, list) and set(map(str, days)) <= set(WEEK)
    return [day for day in WEEK if day in days] if known else days


class ScheduleSaid(_Said):
    """What the file says of a schedule."""

    days: Annotated[tuple[Day, ...], BeforeValidator(_in_order)] = Field(min_length=1)


class ProfileSaid(_Said):
    """What the file says of a profile."""

    period: int = Field(ge=1)
    amount_per_period: int = Field(ge=1)
    time_between_periods: int = Field(0, ge=0)


class WindowSaid(_Said):
    """A window of a campaign's days."""

    profile: str = Field(min_length=1)
    start_time: time
    end_time: time


class CampaignSaid(_Said):
    """What the file says of a campaign; its id is written there when it is made."""

    id: Annotated[int, Field(ge=1)] | Literal["new"] | None = None
    start_date: date
    end_date: date
    schedule: str = Field(min_length=1)
    profiles: tuple[WindowSaid, ...] = Field(min_length=1)
    start_url: str = Field(min_length=1)
    result_url: str | None = None
    numbers: Path | None = None
    on_invalid: Literal["refuse", "skip"] = "refuse"
    running: bool | None = None


class Manifest(_Said):
    """All that a file says; what it does not name is left as it is."""

    schedules: dict[str, ScheduleSaid] = {}
    profiles: dict[str, ProfileSaid] = {}
    campaigns: dict[str, CampaignSaid] = {}


@dataclass
class Document:
    """A file's text, and where in it everything stands."""

    text: str
    content: Any
    places: Mapping[Where, yaml.Node]

    def line(self, where: Where) -> int:
        """Return the line of a place, or of the nearest that contains it."""
        while where and where not in self.places:
            where = where[:-1]
        node = self.places.get(where)
        return _line(None if node is None else node.start_mark)


def read(text: str, *, name: str) -> tuple[Manifest, Document]:
    """Return what a file says, and where.

    Raises:
        FileFault: it is no YAML, or says what nobody understands.
    """
    document = compose(text, name=name)
    try:
        manifest = Manifest.model_validate(document.content if document.content is not None else {})
    except ValidationError as error:
        raise FileFault("\n".join(_sentence(each, document, name) for each in error.errors())) from None
    if not (manifest.schedules or manifest.profiles or manifest.campaigns):
        raise FileFault(f"{name}: it names no schedules, profiles or campaigns")
    return manifest, document


def compose(text: str, *, name: str) -> Document:
    """Return the plain content of YAML: texts, lists and mappings, so that 11:00 is a time and no is a word.

    Raises:
        FileFault: it is no YAML, or repeats itself by aliases.
    """
    places: dict[Where, yaml.Node] = {}
    try:
        for event in yaml.parse(text, Loader=yaml.BaseLoader):
            if isinstance(event, yaml.AliasEvent):
                raise FileFault(f"{name}:{_line(event.start_mark)}: write it out: an alias is not understood here")
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        raise FileFault(f"{name}:{_line(error.problem_mark)}: is no YAML: {error.problem}") from None
    except yaml.YAMLError:
        raise FileFault(f"{name}: is no YAML: it holds characters that may not be in it") from None
    return Document(text, None if node is None else _plain(node, (), places, name), places)


def _line(mark: Any) -> int:
    return 1 if mark is None else int(mark.line) + 1


def _plain(node: yaml.Node, where: Where, places: dict[Where, yaml.Node], name: str) -> Any:
    places[where] = node
    if isinstance(node, yaml.SequenceNode):
        return [_plain(each, (*where, at), places, name) for at, each in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        content: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value in content:
                raise FileFault(f"{name}:{_line(key.start_mark)}: a name is there twice, or is no text")
            content[key.value] = _plain(value, (*where, key.value), places, name)
        return content
    assert isinstance(node, yaml.ScalarNode)
    return None if node.style is None and node.value in _EMPTY else node.value


def _sentence(error: Any, document: Document, name: str) -> str:
    where: Where = tuple(error["loc"])
    told = ".".join(str(part) for part in where if not str(part).startswith(("constrained-", "literal[")))
    what = _TAUGHT.get(error["type"]) or error["msg"][0].lower() + error["msg"][1:]
    return f"{name}:{document.line(where)}: {told}: {what}"
