"""What an input means: SISR 1.0, its tags run by a real engine."""

import json

import pytest
import quickjs

from services.dialer.vxml.grammars.faults import GrammarTooLarge, UnsupportedFormat
from services.dialer.vxml.grammars.srgs import compile_srgs, load_srgs

LITERALS, SCRIPT = "semantics/1.0-literals", "semantics/1.0"


def evaluate(script):
    written = quickjs.Context().eval(f"JSON.stringify({script})")
    return None if written is None else json.loads(written)


def document(rules, tags=None, mode="voice"):
    attribute = f' tag-format="{tags}"' if tags else ""
    return f'<grammar version="1.0" root="r" mode="{mode}"{attribute}>{rules}</grammar>'.encode()


def meant(source, said, **more):
    grammar = compile_srgs(source, **more)
    match = grammar.begin()
    for token in said if grammar.mode == "dtmf" else said.split():
        match.feed(token)
    return match.result(evaluate)


def value(rules, said, tags=SCRIPT):
    return meant(document(rules, tags), said).value


# ---------------------------------------------------------------------------------------------- 7: without tags


def test_without_tags_it_means_what_was_said():
    assert meant(document("<rule id='r'>Hello world</rule>"), "hello WORLD").value == "Hello world"
    assert meant(document("<rule id='r'>1 2</rule>", mode="dtmf"), "12").value == "12"


def test_without_tags_of_its_own_a_rule_means_what_its_last_reference_means():
    rules = (
        "<rule id='r'>from <ruleref uri='#a'/> to <ruleref uri='#b'/> please</rule>"
        "<rule id='a'>x<tag>X</tag></rule><rule id='b'>y<tag>Y</tag></rule>"
    )
    assert value(rules, "from x to y please", LITERALS) == "Y"


# ---------------------------------------------------------------------------------------------- literals


@pytest.mark.parametrize("tags", [None, LITERALS])
def test_a_literal_is_its_text_and_the_last_one_counts(tags):
    assert value("<rule id='r'>a<tag>one</tag> b<tag> two's \n</tag></rule>", "a b", tags) == "two's"


@pytest.mark.parametrize(
    ("tag", "meaning"),
    [
        ("out.a = 'x';", {"a": "x"}),
        ("out = 'x'", "x"),
        ("var k = 'x'; out['a'].b += k", None),
        ("out.of.stock", "out.of.stock"),
        ("out == of", "out == of"),
        ("about='x'", "about='x'"),
    ],
)
def test_where_no_format_is_named_tags_that_assign_to_out_are_scripts(tag, meaning):
    rules = f"<rule id='r'><one-of><item>a<tag>{tag}</tag></item><item>b<tag>B</tag></item></one-of></rule>"
    if meaning is None:  # a script that fails
        with pytest.raises(quickjs.JSException):
            value(rules, "a", None)
    else:
        assert value(rules, "a", None) == meaning


def test_a_tag_of_an_alternative_that_was_not_said_does_not_count():
    rules = "<rule id='r'><one-of><item>a<tag>A</tag></item><item>b<tag>B</tag></item></one-of></rule>"
    assert value(rules, "b", LITERALS) == "B"


def test_a_literal_may_be_empty():
    assert value("<rule id='r'>a<tag/></rule>", "a", LITERALS) == ""


# ---------------------------------------------------------------------------------------------- scripts

CITY = (
    "<rule id='city'><one-of><item>Rome<tag>out='ROM';</tag></item>"
    "<item>Oslo<tag>out='OSL';</tag></item></one-of></rule>"
)


def test_a_script_makes_an_object_of_what_rules_mean():
    rules = (
        "<rule id='r'>from <ruleref uri='#city'/><tag>out.from=rules.city;</tag> "
        "to <ruleref uri='#city'/><tag>out.to=rules.latest();</tag></rule>" + CITY
    )
    assert value(rules, "from rome to oslo") == {"from": "ROM", "to": "OSL"}


def test_a_repeat_runs_its_tags_each_time():
    rules = "<rule id='r'><tag>out=0</tag><item repeat='1-'>one<tag>out=out+1</tag></item></rule>"
    assert value(rules, "one one one") == 3


def test_variables_are_of_their_rule_and_global_tags_run_before():
    rules = (
        "<tag>var unit='EUR', n=1;</tag><rule id='r'><tag>var n=5;</tag> a <ruleref uri='#x'/>"
        "<tag>out.n=n; out.x=rules.x;</tag></rule><rule id='x'>b<tag>out=unit+n+typeof m;</tag></rule>"
    )
    assert value(rules, "a b") == {"n": 5, "x": "EUR1undefined"}


def test_the_words_are_told_so_far_and_by_rule():
    rules = (
        "<rule id='r'>to <tag>out.first=meta.current().text;</tag><ruleref uri='#city'/> now"
        "<tag>out.city=meta.city.text; out.last=meta.latest().text; out.all=meta.current().text; "
        "out.sure=meta.current().score;</tag></rule>" + CITY
    )
    assert value(rules, "to rome now") == {
        "first": "to", "city": "Rome", "last": "Rome", "all": "to Rome now", "sure": 1,
    }  # fmt: skip


def test_a_rule_without_tags_on_its_way_means_its_words_among_scripts_too():
    rules = "<rule id='r'><ruleref uri='#x'/><tag>out.x=rules.x;</tag></rule><rule id='x'>hello you</rule>"
    assert value(rules, "hello you") == {"x": "hello you"}


def test_scripts_end_where_they_end():
    rules = "<rule id='r'>a<tag>out='x' // a remark</tag> b<tag>out+='y'</tag></rule>"
    assert value(rules, "a b") == "xy"


@pytest.mark.parametrize("script", ["}); out = 1; (function(){", "out = ;", "throw 1", "nobody + 1"])
def test_a_script_that_is_wrong_is_the_engine_s_to_report(script):
    with pytest.raises(quickjs.JSException):
        value(f"<rule id='r'>a<tag><![CDATA[{script}]]></tag></rule>", "a")


def test_marks_and_names_from_the_grammar_are_data():
    rules = "<rule id='r'><ruleref uri='#x.y'/><tag>out=rules['x.y']</tag></rule><rule id='x.y'>it's\u2028{0}\\</rule>"
    assert value(rules, "it's {0}\\") == "it's {0}\\"


async def test_documents_with_tags_of_another_format_work_together():
    async def fetch(url):
        return other

    main = document(
        "<tag>var n=1</tag><rule id='r'><ruleref uri='o'/><tag>out={o: rules.r, n: typeof k}</tag></rule>", SCRIPT
    )
    other = document("<tag>var k=1</tag><rule id='r'>a<tag>out = 1</tag></rule>", LITERALS)
    grammar = await load_srgs(main, url="https://example.com/main", fetch=fetch)
    match = grammar.begin()
    match.feed("a")
    assert match.result(evaluate).value == {"o": "out = 1", "n": "undefined"}


def test_all_scripts_are_one_expression_and_none_where_there_is_no_script():
    rules = (
        "<rule id='r'><item repeat='1-'><ruleref uri='#d'/><tag>out.last=rules.d</tag></item></rule>"
        "<rule id='d'><one-of><item>1<tag>out=1</tag></item><item>2</item></one-of></rule>"
    )
    evaluated = []

    def counted(script):
        evaluated.append(script)
        return evaluate(script)

    match = compile_srgs(document(rules, SCRIPT, "dtmf")).begin()
    for key in "1121":
        match.feed(key)
    assert match.result(counted).value == {"last": 1}
    assert len(evaluated) == 1


def test_what_rules_mean_is_not_copied_into_what_others_mean():
    """Forty rules that each hold the next one's value twice are a small script; its value is the engine's to limit."""
    chain = "".join(
        f"<rule id='r{number}'><ruleref uri='#r{number + 1}'/><tag>out=[rules.latest(), rules.latest()]</tag></rule>"
        for number in range(40)
    )
    match = compile_srgs(
        document(f"<rule id='r'><ruleref uri='#r0'/></rule>{chain}<rule id='r40'>a</rule>", SCRIPT)
    ).begin()
    match.feed("a")
    scripts = []
    match.result(scripts.append)
    assert len(scripts[0]) < 50_000


def test_tags_that_are_longer_together_than_we_run_are_given_up():
    rules = f"<rule id='r'><item repeat='1-'>1<tag>out='{'x' * 10_000}'</tag></item></rule>"
    with pytest.raises(GrammarTooLarge):
        meant(document(rules, SCRIPT, "dtmf"), "1" * 30)


def test_a_deep_derivation_has_a_meaning():
    rules = "<rule id='r'>1 <item repeat='0-1'><ruleref uri='#r'/></item><tag>deep</tag></rule>"
    assert meant(document(rules, mode="dtmf"), "1" * 100).value == "deep"


def test_a_format_of_somebody_else_is_not_guessed():
    with pytest.raises(UnsupportedFormat):
        compile_srgs(document("<rule id='r'>a</rule>", "swi-semantics/1.0"))
