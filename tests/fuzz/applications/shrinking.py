"""A finding made small: pages, elements, attributes and turns are left out for as long as it stays the same finding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.fuzz.applications.cases import Case, Page
from tests.fuzz.applications.tree import Node

_TRIES = 1500


def shrunk(case: Case, fails: Callable[[Case], bool]) -> Case:
    """Return the smallest case found that still fails."""
    tries = 0
    again = True
    while again and tries < _TRIES:
        again = False
        for smaller in _smaller(case):
            tries += 1
            if tries > _TRIES:
                break
            if fails(smaller):
                case, again = smaller, True
                break
    return case


def _smaller(case: Case) -> Iterator[Case]:
    """Yield cases that lack something, the largest parts first."""
    for name in case.pages:
        if name != "one.vxml":
            yield case.with_pages({key: page for key, page in case.pages.items() if key != name})
    if case.callee.turns:
        yield replace(case, callee=replace(case.callee, turns=case.callee.turns[:-1]))
    for name, page in case.pages.items():
        for less in _less(page):
            yield case.with_pages({**case.pages, name: less})


def _less(page: Page) -> Iterator[Page]:
    if isinstance(page, bytes):
        for size in (len(page) // 2, len(page) // 4, 16, 1):
            for at in range(0, len(page), size or 1) if size else ():
                yield page[:at] + page[at + size :]
        return
    for number, node in enumerate(page.walk()):
        for at in range(len(node.content)):
            yield _without(page, number, content=at)
        for name in node.attributes:
            yield _without(page, number, attribute=name)


def _without(page: Node, number: int, *, content: int | None = None, attribute: str = "") -> Node:
    """Return a page one of whose elements lacks some of its content, or an attribute."""
    copy = page.copy()
    node = list(copy.walk())[number]
    if content is not None:
        del node.content[content]
    node.attributes.pop(attribute, None)
    return copy
