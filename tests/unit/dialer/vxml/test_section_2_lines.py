"""Recording, transferring and hanging up by the sentences of VoiceXML 2.0 sections 2.3.6, 2.3.7 and 5.3.11."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from services.dialer.vxml.interpreter import interpret
from services.dialer.vxml.jumps import Ending
from services.dialer.vxml.ports import HungUp, Input, Played, Recording
from services.dialer.vxml.prompts import Piece
from services.dialer.vxml.quickjs_engine import QuickJs
from tests.support.scripted_callee import SITE, Line, Site, call, vxml


async def run(content: str, script=(), **line):
    return await call({"start": vxml(content)}, script, **line)


def keys(written: str) -> str:
    return f'<grammar mode="dtmf" root="r" version="1.0"><rule id="r">{written}</rule></grammar>'


class Hasty(Line):
    """Cuts short whatever may be, with the first of the script."""

    async def play(self, pieces: Sequence[Piece], *, bargein: bool) -> Played:
        played = await super().play(pieces, bargein=bargein)
        if not bargein or not self.script:
            return played
        said = self.script.pop(0)
        return Played(Input(said) if len(said) == 1 else Input(said.strip("[]"), "voice"))


async def run_hastily(content: str, script, **line):
    phone = Hasty(script=script, **line)
    ending = await interpret(SITE + "start", fetcher=Site({"start": vxml(content)}), platform=phone, engine=QuickJs())
    return ending.value, phone


# ---------------------------------------------------------------------------------- 2.3.6 record

RECORD = """<form><record name="r" {attributes}>{grammars}
    <filled><exit expr="[r$.termchar, r$.utterance, lastresult$ ? lastresult$.utterance : 'nothing heard']"/>
    </filled></record><link event="away">{link}</link>
    <catch event="away"><exit expr="['away', typeof r]"/></catch></form>"""


@pytest.mark.parametrize(
    ("attributes", "script", "value"),
    [
        ("", ["7", "1", "2"], ["#", None, "nothing heard"]),
        ("", ["1", "2"], ["12", "12", "12"]),
        ("dtmfterm='false'", ["7", "1", "2"], [None, "12", "12"]),
        ("modal='false'", ["9"], ["away", "undefined"]),
        ("modal='true' dtmfterm='false'", ["9", "1", "2"], [None, "12", "12"]),
    ],
)
async def test_2_3_6_keys_end_a_recording_by_its_grammars_and_others_unless_it_is_modal(attributes, script, value):
    content = RECORD.format(attributes=attributes, grammars=keys("1 2"), link=keys("9"))
    done = await run(content, script, recordings=[Recording(b"RIFF", 1.0, term_char="#")])
    assert done.ending.value == value


async def test_2_3_6_a_recording_that_nothing_ended_by_key_has_no_termchar():
    done = await run(
        """<form><record name="r"/><block><exit expr="[typeof r$.termchar, r$.maxtime, r$.duration, r$.size]"/></block>
        </form>""",
        recordings=[Recording(b"RIFF", 1.5, max_time=True)],
    )
    assert done.ending.value == ["undefined", True, 1500, 4]


async def test_2_3_6_where_no_audio_was_collected_the_variable_is_not_filled():
    done = await run(
        "<form><record name='r'><prompt>Speak.</prompt><filled><exit expr='r$.size'/></filled></record></form>",
        recordings=[Recording(b"", 0.0, term_char="#"), Recording(b"RIFF", 1.0)],
    )
    assert done.ending.value == 4
    assert done.line.played == ["Speak.", "Speak."]


@pytest.mark.parametrize(
    ("attributes", "said", "played"),
    [
        ("", "7", ["Speak.", "Go on."]),
        ("dtmfterm='false'", "7", ["Speak."]),
        ("dtmfterm='false'", "5", ["Speak.", "Go on."]),
        ("", "[hello]", ["Speak."]),
        ("modal='false'", "9", ["Speak.", "Away."]),
    ],
)
async def test_2_3_6_a_key_that_cuts_the_prompt_short_ends_the_recording_before_it(attributes, said, played):
    _, line = await run_hastily(
        f"""<link event="away">{keys("9")}</link><catch event="away"><prompt bargein="false">Away.</prompt><exit/>
        </catch><form><record name="r" {attributes}>{keys("5")}<prompt>Speak.</prompt>
        <prompt count="2" bargein="false">Go on.</prompt></record></form>""",
        [said],
        recordings=[Recording(b"RIFF", 1.0)],
    )
    assert line.played == played


async def test_2_3_6_a_recording_is_played_and_is_there_after_the_callee_has_hung_up():
    content = """<form><record name="r"/><block><prompt>You said <audio expr="r"/></prompt></block></form>"""
    assert (await run(content, recordings=[Recording(b"RIFF", 1.0)])).line.played == ["You said", "<recording:1>"]
    content = """<form><record name="r"/><catch event="connection.disconnect.hangup">
        <submit next="save" method="post" enctype="multipart/form-data" namelist="r"/></catch></form>"""
    pages = {"start": vxml(content), "save": vxml("<form><block><exit/></block></form>")}
    done = await call(pages, recordings=[Recording(b"RIFF", 1.0, hung_up=True)])
    assert done.site.requests[-1].fields == (("r", b"RIFF"),)


# ---------------------------------------------------------------------------------- 2.3.7 transfer

TRANSFER = f"""<form><transfer name="t" dest="tel:100" {{type}} transferaudio="ring.wav">{keys("* 0")}
    <filled><exit expr="[t, t$.duration, typeof t$.utterance, t$.inputmode]"/></filled></transfer></form>"""


@pytest.mark.parametrize(
    ("type_", "script", "value"),
    [
        ("bridge='true'", ["5", "*", "0"], ["near_end_disconnect", 2, "string", "dtmf"]),
        ("type='bridge'", ["5"], ["busy", 1, "undefined", None]),
        ("type='blind'", ["*", "0"], ["busy", 1, "undefined", None]),
        ("type='consultation'", ["*", "0"], ["busy", 1, "undefined", None]),
    ],
)
async def test_2_3_7_the_grammars_of_a_bridge_end_it_and_no_other_transfer_hears_any(type_, script, value):
    done = await run(TRANSFER.format(type=type_), script, transfers=["busy"])
    assert done.ending.value == value
    assert done.line.transferred[0].audio == f"{SITE}ring.wav"


@pytest.mark.parametrize(
    ("type_", "script", "value", "calls"),
    [
        ("bridge", ["*"], ["near_end_disconnect", 0, "*", "*"], 0),
        ("bridge", ["5"], ["busy", 1, None, None], 1),
        ("blind", ["*"], ["near_end_disconnect", 0, "*", "*"], 0),
        ("blind", ["5", "*"], ["busy", 1, None, None], 1),
    ],
)
async def test_2_3_7_a_transfer_is_called_off_by_what_cuts_its_prompt_short(type_, script, value, calls):
    held, line = await run_hastily(
        f"""<form><transfer name="t" dest="tel:100" type="{type_}">{keys("*")}<prompt>Press star to cancel.</prompt>
        <filled><exit expr="[t, t$.duration, t$.utterance, lastresult$ ? lastresult$.utterance : null]"/></filled>
        </transfer></form>""",
        script,
        transfers=["busy"],
    )
    assert (held, len(line.transferred)) == (value, calls)


async def test_1_5_4_after_a_transfer_that_hung_up_nobody_is_asked_anything():
    done = await run(
        f"""<form><transfer name="t" dest="tel:100" bridge="true"/><catch event="connection.disconnect">
        <goto next="#after"/></catch></form><form id="after"><field name="f">{keys("1")}</field></form>""",
        ["1"],
        transfers=["connection.disconnect.hangup"],
    )
    assert done.ending == Ending("hangup")


class Leaving(Line):
    """Is gone with the first prompt."""

    async def play(self, _pieces: Sequence[Piece], **_bargein: bool) -> Played:
        raise HungUp


async def run_leaving(content, script=()):
    site = Site({"start": vxml(content)})
    phone = Leaving(script=list(script))
    return (await interpret(SITE + "start", fetcher=site, platform=phone, engine=QuickJs())).value


async def test_5_3_11_a_callee_who_goes_while_he_is_said_good_bye_to_is_an_event():
    content = """<form><block>Good bye.<disconnect/></block>
        <catch event="connection.disconnect.hangup"><exit expr="'told'"/></catch></form>"""
    assert await run_leaving(content) == "told"


@pytest.mark.parametrize("item", ["field name='g' type='digits'", "record name='g'", "transfer name='g' dest='tel:1'"])
async def test_5_1_5_what_was_heard_before_is_forgotten_when_the_next_prompts_are_played(item):
    content = f"""<form><field name="f">{keys("1")}</field><{item}><prompt>And now?</prompt></{item.split()[0]}>
        <catch event="connection.disconnect.hangup"><exit expr="typeof lastresult$"/></catch></form>"""
    assert await run_leaving(content, ["1"]) == "undefined"
