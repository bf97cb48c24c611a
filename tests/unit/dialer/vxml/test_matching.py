"""The matcher against an oracle that writes out all short inputs of a grammar."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.dialer.vxml.grammars.expansions import (
    Alternatives,
    AnyToken,
    Repeat,
    Rule,
    Sequence,
    Tag,
    Token,
    null,
    void,
)
from services.dialer.vxml.grammars.grammar import Fit, Grammar

KEYS = "12"
LONGEST = 3


def key(sign):
    return Token(sign, sign)


# ---------------------------------------------------------------------------------------------- the oracle


class Oracle:
    """All inputs up to LONGEST keys that a node matches, and all beginnings of its inputs: sets, grown until stable."""

    def __init__(self, root):
        self.root = root
        self.nodes = self.reachable(root)
        self.whole = {node: frozenset() for node in self.nodes}
        self.begun = {node: frozenset() for node in self.nodes}
        self.matching = set()
        self.settle(self.matching_of, self.matching)
        self.settle(self.whole_of, self.whole)
        self.settle(self.begun_of, self.begun)

    @staticmethod
    def parts(node):
        match node:
            case Sequence(parts) | Alternatives(parts):
                return parts
            case Repeat(of) | Rule(body=of):
                return (of,)
        return ()

    def reachable(self, root):
        nodes, pending = {}, [root]
        while pending:
            node = pending.pop()
            if node not in nodes:
                nodes[node] = None
                pending += self.parts(node)
        return list(nodes)

    def settle(self, of, known):
        changed = True
        while changed:
            changed = False
            for node in self.nodes:
                value = of(node)
                if isinstance(known, set):
                    if value and node not in known:
                        known.add(node)
                        changed = True
                elif value != known[node]:
                    known[node] = value
                    changed = True

    def matching_of(self, node):
        match node:
            case Sequence(parts):
                return all(part in self.matching for part in parts)
            case Alternatives(items):
                return any(item in self.matching for item in items)
            case Repeat(of, least):
                return least == 0 or of in self.matching
            case Rule(body=body):
                return body in self.matching
        return True

    def whole_of(self, node):
        match node:
            case Sequence(parts):
                return product(*(self.whole[part] for part in parts))
            case Alternatives(parts):
                return frozenset().union(*(self.whole[part] for part in parts))
            case Repeat(of):
                return frozenset().union(*(product(*[self.whole[of]] * count) for count in self.counts(node)))
            case Rule(body=body):
                return self.whole[body]
        return frozenset(
            {Token: [node.heard] if isinstance(node, Token) else [], AnyToken: KEYS, Tag: [""]}[type(node)]
        )

    def begun_of(self, node):
        if node not in self.matching:
            return frozenset()
        match node:
            case Sequence(parts):
                here = [
                    product(*(self.whole[p] for p in parts[:at]), self.begun[part]) for at, part in enumerate(parts)
                ]
                return frozenset({""}).union(*here)
            case Alternatives(parts):
                return frozenset().union(*(self.begun[part] for part in parts))
            case Repeat(of):
                rounds = range(max(self.counts(node), default=0))
                return frozenset({""}).union(*(product(*[self.whole[of]] * n, self.begun[of]) for n in rounds))
            case Rule(body=body):
                return self.begun[body]
        return self.whole[node] | {""}

    def counts(self, node):
        """How often it may repeat: more often than LONGEST + 1 makes no difference to so short an input."""
        most = LONGEST + 1 if node.most is None else min(node.most, LONGEST + 1)
        return range(min(node.least, LONGEST + 1), most + 1)

    def fit(self, said):
        more = any(said + sign in self.begun[self.root] for sign in KEYS)
        return Fit.of(full=said in self.whole[self.root], more=more)


def product(*languages):
    said = {""}
    for language in languages:
        said = {one + other for one in said for other in language if len(one + other) <= LONGEST}
    return frozenset(said)


# ---------------------------------------------------------------------------------------------- any small grammar


@st.composite
def grammars(draw):
    """A root rule and two others, which may refer to each other and to themselves."""
    rules = [Rule(name) for name in "abc"]
    keys, names, nulls = st.sampled_from(KEYS).map(key), st.sampled_from(rules), st.builds(null)
    rare = st.one_of(st.builds(AnyToken), st.builds(Tag, st.just("t")), st.builds(void))
    leaves = st.one_of(keys, names, keys, names, nulls, rare)
    bounds = st.sampled_from([(0, 1), (0, None), (1, None), (2, 2), (0, 0), (1, 3), (2, None), (0, 10**9), (3, 10**9)])
    bodies = st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: Sequence(tuple(parts))),
            st.lists(inner, min_size=2, max_size=3).map(lambda items: Alternatives(tuple(items))),
            st.builds(lambda of, times: Repeat(of, *times), inner, bounds),
        ),
        max_leaves=6,
    )
    for rule in rules:
        rule.body = draw(bodies)
    return rules[0]


def nothing_or_itself():
    root = Rule("a")
    root.body = Alternatives((null(), Sequence((root, key("1")))))
    return root


def nothing_twice():
    either = Rule("b", Alternatives((null(), key("2"))))
    return Rule("a", Sequence((either, either, key("1"))))


@settings(max_examples=150, deadline=None)
@example(nothing_or_itself(), "11")
@example(nothing_twice(), "22")
@given(grammars(), st.text(KEYS, max_size=LONGEST - 1))
def test_it_says_after_every_key_what_the_oracle_says(root, said):
    oracle = Oracle(root)
    match = Grammar(root, "dtmf").begin()
    assert match.fit is oracle.fit("")
    for length, sign in enumerate(said, 1):
        assert match.takes(sign) == (said[:length] in oracle.begun[oracle.root])
        assert match.feed(sign) is oracle.fit(said[:length])
