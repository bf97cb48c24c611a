"""Grammars made to hurt: none is too slow to be stopped, too deep to be walked, or more than it seems."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dialer.vxml.grammars.chart import MAX_STEPS
from services.dialer.vxml.grammars.faults import GrammarFault, GrammarTooLarge
from services.dialer.vxml.grammars.grammar import Fit
from services.dialer.vxml.grammars.pruning import MAX_EXPANSIONS
from services.dialer.vxml.grammars.sheet import MAX_BYTES
from services.dialer.vxml.grammars.srgs import compile_srgs


def grammar(**rules):
    """A DTMF grammar of these rules, the first its root."""
    return document("".join(f'<rule id="{name}">{body}</rule>' for name, body in rules.items()), next(iter(rules)))


def document(content, root="r"):
    return compile_srgs(f'<grammar version="1.0" mode="dtmf" root="{root}">{content}</grammar>'.encode())


def to(name, times=1):
    return f'<ruleref uri="#{name}"/>' * times


def either(*items):
    return f"<one-of>{''.join(f'<item>{item}</item>' for item in items)}</one-of>"


def often(body, repeat):
    return f'<item repeat="{repeat}">{body}</item>'


def fits(compiled, keys):
    match = compiled.begin()
    return [match.feed(key) for key in keys]


@pytest.mark.parametrize(
    "rules",
    [
        {"a": either("1", to("a") + "1")},
        {"a": either(to("a") + "1", "1")},
        {"a": either(to("b"), "1"), "b": to("c"), "c": to("a") + "1"},
        {"a": often("2", "0-1") + to("b"), "b": either("1", to("a") + "1")},  # hidden behind what may be left out
        {"a": either(to("a"), "1", to("a") + to("a"))},
        {"a": either('<ruleref special="NULL"/>', to("a") + "1")},
    ],
)
def test_left_recursion_comes_to_an_end(rules):
    assert fits(grammar(**rules), "1" * 40) == [Fit.FULL_AND_MORE] * 40


@pytest.mark.parametrize(
    "body",
    [
        often(often(often(often("1", "0-"), "0-"), "0-"), "0-"),
        often(often(often("1", "0-999999999"), "0-999999999"), "0-999999999"),
        often(often(often("<tag>x</tag>", "999999999"), "999999999") + "1", "1-"),
        often('<ruleref special="NULL"/>', "1-999999999") + often("1", "1-999999999"),
        often('<ruleref special="GARBAGE"/>', "0-999999999"),
        '<ruleref special="GARBAGE"/>' * 50 + "1" + '<ruleref special="GARBAGE"/>' * 50,
    ],
)
def test_repeats_of_repeats_come_to_an_end(body):
    assert fits(grammar(r=body), "1" * 8)[-1] is Fit.FULL_AND_MORE


def test_a_repeat_is_counted_not_written_out():
    compiled = grammar(r=often("1", "100-999999999"))
    assert fits(compiled, "1" * 101)[-3:] == [Fit.PARTIAL, Fit.FULL_AND_MORE, Fit.FULL_AND_MORE]


def test_a_grammar_of_laughs_is_never_written_out():
    """Forty rules, each the next one twice: a terabyte of keys, or nothing at all."""
    chain = {f"r{number}": to(f"r{number + 1}", 2) for number in range(40)}
    endless, any_length = grammar(**chain, r40="1"), grammar(**chain, r40=often("1", "0-1"))
    assert fits(endless, "1" * 15) == [Fit.PARTIAL] * 15
    assert fits(any_length, "1" * 15) == [Fit.FULL_AND_MORE] * 15
    assert len(repr(endless.root)) < 200
    match = any_length.begin()
    match.feed("1")
    with pytest.raises(GrammarTooLarge):
        match.result(pytest.fail)


def test_thousands_of_rules_are_walked_without_recursion():
    count = 3_000
    chain = {f"r{number}": to(f"r{number + 1}") for number in range(count)}
    match = grammar(**chain, **{f"r{count}": "1<tag>found</tag>"}).begin()
    assert match.feed("1") is Fit.FULL
    assert match.result(pytest.fail).value == "found"


def test_of_thousands_of_alternatives_only_those_that_are_keyed_are_walked():
    numbers = [f"{number:04}" for number in range(3_000)]
    assert fits(grammar(r=either(*numbers)), "2999") == [Fit.PARTIAL] * 3 + [Fit.FULL]


def test_an_input_with_more_readings_than_we_have_time_for_is_given_up():
    compiled = grammar(a=either("1", to("a", 2), to("a", 3), to("a", 4)))
    with pytest.raises(GrammarTooLarge):
        fits(compiled, "1" * MAX_STEPS)


def test_more_parts_than_we_hold_are_refused():
    with pytest.raises(GrammarTooLarge, match=str(MAX_EXPANSIONS)):
        grammar(r="1 " * (MAX_EXPANSIONS + 1))


def test_a_document_larger_than_we_read_is_refused():
    with pytest.raises(GrammarTooLarge, match=str(MAX_BYTES >> 10)):
        grammar(r=" " * MAX_BYTES)


@pytest.mark.parametrize("nested", ["<item>{}</item>", "<one-of><item>{}</item></one-of>"])
def test_a_document_nested_deeper_than_we_walk_is_refused(nested):
    body = "1"
    for _ in range(100):
        body = nested.format(body)
    with pytest.raises(GrammarFault):
        grammar(r=body)


# What may stand in a rule and what may not, in any order: a grammar, or a fault of our own and no other.
NAMES = ["item", "one-of", "ruleref", "tag", "token", "example", "rule", "grammar", "x"]
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["repeat", "uri", "special", "id", "scope", "root", "mode", "weight", "xml:base"]),
    st.sampled_from(
        ["1", "0-", "2-1", "#r", "#s", "r", "s", "builtin:dtmf/date", "NULL", "VOID", "http://[", "public"]
    ),
    max_size=2,
)


def element(name, attributes, content):
    written = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{name}{written}>{''.join(content)}</{name}>"


ELEMENTS = st.recursive(
    st.sampled_from(["", "1", "1 2", "one", '"', "<!-- -->", "<?x y?>", "<tag>t</tag>", '<ruleref uri="#s"/>']),
    lambda inner: st.builds(element, st.sampled_from(NAMES), ATTRIBUTES, st.lists(inner, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(ELEMENTS, ELEMENTS)
def test_any_document_is_a_grammar_or_a_fault(one, other):
    try:
        compiled = document(f'<rule id="r">{one}</rule><rule id="s">{other}</rule>')
    except GrammarFault:
        return
    match = compiled.begin()
    for key in "1212":
        match.feed(key)
        match.result(pytest.fail)
