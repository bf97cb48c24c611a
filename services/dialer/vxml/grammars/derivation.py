"""How a grammar has read an input: the rules that were walked through, with their tokens and tags, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from services.dialer.vxml.grammars.chart import Item
from services.dialer.vxml.grammars.expansions import Rule, Tag, Token
from services.dialer.vxml.grammars.faults import GrammarTooLarge

MAX_PARTS = 20_000


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

    Raises:
        GrammarTooLarge: it has more than MAX_PARTS. Even of an empty input that may be: forty rules will do, each of
            which names the next one twice.
    """
    pending: list[Item | Leave | Token | Tag | str] = [whole]
    parts = 0
    while pending:
        part = pending.pop()
        parts += 1
        if parts > MAX_PARTS:
            raise GrammarTooLarge("What was said or keyed in has too many parts in the grammar.")
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
