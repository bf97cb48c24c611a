"""A start document that is refused hears of it itself, as nobody has led to it who could (VoiceXML 2.0, 5.2.6)."""

from __future__ import annotations

import pytest

from services.dialer.vxml.jumps import Ending
from tests.support.scripted_callee import call, vxml

BOTH = "<block><goto next='#a' nextitem='b'/></block>"
CAUGHT = "<catch event='error.badfetch'><exit expr='_event'/></catch>"


@pytest.mark.parametrize(
    "content",
    [
        f"{CAUGHT}<form>{BOTH}</form>",
        f"<form>{CAUGHT}{BOTH}</form>",
        f"{CAUGHT}<form><field name='f'><filled mode='any'/></field></form>",
        f"{CAUGHT}<form><block name='b'/><block name='b'/></form>",
        f"{CAUGHT}<form><block><foreach item='i'/></block></form>",
        f"{CAUGHT}<form id='a'/><menu id='a'><choice event='e'>e</choice></menu>",
        f"{CAUGHT}<menu dtmf='true'><choice event='e' dtmf='1'>e</choice></menu>",
        f"<form/><form>{CAUGHT}{BOTH}</form>",
        f"<form/><form><subdialog name='s' src='#a' srcexpr='b'>{CAUGHT}</subdialog></form>",
        f"<form>{CAUGHT}</form><form><subdialog name='s' src='#a'><param name='p'/></subdialog></form>",
        f"<form>{CAUGHT}</form><link/>",
    ],
)
async def test_what_there_is_too_much_or_too_little_of_is_caught_where_it_stands_or_in_the_first_dialog(content):
    ending = (await call({"start": vxml(content)})).ending
    assert (ending.how, ending.value) == ("exit", "error.badfetch")
    assert (ending.event, ending.message[:7]) == ("error.badfetch", "line 1:")  # which is told, as it was never run


async def test_who_catches_it_may_lead_to_another_document_and_to_none_of_its_own_dialogs():
    for target, ending in (("next", Ending("exit", 1)), ("#a", None)):
        start = f"<catch event='error'><goto next='{target}'/></catch><form id='a'>{BOTH}</form>"
        done = await call({"start": vxml(start), "next": vxml("<form><block><exit expr='1'/></block></form>")})
        assert (
            (done.ending == ending) if ending else (done.ending.how, done.ending.event) == ("error", "error.badfetch")
        )


@pytest.mark.parametrize(
    "handler", ["<catch event='error.semantic'><exit/></catch>", "<catch event='error'>Oh.</catch>"]
)
async def test_a_document_that_is_refused_is_not_run_whoever_caught_it(handler):
    done = await call({"start": vxml(f"{handler}<form>{BOTH}<block>Not said.</block></form>")})
    assert (done.ending.how, done.ending.event) == ("error", "error.badfetch")
    assert "Not said." not in done.line.played


@pytest.mark.parametrize("wrong", ["<block><nothing/></block>", "<block><prompt count='x'/></block>"])
async def test_a_document_that_is_none_catches_nothing(wrong):
    done = await call({"start": vxml(f"{CAUGHT}<form>{wrong}</form>")})
    assert (done.ending.how, done.ending.event) == ("error", "error.badfetch")


async def test_who_leads_to_such_a_document_catches_it():
    pages = {
        "start": vxml("<form><block><goto next='next'/></block><catch><exit expr=\"'caller'\"/></catch></form>"),
        "next": vxml(f"{CAUGHT}<form>{BOTH}</form>"),
    }
    assert (await call(pages)).ending.value == "caller"


@pytest.mark.parametrize(
    ("root", "event"),
    [
        ({}, "error.badfetch.http.404"),
        ({"root": vxml(f"<form>{BOTH}</form>")}, "error.badfetch"),
        ({"root": vxml("<var name='n'/>", "application='other'")}, "error.semantic"),
    ],
)
async def test_a_start_document_catches_what_is_wrong_with_its_root(root, event):
    start = vxml("<catch><exit expr='_event'/></catch><form><block>Not said.</block></form>", "application='root'")
    done = await call({"start": start, **root})
    assert (done.ending.how, done.ending.value, done.ending.event, done.line.played) == ("exit", event, event, [])
