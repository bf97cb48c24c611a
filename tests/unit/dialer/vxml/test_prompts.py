"""What prompts say: markup to pieces, values and loops from a callback, and what a hostile prompt cannot do."""

from __future__ import annotations

from itertools import chain

import pytest

from services.dialer.vxml import prompts
from services.dialer.vxml.documents import parse
from services.dialer.vxml.prompt_selection import prompt_of, prompts_in, selected, style_at
from services.dialer.vxml.prompts import Audio, Break, Choice, Mark, PromptTooLong, Speech, play_list


class Variables:
    """What a script engine does for prompts, with Python's expressions instead of ECMAScript's."""

    def __init__(self, choices=(), **values):
        self.values = values
        self.listed = choices

    def text(self, expression):
        return str(self.value(expression))

    def value(self, expression):
        return eval(expression, {}, self.values)

    def recording(self, name):
        return {"recording:1": b"RIFF"}.get(name)

    def each(self, item, array):
        for each in self.value(array):
            self.values[item] = each
            yield

    def choices(self, _element):
        for choice in self.listed:
            self.values |= {"_prompt": choice.words, "_dtmf": choice.dtmf}
            yield choice


def document_of(inside, *, attributes=""):
    body = f'<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml" {attributes}><form>{inside}</form></vxml>'
    return parse(body.encode(), "http://app.example/ivr/a.vxml")


def heard(inside, variables=None, *, attributes=""):
    """The pieces that all prompts of a block say."""
    document = document_of(f"<block>{inside}</block>", attributes=attributes)
    block = document.root[0][0]
    variables = variables or Variables()
    return list(
        chain.from_iterable(
            play_list(each.parts, variables, style_at(block[0] if len(block) else block, document, ""))
            for each in prompts_in(block)
        )
    )


def words(inside, variables=None):
    return [piece.text for piece in heard(inside, variables)]


# ------------------------------------------------------------------------------------------------ text and values


def test_text_and_values_are_one_speech_with_single_blanks():
    assert heard(
        "<prompt>You have\n   <value expr='n'/>\n new  calls, the <value expr='n'/>rd.</prompt>", Variables(n=3)
    ) == [Speech("You have 3 new calls, the 3rd.")]


def test_text_outside_of_a_prompt_is_one():
    assert words("Hello <value expr='who'/>! <prompt>Bye.</prompt> <log>x</log> More.", Variables(who="Ada")) == [
        "Hello Ada!",
        "Bye.",
        "More.",
    ]


@pytest.mark.parametrize(
    "inside", ["", "  \n ", "<prompt/>", "<prompt> \n </prompt>", "<prompt><s> </s><p/></prompt>", "<exit/>"]
)
def test_blanks_say_nothing(inside):
    assert heard(inside) == []


def test_sentences_and_paragraphs_are_apart():
    assert words("<prompt>One <p>two <s>three</s>four</p>five</prompt>") == ["One", "two", "three", "four", "five"]


def test_markup_that_changes_no_words_leaves_them_together():
    assert words(
        "<prompt>a <emphasis>b</emphasis> <phoneme ph='x'>c</phoneme> <sub alias='World Wide Web'>W3</sub></prompt>"
    ) == ["a b c World Wide Web"]


def test_what_is_not_for_the_ear_is_not_said():
    assert words(
        "<prompt><lexicon uri='a'/><metadata><x xmlns='y'>no</x></metadata><meta name='a' content='no'/>yes</prompt>"
    ) == ["yes"]


def test_breaks_and_marks_stand_between_the_words():
    inside = "a<break time='300ms'/>b<break/>c<break strength='x-weak'/><mark name='m'/>d<mark nameexpr='1 + 1'/>"
    assert heard(f"<prompt>{inside}</prompt>") == [
        *(Speech("a"), Break(0.3), Speech("b"), Break(0.5), Speech("c"), Break(0.1), Mark("m"), Speech("d"), Mark("2"))
    ]


# ------------------------------------------------------------------------------------------------ voices and languages


def test_the_nearest_language_is_spoken():
    voice = "<voice xml:lang='it' name='Anna' gender='female'>c</voice>"
    inside = f"<prompt xml:lang='de'>a<s xml:lang='fr'>b{voice}</s>d</prompt>"
    assert heard(inside, attributes="xml:lang='en-GB'") == [
        *(Speech("a", "de"), Speech("b", "fr"), Speech("c", "it", "Anna"), Speech("d", "de"))
    ]
    assert heard("<prompt>a</prompt>", attributes="xml:lang='en-GB'") == [Speech("a", "en-GB")]


def test_the_platforms_language_is_the_last_resort():
    document = document_of("<block>a</block>")
    assert style_at(document.root[0][0], document, "en-US").lang == "en-US"


def test_prosody_is_inherited_by_what_is_in_it():
    inside = "<prosody rate='slow' volume='+10%'>a<prosody rate='fast' pitch='high'>b</prosody></prosody>"
    assert heard(f"<prompt>{inside}<voice gender='male'>c</voice></prompt>") == [
        Speech("a", rate="slow", volume="+10%"),
        Speech("b", rate="fast", volume="+10%", pitch="high"),
        Speech("c", voice="male"),
    ]


# ------------------------------------------------------------------------------------------------ audio


def test_audio_has_its_address_and_what_is_said_instead():
    inside = "Or <break time='1s'/> this<desc>no</desc>"
    hints = "fetchtimeout='1500ms' maxage='60' maxstale='0'"
    assert heard(f"x <audio src='../a.wav' {hints}>{inside}</audio> y") == [
        Speech("x"),
        Audio(
            "http://app.example/a.wav",
            (Speech("Or"), Break(1.0), Speech("this")),
            timeout=1.5,
            max_age=60.0,
            max_stale=0.0,
        ),
        Speech("y"),
    ]


def test_audio_in_audio_is_the_fallback_of_a_fallback():
    assert heard(
        "<audio src='a'>1<audio src='b'>2</audio>3</audio>", attributes="xml:base='http://cdn.example/v/'"
    ) == [Audio("http://cdn.example/v/a", (Speech("1"), Audio("http://cdn.example/v/b", (Speech("2"),)), Speech("3")))]


def test_a_prompt_may_have_a_base_of_its_own():
    assert heard("<prompt xml:base='/sounds/'><audio src='a.wav'/></prompt>") == [
        Audio("http://app.example/sounds/a.wav")
    ]


def test_an_audio_by_expression_is_what_it_comes_to_and_undefined_is_nothing():
    variables = Variables(file="b.wav", recorded="recording:1", nothing=None)
    assert heard("<audio expr='file'>x</audio>", variables) == [Audio("http://app.example/ivr/b.wav", (Speech("x"),))]
    assert heard("<audio expr='recorded'/>", variables) == [Audio("recording:1", body=b"RIFF")]
    assert heard("a <audio expr='nothing'>not said</audio> b", variables) == [Speech("a b")]


def test_an_address_that_is_none_is_left_to_the_fetcher():
    assert heard("<audio src='http://[x'>b</audio>") == [Audio("http://[x", (Speech("b"),))]
    assert heard("<prompt xml:base='http://[x'><audio src='a'/></prompt>")[0].src.endswith("a")


# ------------------------------------------------------------------------------------------------ loops


def test_foreach_says_its_content_for_each_item():
    loop = "<foreach item='c' array='calls'> from <value expr='c'/><break time='1s'/></foreach>"
    inside = f"<prompt>Calls:{loop} done</prompt>"
    assert heard(inside, Variables(calls=["Ada", "Bob"])) == [
        *(Speech("Calls: from Ada"), Break(1.0), Speech("from Bob"), Break(1.0), Speech("done"))
    ]
    assert words(inside, Variables(calls=[])) == ["Calls: done"]


def test_enumerate_tells_the_choices_in_its_words_or_in_none():
    choices = Variables([Choice("sports", "1"), Choice("the weather")])
    assert words("<prompt>Choose: <enumerate/></prompt>", choices) == ["Choose:", "sports, 1.", "the weather."]
    template = "<enumerate>For <value expr='_prompt'/>, press <value expr='_dtmf'/>.<break time='1s'/></enumerate>"
    assert heard(f"<prompt>{template}</prompt>", choices) == [
        *(Speech("For sports, press 1."), Break(1.0), Speech("For the weather, press ."), Break(1.0))
    ]


@pytest.mark.parametrize(
    "inside",
    [
        "<foreach item='a' array='many'/>",
        "<foreach item='a' array='half'><break/></foreach>",
        "<foreach item='a' array='many'>a</foreach>",
        "<foreach item='a' array='many'><break/></foreach>",
        "<foreach item='a' array='some'>" * 50 + "</foreach>" * 50,
        "<foreach item='a' array='some'><value expr='long'/></foreach>",
        "<enumerate/>" * 10_000,
        "<enumerate>" * 50 + "</enumerate>" * 50,
        "<value expr='long * 1000'/>",
    ],
)
def test_a_prompt_ends(inside):
    variables = Variables(
        [Choice("a")] * 50,
        many=range(10**12),
        half=range(prompts.MAX_PARTS // 2 + 1),
        some=range(50),
        long="x" * 10_000,
    )
    with pytest.raises(PromptTooLong):
        heard(f"<prompt>{inside}</prompt>", variables)


def test_what_is_as_long_as_allowed_is_said():
    assert len(heard("<prompt>" + "<break/>" * (prompts.MAX_PARTS - 10) + "</prompt>")) == prompts.MAX_PARTS - 10
    assert len(words("<prompt>" + "x" * prompts.MAX_CHARACTERS + "</prompt>")[0]) == prompts.MAX_CHARACTERS


# ------------------------------------------------------------------------------------------------ which prompts


def texts(inside, count, true=frozenset()):
    document = document_of(f"<field>{inside}</field>")
    field = document.root[0][0]
    chosen = selected([each for each in prompts_in(field) if each.cond is None or each.cond in true], count)
    return [
        piece.text for each in chosen for piece in play_list(each.parts, Variables(), style_at(field, document, ""))
    ]


TAPERED = "<prompt>1</prompt><prompt count='3'>3</prompt><prompt>1b</prompt><prompt count='3' cond='no'>3b</prompt>"


@pytest.mark.parametrize(("count", "said"), [(1, ["1", "1b"]), (2, ["1", "1b"]), (3, ["3"]), (9, ["3"])])
def test_the_highest_count_up_to_the_items_is_played(count, said):
    assert texts(TAPERED, count) == said


def test_a_condition_comes_before_the_count():
    inside = "<prompt>1</prompt><prompt count='2' cond='no'>2</prompt>"
    assert texts(inside, 2) == ["1"]
    assert texts(inside, 2, frozenset({"no"})) == ["2"]
    assert texts("<prompt count='2'>2</prompt>", 1) == []
    assert texts("", 1) == []


def test_bare_text_of_an_item_is_a_prompt_of_count_1():
    inside = "Size <value expr='1'/>? <prompt count='2'>Again?</prompt> <grammar src='a'/> Please."
    assert texts(inside, 1) == ["Size 1?", "Please."]
    assert texts(inside, 2) == ["Again?"]


def test_a_prompt_says_how_it_may_be_cut_short():
    field = document_of(
        "<field><prompt bargein='false' bargeintype='hotword' timeout='2500ms' count='2' cond='x'>a</prompt>b</field>"
    ).root[0][0]
    first, second = prompts_in(field)
    assert (first.bargein, first.bargein_type, first.timeout, first.count, first.cond) == (
        False,
        "hotword",
        2.5,
        2,
        "x",
    )
    assert (second.bargein, second.bargein_type, second.timeout, second.count, second.cond) == (
        None,
        None,
        None,
        1,
        None,
    )
    assert prompt_of(field[0]) == first


def test_an_audio_in_executable_content_is_a_prompt_of_its_own():
    block = document_of("<block><audio src='a'/></block>").root[0][0]
    assert prompt_of(block[0]).parts == (block[0],)
