"""The machine that matches tokens as they come: an Earley chart, whom no recursion and no ambiguity can carry away.

A column stands between two tokens and holds the items that are alive there: a node, its dot, and the column in which
the node began. What is waited for is looked up by the token: so a list of a thousand names costs one step.
The first way to an item wins, and ways are tried in document order and depth first: so of two readings of an input the
earlier alternative is taken, and a repeat rather goes on than ends.

All that a dot waits for can come to an end (pruning.py): so an input can be completed while anything is waited for.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Any

from services.dialer.vxml.grammars.expansions import AnyToken, Composite, Expansion, Rule, Tag, Token
from services.dialer.vxml.grammars.faults import GrammarTooLarge

MAX_STEPS = 100_000  # of one input, or before its first token


class Item:
    """A node that has come up to its dot, by way of `before` and `part`."""

    __slots__ = ("before", "column", "dot", "node", "part")

    def __init__(self, node: Composite, dot: int, column: Column, before: Item | None, part: Part | None) -> None:
        self.node, self.dot, self.column, self.before, self.part = node, dot, column, before, part


Part = Item | Token | Tag | str  # str: what any token took


class Column:
    """What is alive between two tokens; it does not change once it is filled. `steps` are left to the input."""

    __slots__ = ("any_token", "ended", "seen", "steps", "tokens", "waiting")

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.seen: set[tuple[Composite, int, Column]] = set()
        self.waiting: dict[Composite, list[Item]] = {}
        self.tokens: dict[str, list[tuple[Item, Token]]] = {}
        self.any_token: list[Item] = []
        self.ended: dict[tuple[Composite, Column], Item] = {}

    def whole(self, root: Rule, first: Column) -> Item | None:
        """Return `root` from the first column up to this one, if it matches all between."""
        return self.ended.get((root, first))

    def more(self) -> bool:
        """Whether a further token may follow."""
        return bool(self.tokens or self.any_token)

    def takes(self, token: str) -> bool:
        """Whether this token may follow."""
        return bool(self.any_token) or token in self.tokens


def first_column(root: Rule) -> Column:
    """Return what is alive before the first token."""
    column = Column(MAX_STEPS)
    column.waiting[root] = []
    _Filling(column).run([(_Do.EXPLORE, Item(root, 0, column, None, None), None)])
    column.steps = MAX_STEPS
    return column


def next_column(column: Column, token: str, spelling: str) -> Column:
    """Return what is alive after one more token.

    Raises:
        GrammarTooLarge: the grammar has too many readings of the input.
    """
    following = Column(column.steps)
    ways: list[tuple[Item, Part]] = [*column.tokens.get(token, ()), *((item, spelling) for item in column.any_token)]
    _Filling(following).run([(_Do.ADVANCE, item, part) for item, part in reversed(ways)])
    return following


class _Do(Enum):
    EXPLORE = auto()  # what may follow an item's dot, and does it end here
    PREDICT = auto()  # an item waits for a part
    ADVANCE = auto()  # an item got its part
    END = auto()  # an item is whole: who waited for its node may advance


_Task = tuple[_Do, Item, Any]


class _Filling:
    """What follows of some tasks is done, the last of them first, until nothing new comes of it."""

    def __init__(self, column: Column) -> None:
        self.column = column
        self.tasks: list[_Task] = []

    def run(self, tasks: list[_Task]) -> None:
        self.tasks = tasks
        while tasks:
            self.column.steps -= 1
            if self.column.steps < 0:
                raise GrammarTooLarge("The grammar has too many readings of what was said or keyed in.")
            do, item, part = tasks.pop()
            if do is _Do.EXPLORE:
                if item.node.ends(item.dot):
                    tasks.append((_Do.END, item, None))
                tasks.extend((_Do.PREDICT, item, one) for one in reversed(item.node.expected(item.dot)))
            elif do is _Do.PREDICT:
                self._predict(item, part)
            elif do is _Do.ADVANCE:
                self._advance(item, part)
            else:
                self._end(item)

    def _predict(self, item: Item, part: Expansion) -> None:
        column = self.column
        if isinstance(part, Token):
            column.tokens.setdefault(part.heard, []).append((item, part))
        elif isinstance(part, AnyToken):
            column.any_token.append(item)
        elif isinstance(part, Tag):
            self._advance(item, part)
        elif part in column.waiting:
            column.waiting[part].append(item)
            if ended := column.ended.get((part, column)):
                self._advance(item, ended)
        else:
            column.waiting[part] = [item]
            self.tasks.append((_Do.EXPLORE, Item(part, 0, column, None, None), None))

    def _advance(self, item: Item, part: Part) -> None:
        empty = isinstance(part, Tag) or (isinstance(part, Item) and part.column is self.column)
        dot = item.node.after(item.dot, empty=empty)
        if dot is None or (item.node, dot, item.column) in self.column.seen:
            return
        self.column.seen.add((item.node, dot, item.column))
        self.tasks.append((_Do.EXPLORE, Item(item.node, dot, item.column, item, part), None))

    def _end(self, item: Item) -> None:
        if (item.node, item.column) in self.column.ended:
            return
        self.column.ended[item.node, item.column] = item
        waiting = item.column.waiting.get(item.node, ())
        self.tasks.extend((_Do.ADVANCE, one, item) for one in reversed(waiting))
