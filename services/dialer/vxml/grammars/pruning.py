"""What can never match is cut out of a grammar, so that whatever the machine still waits for can come to an end."""

from __future__ import annotations

from collections import defaultdict

from services.dialer.vxml.grammars.expansions import Alternatives, Composite, Expansion, Repeat, Rule, Sequence
from services.dialer.vxml.grammars.faults import GrammarTooLarge

MAX_EXPANSIONS = 20_000


def prune(root: Rule) -> None:
    """Cut VOID, and rules that have no end, out of everything that `root` leads to.

    Raises:
        GrammarTooLarge: it leads to more than MAX_EXPANSIONS nodes.
    """
    nodes = _reachable(root)
    matching = _matching(nodes)
    for node in nodes:
        match node:
            case Alternatives(items):
                node.items = tuple(item for item in items if id(item) in matching)
            case Repeat(of) if id(of) not in matching:
                node.most = 0  # only reached where it may be left out: else the repeat itself is cut
            case Rule(body=body) if id(body) not in matching:
                node.body = Alternatives(())


def _reachable(root: Rule) -> list[Expansion]:
    seen: dict[int, Expansion] = {id(root): root}
    pending: list[Expansion] = [root]
    while pending:
        for part in _parts(pending.pop()):
            if id(part) not in seen:
                seen[id(part)] = part
                pending.append(part)
        if len(seen) > MAX_EXPANSIONS:
            raise GrammarTooLarge(f"The grammar has more than {MAX_EXPANSIONS} parts.")
    return list(seen.values())


def _matching(nodes: list[Expansion]) -> set[int]:
    """Return the ids of the nodes that match some input, be it the empty one."""
    parents: dict[int, list[Expansion]] = defaultdict(list)
    lacking: dict[int, int] = {}
    sure: list[Expansion] = []
    for node in nodes:
        parts = {id(part) for part in _parts(node)}
        for part in parts:
            parents[part].append(node)
        lacking[id(node)] = len(parts) if isinstance(node, Sequence) else 1
        if isinstance(node, Repeat) and node.least == 0:
            lacking[id(node)] = 0
        if not isinstance(node, Composite) or lacking[id(node)] == 0:
            sure.append(node)
    matching = {id(node) for node in sure}
    while sure:
        for parent in parents[id(sure.pop())]:
            lacking[id(parent)] -= 1
            if lacking[id(parent)] <= 0 and id(parent) not in matching:
                matching.add(id(parent))
                sure.append(parent)
    return matching


def _parts(node: Expansion) -> tuple[Expansion, ...]:
    match node:
        case Sequence(parts) | Alternatives(parts):
            return parts
        case Repeat(of) | Rule(body=of):
            return (of,)
        case _:
            return ()
