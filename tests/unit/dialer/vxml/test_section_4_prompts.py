"""Which prompts are heard, in what order and with which timing, by the sentences of VoiceXML 2.0 section 4."""

from __future__ import annotations

import pytest

from services.dialer.vxml.interpreter import interpret
from services.dialer.vxml.prompts import Audio
from services.dialer.vxml.quickjs_engine import QuickJs
from tests.support.scripted_callee import SILENCE, SITE, Line, Site, call, vxml

KEY = '<grammar mode="dtmf" root="r" version="1.0"><rule id="r">1</rule></grammar>'


async def run(content: str, script=(), attributes="", **pages):
    return await call({"start": vxml(content, attributes), **pages}, script)


async def test_4_1_2_texts_values_and_audio_beside_each_other_are_one_prompt():
    done = await run(
        "<form><var name='n' expr='3'/><block>You have <value expr='n'/> new <log/>messages.</block></form>"
    )
    assert done.line.played == ["You have 3 new", "messages."]


@pytest.mark.parametrize(
    ("lang", "is_one"),
    [
        *[("en", True), ("en-US", True), ("EN-gb", True), ("cmn", True), ("sr-Latn-RS", True), ("de-1996", True)],
        *[("en_US", False), ("xx", False), ("english", False), ("x-mine", False), ("en-", False), ("e", False)],
    ],
)
@pytest.mark.parametrize(
    "prompt", ["<prompt xml:lang='{}'>Well.</prompt>", "<prompt><p>a</p><voice xml:lang='{}'>Well.</voice></prompt>"]
)
async def test_5_2_6_what_is_no_language_is_an_error_where_it_is_to_be_spoken(prompt, lang, is_one):
    event = (await run(f"<catch><exit expr='_event'/></catch><form><block>{prompt.format(lang)}</block></form>")).ending
    assert event.value == (None if is_one else "error.unsupported.language")


@pytest.mark.parametrize(
    ("bare", "prompt", "waited"),
    [
        ("", '<prompt timeout="9s">Well?</prompt>', [9]),
        ('<prompt timeout="9s">First.</prompt>', "<prompt>Well?</prompt>", [4]),
        ('<prompt timeout="9s">First.</prompt>', "", [9]),
    ],
)
async def test_4_1_7_the_timeout_is_that_of_the_last_prompt_that_was_queued(bare, prompt, waited):
    done = await run(
        f"""<property name="timeout" value="4s"/><form><block>{bare}</block><field name="f">{prompt}{KEY}
        <filled><exit/></filled></field></form>""",
        ["1"],
    )
    assert done.line.waited == waited


async def test_4_1_7_the_property_for_a_prompt_without_a_timeout_is_that_of_where_it_was_queued():
    prompt, own = "<prompt>?</prompt>", '<property name="timeout" value="9s"/>'
    for queued, asked, waited in ((prompt, "", 3), (prompt, prompt, 9), ("", "", 9)):
        done = await run(
            f"""<form><property name="timeout" value="3s"/><block>{queued}</block>
            <field name="f">{own}{asked}{KEY}<filled><exit/></filled></field></form>""",
            ["1"],
        )
        assert done.line.waited == [waited]


async def test_4_1_7_a_handler_s_prompt_sets_the_timeout_of_what_is_asked_next():
    done = await run(
        f"""<form><field name="f"><prompt timeout="8s">?</prompt>{KEY}
        <noinput><prompt timeout="2s">Well?</prompt></noinput><filled><exit/></filled></field></form>""",
        [SILENCE, "1"],
    )
    assert done.line.waited == [8, 2]


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ("help", ["There is no help here.", "?"]),
        ("nomatch", ["I did not understand that.", "?"]),
        ("maxspeechtimeout", ["That was too long.", "?"]),
        ("noinput", ["?"]),
        ("cancel", []),
        ("error.mine", ["Something went wrong. Good bye."]),
        ("mine", ["Something went wrong. Good bye."]),
        ("exit", []),
        ("connection.disconnect.mine", []),
    ],
)
@pytest.mark.parametrize("lang", ["", "en-GB", "de"])
async def test_5_2_5_the_platform_says_in_english_what_its_table_wants_said(event, words, lang):
    done = await run(
        f"""<form><block><throw event="{event}"/></block><field name="f"><prompt>?</prompt>{KEY}
        <filled><exit/></filled></field></form>""",
        ["1"],
        f"xml:lang='{lang}'" if lang else "",
    )
    assert done.line.played == (words if lang != "de" else [each for each in words if each == "?"])


@pytest.mark.parametrize(
    ("properties", "prompt", "events"),
    [
        ("", "<prompt bargeintype='hotword'>?</prompt>", ["noinput"]),
        ("<property name='bargeintype' value='hotword'/>", "<prompt>?</prompt>", ["noinput"]),
        ("<property name='bargeintype' value='hotword'/>", "", ["noinput"]),
        ("<property name='bargeintype' value='hotword'/>", "<prompt bargeintype='speech'>?</prompt>", ["nomatch"]),
        ("", "<prompt bargein='false' bargeintype='hotword'>?</prompt>", ["nomatch"]),
        ("", "<prompt>?</prompt>", ["nomatch"]),
    ],
)
async def test_4_1_5_what_matches_nothing_is_ignored_where_a_hotword_is_waited_for(properties, prompt, events):
    done = await run(
        f"""{properties}<form><var name="seen" expr="[]"/><field name="f"><prompt>.</prompt>{prompt}{KEY}
        <catch event="nomatch noinput"><assign name="seen" expr="seen.concat(_event)"/></catch>
        <filled><exit expr="seen"/></filled></field></form>""",
        ["2", SILENCE, *([SILENCE] if events == ["noinput"] else []), "1"],
    )
    assert done.ending.value == events


async def test_5_3_6_a_reprompt_before_an_event_is_that_of_the_handler_that_ended():
    done = await run(
        f"""<form><field name="f"><prompt>?</prompt>{KEY}<noinput><reprompt/><throw event="mine"/></noinput>
        <catch event="mine">Mine.</catch><filled><exit/></filled></field></form>""",
        [SILENCE, "1"],
    )
    assert done.line.played == ["?", "Mine."]


async def test_6_3_5_audio_is_fetched_by_the_properties_where_it_has_no_hints():
    heard: list[Audio] = []

    class Hearing(Line):
        async def play(self, pieces, *, bargein):
            heard.extend(pieces)
            return await super().play(pieces, bargein=bargein)

    content = """<property name="audiomaxage" value="60"/><property name="fetchtimeout" value="3s"/><form><block>
        <audio src="a.wav"><audio src="b.wav" maxage="1"/></audio></block></form>"""
    site = Site({"start": vxml(content)})
    await interpret(SITE + "start", fetcher=site, platform=Hearing(), engine=QuickJs())
    (audio,) = heard
    assert (audio.max_age, audio.timeout, audio.fallback[0].max_age, audio.fallback[0].timeout) == (60, 3, 1, 3)


@pytest.mark.parametrize(
    ("properties", "goto", "order"),
    [
        ("", 'fetchaudio="m.wav"', ["start", "Please wait.", "next"]),
        ('<property name="fetchaudio" value="m.wav"/>', "", ["start", "Please wait.", "next"]),
        ("", "", ["start", "next", "Please wait."]),
    ],
)
async def test_4_1_8_what_waits_is_played_before_a_fetch_with_audio(properties, goto, order):
    happened: list[str] = []

    class Hearing(Line):
        async def play(self, pieces, *, bargein):
            happened.extend(piece.text for piece in pieces)
            return await super().play(pieces, bargein=bargein)

    class Fetched(Site):
        async def fetch(self, request):
            happened.append(request.url.removeprefix(SITE))
            return await super().fetch(request)

    content = f"""{properties}<form><block>Please wait.<goto next="next" {goto}/></block></form>"""
    site = Fetched({"start": vxml(content), "next": vxml("<form><block/></form>")})
    await interpret(SITE + "start", fetcher=site, platform=Hearing(), engine=QuickJs())
    assert happened == order
