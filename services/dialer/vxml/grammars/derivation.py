"""How a grammar has read an input: the rules that were walked through, with their tokens and tags, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from services.dialer.vxml.grammars.chart import Item
from services.dialer.vxml.grammars.expansions import Rule, Tag, Token


@dataclass(frozen=True, slots=True)
class Enter:
    """A rule begins."""

    rule: Rule


@dataclass(frozen=True, slots=True)
class Leave:
    """A rule ends."""

    rule: Rule


Step = Enter | Leave | Token | Tag


def derivation(whole: Item) -> Iterator[Step]:
    """Yield what the item has read, without recursion: a derivation may be as deep as its input is long.

    What GARBAGE took is left out.
    """
    pending: list[Item | Leave | Token | Tag | str] = [whole]
    while pending:
        part = pending.pop()
        if isinstance(part, str):
            continue
        if not isinstance(part, Item):
            yield part
            continue
        if isinstance(part.node, Rule):
            yield Enter(part.node)
            pending.append(Leave(part.node))
        at: Item | None = part
        while at is not None:  # from the last part to the first: so the first is on top
            if at.part is not None:
                pending.append(at.part)
            at = at.before
