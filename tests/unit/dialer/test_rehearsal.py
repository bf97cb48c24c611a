"""What another program may want of an application: to be played up to a question, or checked; never too much of it."""

from __future__ import annotations

import io
import json
import sys

import pytest

from services.dialer.rehearsal import __main__ as rehearsal
from services.dialer.rehearsal.__main__ import Wanted, check, play
from services.dialer.rehearsal.rehearse import settings_without_secrets
from services.dialer.settings import DialerSettings
from tests.support.scripted_callee import vxml

URL = "http://document.invalid/start.vxml"
MENU = """
<menu><prompt>Press one or two.</prompt><choice dtmf="1" next="#code">yes</choice>
<choice dtmf="2" next="#no">no</choice></menu>
<form id="no"><block><exit expr="'no'"/></block></form>
<form id="code"><field name="code" type="digits?length=4"><prompt>Key in your code.</prompt></field>
<filled><exit namelist="code"/></filled></form>"""
WORDS = """<form><field name="answer"><prompt>Well?</prompt><option>yes</option><filled><exit expr="answer"/></filled>
</field><noinput>Hello?<reprompt/></noinput></form>"""


async def played(content, digits="", **more):
    answer = await play(Wanted(do="play", url=URL, document=vxml(content), digits=digits, **more))
    return answer, [(each["kind"], each.get("text", each.get("value"))) for each in answer["happenings"]]


async def test_a_question_that_nobody_answers_waits():
    answer, told = await played(MENU)
    assert told == [("fetched", None), ("said", "Press one or two.")]
    assert (answer["waits"], answer["cut"]) == (True, False)


async def test_keys_that_are_added_go_on_from_there():
    before, _ = await played(MENU)
    longer, told = await played(MENU, "1")
    assert longer["waits"]
    assert longer["happenings"][: len(before["happenings"])] == before["happenings"]
    assert told[2:] == [("key", "1"), ("said", "Key in your code.")]
    whole, told = await played(MENU, "1,1234")
    assert not whole["waits"]
    assert told[-1] == ("ended", {"code": "1234"})
    assert [each["at"] for each in whole["happenings"]] == sorted(each["at"] for each in whole["happenings"])


async def test_words_silence_and_hanging_up_are_answers_too():
    _, told = await played(WORDS, '-,"yes"')
    assert ("said", "Hello?") in told
    assert told[-2:] == [("words", "yes"), ("ended", "yes")]
    answer, _ = await played(WORDS, "hangup")
    assert answer["happenings"][-1] | {"at": 0} == {
        "at": 0, "kind": "ended", "how": "hangup", "value": None, "message": "",
        "event": "connection.disconnect.hangup",
    }  # fmt: skip


async def test_who_answers_is_told_to_the_application():
    content = '<form><block><exit expr="session.connection.callee_type"/></block></form>'
    found = {callee: (await played(content, callee=callee))[1][-1][1] for callee in ("person", "machine", "fax")}
    assert found == {"person": "voice", "machine": "answeringmachine", "fax": "fax"}


@pytest.mark.parametrize("name", ["protocol.name", "protocol.version", "redirect", "aai"])
async def test_what_nobody_knows_of_a_connection_is_undefined_and_no_error(name):
    content = f'<form><block><exit expr="typeof session.connection.{name}"/></block></form>'
    assert (await played(content))[1][-1] == ("ended", "undefined")


async def test_digits_that_are_none_are_refused_by_their_field():
    answer = await play(Wanted(do="play", url=URL, document=vxml(MENU), digits="1,nonsense"))
    assert answer["refused"] == "digits"
    assert "Turn 2, nonsense," in answer["detail"]


async def test_what_is_at_the_address_of_a_sent_document_is_that_document():
    again = '<form><block><goto next="start.vxml#there"/></block></form><form id="there"><block>Here.</block></form>'
    _, told = await played(again)
    assert told == [("fetched", None), ("fetched", None), ("said", "Here."), ("ended", None)]


async def test_a_sent_document_is_text_whatever_encoding_it_says_to_have():
    declared = '<?xml version="1.0" encoding="ISO-8859-1"?>' + vxml("<form><block>Grüße</block></form>")
    answer = await play(Wanted(do="play", url=URL, document=declared))
    assert answer["happenings"][1]["text"] == "Grüße"
    assert (await check(Wanted(do="check", url=URL, document=declared)))["runs"]


@pytest.mark.parametrize("reference", ["file:///etc/hostname", "file://localhost/etc/hostname", "FILE:/etc/hostname"])
async def test_no_file_is_read(reference):
    for content in (
        f'<form><block><goto next="{reference}"/></block></form>',
        f'<var name="read"/><form><block><data name="read" src="{reference}"/></block></form>',
        f'<form><block><submit next="{reference}"/></block></form>',
    ):
        answer, told = await played(content)
        assert told[0] == ("fetched", None)
        assert "fetched" not in [kind for kind, _ in told[1:]]
        ended = answer["happenings"][-1]
        assert (ended["kind"], ended["how"]) == ("ended", "error")
    with pytest.raises(ValueError, match="pattern"):
        Wanted(do="play", url=reference)


async def test_what_never_ends_is_told_in_part_and_its_end_always():
    talks = '<var name="n" expr="0"/><form id="a"><block>{}<log>on</log><goto next="#a"/></block></form>'
    answer, _ = await played(talks.format(""))
    assert answer["cut"]
    assert not answer["waits"]
    assert len(answer["happenings"]) == 2_001
    assert answer["happenings"][-1]["how"] == "limit"
    answer, _ = await played(talks.format("<log>" + "x" * 30_000 + "</log>"))
    assert answer["cut"]
    assert answer["happenings"][-1]["how"] == "limit"
    assert len(json.dumps(answer)) < 1 << 21


async def test_a_script_that_never_ends_is_ended():
    answer, _ = await played("<script>while (true) {}</script><form><block/></form>")
    assert answer["happenings"][-1]["how"] in {"error", "limit"}


async def test_faults_are_told_by_line():
    answer = await check(Wanted(do="check", url=URL, document=vxml("<form>\n<block>\n<goto/>\n</block></form>")))
    ((fault,), runs) = answer["faults"], answer["runs"]
    assert not runs
    assert (fault["line"], fault["event"], fault["refuses"]) == (3, "error.badfetch", True)
    assert fault["detail"].startswith("<goto> needs exactly one of")
    assert await check(Wanted(do="check", url=URL, document=vxml(MENU))) == {"faults": [], "runs": True}


async def test_faults_that_refuse_nothing_leave_a_document_that_runs():
    answer = await check(Wanted(do="check", url=URL, document=vxml('<form><block><goto next="#no"/></block></form>')))
    assert [fault["refuses"] for fault in answer["faults"]] == [False]
    assert answer["runs"]


async def test_what_is_no_document_is_a_fault_and_no_failure():
    for document in ("", "nonsense", "<html/>", "<vxml"):
        answer = await check(Wanted(do="check", url=URL, document=document))
        assert answer["faults"]
        assert not answer["runs"]


def test_no_password_is_read_where_the_house_has_them_in_files(tmp_path, monkeypatch):
    (tmp_path / "database_url").write_text("postgresql://user:secret@host/name")
    monkeypatch.setitem(DialerSettings.model_config, "secrets_dir", tmp_path)
    assert "secret" in DialerSettings().database_address
    assert settings_without_secrets().database_address == ""


def test_one_object_comes_in_and_one_goes_out(monkeypatch):
    wanted = Wanted(do="play", url=URL, document=vxml(MENU), digits="2")
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(wanted.model_dump_json().encode())))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, write_through=True))
    assert rehearsal.main() == 0
    answer = json.loads(out.getvalue())
    assert answer["happenings"][-1]["value"] == "no"
