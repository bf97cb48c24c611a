"""Of several readings of an input, the one that a backtracking regular expression finds first is taken."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from services.dialer.vxml.grammars.expansions import Alternatives, Repeat, Rule, Sequence, Tag, Token
from services.dialer.vxml.grammars.grammar import Grammar

KEYS = st.sampled_from("12").map(lambda sign: ("key", sign))
TAGS = st.just(("tag",))
BOUNDS = st.sampled_from([(0, 1), (0, None), (1, None), (1, 3), (2, 2)])


def several(inner):
    return st.lists(inner, min_size=2, max_size=4)


SKETCHES = st.recursive(
    st.one_of(KEYS, KEYS, TAGS),
    lambda inner: st.one_of(
        st.tuples(st.just("sequence"), several(inner)),
        st.tuples(st.just("alternatives"), several(inner)),
        st.tuples(st.just("repeat"), inner, BOUNDS),
    ),
    max_leaves=14,
)


def drawn(sketch, tags):
    """A sketch as an expansion, as a regular expression in which tags are empty groups, and whether it may be empty."""
    match sketch:
        case ("key", sign):
            return Token(sign, sign), sign, False
        case ("tag",):
            tags.append(Tag(str(len(tags) + 1)))
            return tags[-1], "()", True
        case ("repeat", of, (least, most)):
            node, pattern, empty = drawn(of, tags)
            if empty:  # how often nothing is repeated, regular expressions have views of their own
                return node, pattern, empty
            return Repeat(node, least, most), f"(?:{pattern}){{{least},{most or ''}}}", least == 0
    nodes, patterns, empties = zip(*(drawn(part, tags) for part in sketch[1]), strict=True)
    if sketch[0] == "sequence":
        return Sequence(nodes), "".join(patterns), all(empties)
    return Alternatives(nodes), f"(?:{'|'.join(patterns)})", any(empties)


@settings(max_examples=200, deadline=None)
@given(SKETCHES, st.text("12", min_size=1, max_size=5))
def test_the_last_tag_is_that_of_the_preferred_reading(sketch, said):
    node, pattern, _ = drawn(sketch, [])
    match = Grammar(Rule("r", node), "dtmf").begin()
    for key in said:
        match.feed(key)
    expected = re.fullmatch(pattern, said)
    assert match.fit.full == bool(expected)
    if expected:
        result = match.result(str)
        assert result.utterance == said
        assert result.value == (str(expected.lastindex) if expected.lastindex else said)
