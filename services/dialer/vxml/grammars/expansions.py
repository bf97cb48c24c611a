"""Rule expansions (SRGS 1.0, 2): the nodes that a grammar is made of, and how each is walked through.

A node with parts is walked by its dot: how far it has come. `expected` says what may follow the dot, and `ends` whether
the node may end there; `after` says where the dot stands when an expected part was matched. A repeat's dot is a count:
so a repeat of a million is as small as one of two.

No node with parts shows them: rules that each name the next one twice would take for ever to be written out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


class TagFormat(Enum):
    """How the tags of a grammar are read (SRGS 1.0, 4.8; SISR 1.0, 3)."""

    LITERALS = "semantics/1.0-literals"
    SCRIPT = "semantics/1.0"


@dataclass(frozen=True, slots=True)
class Tags:
    """How a grammar's tags are read, and its global tags, which stand before its rules (SISR 1.0, 3.2)."""

    format: TagFormat = TagFormat.LITERALS
    globals: tuple[str, ...] = ()


@dataclass(eq=False, slots=True)
class Token:
    """A word or a key (2.1): `heard` is what is compared, `spelling` what the grammar calls it."""

    heard: str
    spelling: str


@dataclass(eq=False, slots=True)
class AnyToken:
    """Any one token; GARBAGE (2.2.3) repeats it."""


@dataclass(eq=False, slots=True)
class Tag:
    """What a match means (2.6)."""

    content: str


@dataclass(eq=False, repr=False, slots=True)
class Sequence:
    """One after another (2.3). The empty one is NULL (2.2.3)."""

    parts: tuple[Expansion, ...]

    def expected(self, dot: int) -> tuple[Expansion, ...]:
        """Return what may follow the dot."""
        return self.parts[dot : dot + 1]

    def ends(self, dot: int) -> bool:
        """Whether the node may end at the dot."""
        return dot == len(self.parts)

    def after(self, dot: int, *, empty: bool) -> int | None:  # noqa: ARG002 (Repeat asks)
        """Return where the dot stands after a part; None: that leads nowhere new."""
        return dot + 1


@dataclass(eq=False, repr=False, slots=True)
class Alternatives:
    """One of several (2.4), the earlier preferred. The empty one is VOID (2.2.3)."""

    items: tuple[Expansion, ...]

    def expected(self, dot: int) -> tuple[Expansion, ...]:
        """Return what may follow the dot."""
        return () if dot else self.items

    def ends(self, dot: int) -> bool:
        """Whether the node may end at the dot."""
        return dot == 1

    def after(self, dot: int, *, empty: bool) -> int | None:  # noqa: ARG002 (Repeat asks)
        """Return where the dot stands after a part; None: that leads nowhere new."""
        return dot + 1


@dataclass(eq=False, repr=False, slots=True)
class Repeat:
    """The same `least` to `most` times (2.5), rather more than less; most None: as often as one likes."""

    of: Expansion
    least: int
    most: int | None

    def expected(self, dot: int) -> tuple[Expansion, ...]:
        """Return what may follow the dot."""
        return (self.of,) if self.most is None or dot < self.most else ()

    def ends(self, dot: int) -> bool:
        """Whether the node may end at the dot."""
        return dot >= self.least

    def after(self, dot: int, *, empty: bool) -> int | None:
        """Return where the dot stands after a part; None: that leads nowhere new.

        A part that matches nothing may do so as often as is asked for, and no oftener.
        """
        if empty:
            return self.least if dot < self.least else None
        return dot + 1 if self.most is not None else min(dot + 1, max(self.least, 1))


@dataclass(eq=False, repr=False, slots=True)
class Rule:
    """A named expansion (3); `meaning` makes a builtin's value of what was said."""

    name: str
    body: Expansion = field(default_factory=lambda: Alternatives(()))
    tags: Tags = field(default_factory=Tags)
    public: bool = False
    meaning: Callable[[str], Json] | None = None

    def expected(self, dot: int) -> tuple[Expansion, ...]:
        """Return what may follow the dot."""
        return () if dot else (self.body,)

    def ends(self, dot: int) -> bool:
        """Whether the node may end at the dot."""
        return dot == 1

    def after(self, dot: int, *, empty: bool) -> int | None:  # noqa: ARG002 (Repeat asks)
        """Return where the dot stands after a part; None: that leads nowhere new."""
        return dot + 1


Composite: TypeAlias = Sequence | Alternatives | Repeat | Rule
Expansion: TypeAlias = Token | AnyToken | Tag | Composite


def null() -> Expansion:
    """Return what always matches, and no token (2.2.3)."""
    return Sequence(())


def void() -> Expansion:
    """Return what never matches (2.2.3)."""
    return Alternatives(())


def garbage() -> Expansion:
    """Return what matches any tokens up to the next that is expected (2.2.3)."""
    return Repeat(AnyToken(), 0, None)


def optional(what: Expansion) -> Expansion:
    """Return what matches this or nothing."""
    return Repeat(what, 0, 1)
