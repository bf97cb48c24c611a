"""SRGS 1.0 in its XML form, section by section."""

import pytest

from services.dialer.vxml.grammars.faults import GrammarFault, GrammarTooLarge, UnsupportedBuiltin, UnsupportedFormat
from services.dialer.vxml.grammars.grammar import Fit
from services.dialer.vxml.grammars.srgs import MAX_DOCUMENTS, compile_srgs, load_srgs

ELSEWHERE = "https://example.com/grammars/other.grxml"


def document(rules, *, mode="voice", root="r", attributes=""):
    names = f' root="{root}"' if root else ""
    head = f'<grammar xmlns="http://www.w3.org/2001/06/grammar" version="1.0" mode="{mode}"{names} {attributes}>'
    return f"{head}{rules}</grammar>".encode()


def rule(body, name="r", scope="private"):
    return f'<rule id="{name}" scope="{scope}">{body}</rule>'


def voice(body, *more):
    return compile_srgs(document(rule(body) + "".join(more)))


def dtmf(body, *more):
    return compile_srgs(document(rule(body) + "".join(more), mode="dtmf"))


def hear(grammar, said):
    """How each token fits; in a DTMF grammar every sign is a token."""
    match = grammar.begin()
    return [match.feed(token) for token in (said if grammar.mode == "dtmf" else said.split())]


def takes(grammar, said):
    return hear(grammar, said)[-1].full


def meant(grammar, said):
    match = grammar.begin()
    for token in said if grammar.mode == "dtmf" else said.split():
        match.feed(token)
    return match.result(pytest.fail)


# ---------------------------------------------------------------------------------------------- 2.1 tokens


def test_words_are_heard_without_regard_to_case_and_told_as_they_are_written():
    assert meant(voice("New York City"), "NEW york city").utterance == "New York City"


@pytest.mark.parametrize(
    "body",
    ['"New York"', "<token>New York</token>", "New <!-- the --> York", " New\n  York ", "<token>New</token>York"],
)
def test_quoted_words_tokens_and_comments_are_words_one_by_one(body):
    assert hear(voice(body), "new york") == [Fit.PARTIAL, Fit.FULL]


def test_keys_are_ten_digits_four_letters_star_and_pound_also_by_their_names():
    assert meant(dtmf("0 9 A b star pound * #"), "09AB*#*#").utterance == "09AB*#*#"


def test_keys_in_a_row_are_keys_one_after_another():
    assert hear(dtmf("<item>123</item>"), "123") == [Fit.PARTIAL, Fit.PARTIAL, Fit.FULL]


@pytest.mark.parametrize("body", ["one", "1x", "E", "1.5"])
def test_what_is_no_key_is_no_token_of_a_dtmf_grammar(body):
    with pytest.raises(GrammarFault, match="must be one of 0 1 2"):
        dtmf(body)


def test_a_quotation_mark_comes_in_pairs():
    with pytest.raises(GrammarFault, match="has no second one"):
        voice('say "hello')


# ---------------------------------------------------------------------------------------------- 2.2 references


def test_a_rule_refers_to_another_by_its_name_before_or_after_it():
    grammar = compile_srgs(document(rule("2", "a") + rule('1 <ruleref uri="#a"/> 3') + rule("4", "b"), mode="dtmf"))
    assert takes(grammar, "123")


def test_null_is_always_there_void_never_and_garbage_is_anything():
    assert takes(voice('a <ruleref special="NULL"/> b'), "a b")
    either = voice('<one-of><item>a <ruleref special="VOID"/></item><item>a b</item></one-of>')
    assert hear(either, "a b") == [Fit.PARTIAL, Fit.FULL]
    about = voice('<ruleref special="GARBAGE"/> refund <ruleref special="GARBAGE"/>')
    assert hear(about, "well a refund please") == [Fit.PARTIAL, Fit.PARTIAL, *[Fit.FULL_AND_MORE] * 2]
    assert meant(about, "well a refund please").utterance == "refund"


def test_a_grammar_that_can_never_match_fits_nothing_from_the_start():
    assert voice('a <ruleref special="VOID"/>').begin().fit is Fit.NONE
    assert voice('a <ruleref uri="#r"/>').begin().fit is Fit.NONE  # it has no end


@pytest.mark.parametrize(
    ("reference", "fault"),
    [
        ('<ruleref uri="#nobody"/>', "no rule nobody"),
        ("<ruleref/>", "either uri or special"),
        ('<ruleref uri="#r" special="NULL"/>', "either uri or special"),
        ('<ruleref special="null"/>', "NULL, VOID or GARBAGE"),
        ('<ruleref uri="other.grxml"/>', "may not be fetched here"),
    ],
)
def test_a_wrong_reference_is_refused(reference, fault):
    with pytest.raises(GrammarFault, match=fault) as refused:
        compile_srgs(document(f"\n\n{rule(reference)}"))
    assert refused.value.line == 3


def test_a_reference_that_is_no_address_is_refused():
    with pytest.raises(GrammarFault, match="no address"):
        compile_srgs(document(rule('<ruleref uri="http://["/>')), url="https://example.com/")


def test_a_reference_leads_to_a_builtin_type():
    amount = meant(dtmf('* <ruleref uri="builtin:dtmf/digits?length=2"/>'), "*42")
    assert (amount.utterance, amount.value) == ("*42", "42")
    with pytest.raises(UnsupportedBuiltin):
        dtmf('<ruleref uri="builtin:dtmf/mood"/>')


# ---------------------------------------------------------------------------------------------- 2.2.2 other documents


async def load(source, others, **more):
    asked = []

    async def fetch(url):
        asked.append(url)
        return others[url]

    grammar = await load_srgs(source, url="https://example.com/grammars/main.grxml", fetch=fetch, **more)
    return grammar, asked


async def test_other_documents_are_fetched_once_each_and_may_refer_back():
    main = document(rule('<ruleref uri="other.grxml"/> <ruleref uri="other.grxml#two"/>') + rule("m", "m", "public"))
    other = document(
        rule('a <ruleref uri="main.grxml#m"/>')
        + rule('b <ruleref uri="#three"/>', "two", "public")
        + rule("c", "three")
    )
    grammar, asked = await load(main, {ELSEWHERE: other, "https://example.com/grammars/main.grxml": main})
    assert takes(grammar, "a m b c")
    assert asked == [ELSEWHERE]


async def test_where_they_are_is_relative_to_xml_base():
    main = document(rule('<ruleref uri="other.grxml"/>'), attributes='xml:base="https://example.org/x/"')
    grammar, asked = await load(main, {"https://example.org/x/other.grxml": document(rule("a"))})
    assert takes(grammar, "a")
    assert asked == ["https://example.org/x/other.grxml"]


@pytest.mark.parametrize(
    ("other", "fault"),
    [
        (document(rule("a"), root=None), "names no root"),
        (document(rule("a", "b"), root="r"), "has no rule"),
        (document(rule("1"), mode="dtmf"), "other mode"),
        (b"<grammar", "cannot be read"),
        (b"<vxml/>", "must be grammar"),
    ],
)
async def test_other_documents_that_do_not_fit_are_refused(other, fault):
    with pytest.raises(GrammarFault, match=fault):
        await load(document(rule('<ruleref uri="other.grxml"/>')), {ELSEWHERE: other})


async def test_a_private_rule_of_another_document_is_not_for_us():
    other = document(rule("a") + rule("b", "hidden"))
    with pytest.raises(GrammarFault, match="private"):
        await load(document(rule('<ruleref uri="other.grxml#hidden"/>')), {ELSEWHERE: other})


async def test_documents_that_refer_to_ever_more_documents_come_to_an_end():
    class Endless(dict):
        def __missing__(self, url):
            return document(rule(f'<ruleref uri="{len(url)}{url.rpartition("/")[2]}"/>'))

    with pytest.raises(GrammarTooLarge, match=str(MAX_DOCUMENTS)):
        await load(document(rule('<ruleref uri="other.grxml"/>')), Endless())


async def test_parts_are_counted_over_all_documents_whether_or_not_they_are_reached():
    many = rule("a") + rule("a " * 9_000, "aside")
    others = {ELSEWHERE + str(number): document(many) for number in range(3)}
    references = "".join(f'<ruleref uri="{url}"/>' for url in others)
    with pytest.raises(GrammarTooLarge, match="parts"):
        await load(document(rule(references)), others)


# ---------------------------------------------------------------------------------------------- 2.3 to 2.5


def test_one_of_several_is_taken_and_the_first_of_two_that_are_alike():
    grammar = dtmf(
        "<one-of><item weight='0.1'>1<tag>first</tag></item><item weight='9'>1<tag>second</tag></item></one-of>"
    )
    assert meant(grammar, "1").value == "first"


def test_of_two_that_refer_to_the_same_rule_the_first_is_taken():
    both = "".join(f'<item><ruleref uri="#a"/><tag>{which}</tag></item>' for which in ("first", "second"))
    assert meant(dtmf(f"<one-of>{both}</one-of>", rule("1", "a")), "1").value == "first"


def test_blanks_between_items_are_no_words():
    assert takes(dtmf("<one-of>\n <item>1</item>\n <item>2</item>\n</one-of>\n"), "2")


def test_the_earlier_alternative_is_taken_even_if_it_lies_deeper():
    deep = rule('<ruleref uri="#b"/>', "a"), rule("<item><item>1</item></item><tag>deep</tag>", "b")
    grammar = dtmf('<one-of><item><ruleref uri="#a"/></item><item>1<tag>flat</tag></item></one-of>', *deep)
    assert meant(grammar, "1").value == "deep"


@pytest.mark.parametrize(
    ("repeat", "fits"),
    [
        ("2", [Fit.PARTIAL, Fit.FULL, Fit.NONE]),
        ("1-2", [Fit.FULL_AND_MORE, Fit.FULL, Fit.NONE]),
        ("2-", [Fit.PARTIAL, Fit.FULL_AND_MORE, Fit.FULL_AND_MORE]),
        ("0-1", [Fit.FULL, Fit.NONE, Fit.NONE]),
        (" 1 - 2 ", [Fit.FULL_AND_MORE, Fit.FULL, Fit.NONE]),
        ("0", [Fit.NONE, Fit.NONE, Fit.NONE]),
    ],
)
def test_a_repeat_has_its_bounds(repeat, fits):
    assert hear(dtmf(f'<item repeat="{repeat}" repeat-prob="0.5">1</item>'), "111") == fits


@pytest.mark.parametrize("hint", ["weight='3'", "weight='.5'", "weight='0'", "weight='2.'", "repeat-prob='0.0'"])
def test_a_weight_and_a_probability_change_nothing_that_is_heard(hint):
    assert hear(dtmf(f"<one-of><item {hint}>1</item><item>2</item></one-of>"), "2") == [Fit.FULL]


@pytest.mark.parametrize("hint", ["weight='-1'", "weight='heavy'", "weight=''", "repeat-prob='1.5'", "repeat-prob='x'"])
def test_a_weight_or_a_probability_that_is_none_is_refused(hint):
    with pytest.raises(GrammarFault, match="of an item must be a number"):
        dtmf(f"<one-of><item {hint}>1</item><item>2</item></one-of>")


@pytest.mark.parametrize("repeat", ["", "-2", "2-1", "one", "1-2-3", "1 2", "9999999999", "٣"])
def test_a_repeat_that_is_none_is_refused(repeat):
    with pytest.raises(GrammarFault):
        dtmf(f'<item repeat="{repeat}">1</item>')


@pytest.mark.parametrize(
    "body",
    [
        "<one-of/>",
        "<one-of>1</one-of>",
        "<one-of><item>1</item>2</one-of>",
        "<one-of><tag>1</tag></one-of>",
        "<b>1</b>",
    ],
)
def test_what_may_not_stand_in_a_rule_is_refused(body):
    with pytest.raises(GrammarFault):
        dtmf(body)


def test_what_is_of_another_vocabulary_is_passed_over():
    assert takes(dtmf('1 <x:hint xmlns:x="urn:x">2</x:hint> 3 <example>1 3</example>'), "13")


# ---------------------------------------------------------------------------------------------- 3 and 4


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        (document(rule("1") + rule("2"), mode="dtmf"), "same id"),
        (document("\n", mode="dtmf"), "has no rule"),
        (document("<rule>1</rule>", mode="dtmf"), "must have an id"),
        (document(rule("1", "NULL"), mode="dtmf"), "must not be NULL"),
        (document(rule("1", "r", "secret"), mode="dtmf"), "public or private"),
        (document(rule("1"), mode="pulse"), "voice or dtmf"),
        (document(rule("1"), mode="dtmf", root="x"), "has no rule"),
        (document(rule("1"), mode="dtmf", root=None), "names no root"),
        (document("<item>1</item>", mode="dtmf"), "no element item"),
        (document(rule("1")).replace(b'"1.0"', b'"2.0"', 1), "version must be 1.0"),
        (b'<!DOCTYPE grammar [<!ENTITY a "1">]>' + document(rule("&a;")), "cannot be read"),
    ],
)
def test_a_grammar_that_is_none_is_refused(source, fault):
    with pytest.raises(GrammarFault, match=fault):
        compile_srgs(source)


def test_a_grammar_begins_with_its_root_or_with_a_public_rule_that_is_asked_for():
    source = document(rule("1") + rule("2", "p", "public") + rule("3", "q"), mode="dtmf")
    assert takes(compile_srgs(source), "1")
    assert takes(compile_srgs(source, rule="p"), "2")
    with pytest.raises(GrammarFault, match="private"):
        compile_srgs(source, rule="q")


def test_the_mode_that_is_asked_for_must_be_its_own():
    with pytest.raises(GrammarFault, match="voice, not dtmf"):
        compile_srgs(document(rule("1")), mode="dtmf")


@pytest.mark.parametrize("source", [document("#ABNF 1.0;"), document(rule("1"), attributes='tag-format="lucent/1.0"')])
def test_other_formats_are_told_apart_from_faults(source):
    with pytest.raises(UnsupportedFormat):
        compile_srgs(source)


def test_the_header_may_say_more_and_the_language_is_that_of_what_is_around():
    header = '<lexicon uri="l"/><meta name="a" content="b"/><metadata/>'
    grammar = compile_srgs(document(header + rule("1"), mode="dtmf", attributes='xml:lang="de-AT"'))
    assert grammar.language == "de-AT"
