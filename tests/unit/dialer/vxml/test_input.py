"""When an input is complete: VoiceXML 2.0 sections 3.1.4 and 6.3.3, appendix D."""

from __future__ import annotations

import pytest

from tests.support.scripted_callee import SILENCE, call, vxml

FIELD = """<form>{properties}<field name="a"><prompt timeout="9s">?</prompt>
    <grammar mode="dtmf" src="builtin:dtmf/digits?{digits}"/>
    <nomatch><exit expr="'nomatch'"/></nomatch><noinput><exit expr="'noinput'"/></noinput>
    <filled><exit expr="a"/></filled></field></form>"""


@pytest.mark.parametrize(
    ("parameters", "properties", "script", "value", "waited"),
    [
        ("length=2", "", ["1", "2"], "12", [9, 3]),
        ("length=2", "", ["1", SILENCE], "nomatch", [9, 3]),
        ("length=2", "", ["1", "#"], "nomatch", [9, 3]),
        ("minlength=1;maxlength=4", "", ["1", "2", "#"], "12", [9, 3, 3]),
        ("minlength=1;maxlength=4", "", ["1", "2", SILENCE], "12", [9, 3, 3]),
        ("minlength=1;maxlength=2", "", ["1", "2"], "12", [9, 3]),
        ("length=2", "", ["*", "1", SILENCE], "nomatch", [9, 3, 3]),
        ("length=2", "", ["#"], "nomatch", [9]),
        ("length=1", "", [SILENCE], "noinput", [9]),
        ("length=1", '<property name="inputmodes" value="voice"/>', ["1", SILENCE], "noinput", [9, 9]),
        ("length=1", '<property name="termtimeout" value="2s"/>', ["1", "#"], "1", [9, 2]),
        ("length=1", '<property name="termtimeout" value="2s"/>', ["1", SILENCE], "1", [9, 2]),
        ("length=1", '<property name="termtimeout" value="2s"/>', ["1", "2", "#"], "nomatch", [9, 2, 3]),
        ("length=1", '<property name="termtimeout" value="2s"/>', ["1", "2", SILENCE], "nomatch", [9, 2, 3]),
        ("minlength=1", '<property name="interdigittimeout" value="800ms"/>', ["1", SILENCE], "1", [9, 0.8]),
        ("minlength=1", '<property name="termchar" value="*"/>', ["1", "*"], "1", [9, 3]),
        ("minlength=1", '<property name="termchar" value=""/>', ["1", "#", SILENCE], "nomatch", [9, 3, 3]),
    ],
)
async def test_keys_are_taken_until_the_input_is_complete(parameters, properties, script, value, waited):
    done = await call({"start": vxml(FIELD.format(digits=parameters, properties=properties))}, script)
    assert done.ending.value == value
    assert done.line.waited == waited


async def test_a_terminating_key_that_a_grammar_waits_for_is_a_key():
    done = await call(
        {
            "start": vxml("""<form><field name="a"><option dtmf="#" value="hash">hash</option></field>
            <block><exit expr="a"/></block></form>""")
        },
        ["#"],
    )
    assert done.ending.value == "hash"


async def test_prompts_wait_until_the_callee_is_listened_to_and_keep_their_bargein():
    done = await call(
        {
            "start": vxml("""<form><block>One.<prompt bargein="false">Two.</prompt></block><block>Three.</block>
            <field name="a" type="digits?length=1"><prompt>Four?</prompt></field></form>""")
        },
        ["1"],
    )
    assert done.line.played == ["One.", "Two.", "Three.", "Four?"]
    assert done.line.bargeins == [True, False, True]


@pytest.mark.parametrize(
    ("markup", "event"),
    [
        ('<grammar mode="dtmf" src="gone.grxml"/>', "error.badfetch.http.404"),
        ('<grammar mode="dtmf" src="builtin:dtmf/colour"/>', "error.unsupported.builtin"),
        ('<grammar mode="dtmf" root="none" version="1.0"><rule id="r">1</rule></grammar>', "error.badfetch"),
    ],
)
async def test_a_grammar_that_cannot_be_used_is_an_error_of_its_field(markup, event):
    done = await call(
        {
            "start": vxml(
                f"<form><field name='a'>{markup}<catch event='error'><exit expr='_event'/></catch></field></form>"
            )
        }
    )
    assert done.ending.value == event
