"""Who answers a simulated call: scripts as people write them, and people as a seed makes them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from services.dialer.carriers.callee import Callee
from services.dialer.carriers.callee_script import Rehearsed, Script, ScriptFault, Turn, read_script, read_turn
from services.dialer.carriers.fates import MAGIC, fate_of
from services.dialer.carriers.playing_time import seconds_of
from services.dialer.carriers.port import Order
from services.dialer.carriers.simulated import SimulatedCarrier
from services.dialer.vxml.interpreter import interpret
from services.dialer.vxml.ports import Input, RecordRequest, TransferRequest
from services.dialer.vxml.prompts import Audio, Break, Mark, Speech
from services.dialer.vxml.quickjs_engine import QuickJs
from shared.clock import VirtualClock
from tests.support.scripted_callee import SITE, Site, vxml

NOW = datetime(2022, 1, 3, 13, tzinfo=UTC)
RECORDING = RecordRequest(beep=False, max_time=60, final_silence=3, timeout=5, dtmf_term=True, type="audio/x-wav")


def callee(written, **more):
    return Callee(Rehearsed(read_script(written)), **more)


def test_a_script_is_turns_between_commas_or_blanks():
    assert read_script('1, 1234# -,"yes  please" !"no" !*, hangup hangup@2.5 busy ,connected') == Script(
        (
            Turn("1"),
            Turn("1234#"),
            Turn(),
            Turn(words="yes please"),
            Turn(words="no", cuts_in=True),
            Turn("*", cuts_in=True),
            Turn(hangs_up=True),
            Turn(hangs_up=True, seconds=2.5),
        ),
        ("busy", "connected"),
    )
    assert read_script(" ") == Script(())
    assert (read_turn(""), read_turn(" 12 ")) == (Turn(), Turn("12"))


@pytest.mark.parametrize(
    ("written", "told"),
    [("1,2,yes", "Turn 3, yes, is nothing"), ('1 "yes', 'Turn 2, "yes, is nothing'), ('""', 'Turn 1, "", is nothing'),
     ("1,!", "Turn 2, !, is nothing"), ("hangup@soon", "Turn 1, hangup@soon, is nothing"),
     ("e", "Turn 1, e, is nothing")],
)  # fmt: skip
def test_what_is_no_turn_is_named(written, told):
    with pytest.raises(ScriptFault) as fault:
        read_script(written)
    assert told in str(fault.value)


def test_an_answer_is_over_when_a_pause_follows_it():
    one = callee("12,3")
    asked = [one.is_asked(5).heard, one.is_asked(3).heard, one.is_asked(3).heard, one.is_asked(5).heard]
    assert asked == [Input("1"), Input("2"), None, Input("3")]


def test_who_has_nothing_left_to_do_hangs_up_when_he_is_asked_and_not_before():
    one = callee("")
    assert not one.hears(60, bargein=True).hangs_up
    assert one.is_asked(5).hangs_up


def test_somebody_hangs_up_at_a_second_of_a_prompt():
    one = callee("1,hangup@2")
    assert not one.hears(10, bargein=True).hangs_up
    assert one.is_asked(5).heard == Input("1")
    left = one.hears(10, bargein=False)
    assert (left.seconds, left.hangs_up) == (2, True)


def test_who_hangs_up_later_than_a_prompt_lasts_does_so_in_the_next_one():
    one = callee("hangup@5")
    assert [one.hears(3, bargein=False).hangs_up, one.hears(3, bargein=False).hangs_up] == [False, True]


def test_patience_has_an_end_whatever_was_planned():
    one = callee("-,1", patience=7)
    assert one.is_asked(5).heard is None
    left = one.is_asked(5)
    assert (left.heard, left.hangs_up) == (Input("1"), False)
    assert one.hears(5, bargein=True).hangs_up


def test_who_hangs_up_while_he_is_recorded_has_said_something():
    reaction, message = callee("hangup@3").speaks(RECORDING)
    assert (reaction.hangs_up, message.seconds) == (True, 3)


def test_a_blind_transfer_uses_up_no_far_end_of_the_script():
    one = callee("busy")
    blind, bridge = (TransferRequest("tel:1", kind, 30, 0) for kind in ("blind", "bridge"))
    assert one.is_transferred(blind)[1].result == "connection.disconnect.transfer"
    assert [one.is_transferred(bridge)[1].result for _ in "12"] == ["busy", "far_end_disconnect"]


def test_what_is_played_lasts():
    assert seconds_of([Speech("x" * 100), Break(2.5), Mark("here")]) == pytest.approx(8.5)
    assert seconds_of([Speech("Hi")]) < seconds_of([Audio("http://x/a.wav")])


def people(seed, count=3000):
    orders = [Order(f"1-1-{n}", NOW, f"+1646555{n:04}", message_reference=f"r{n}") for n in range(count)]
    return [fate_of(each, seed=seed) for each in orders]


def test_people_are_drawn_from_a_seed():
    fates = people(1)
    assert fates == people(1) != people(2)
    first = Counter(
        fate.script.turns[0].keys or ("leaves" if fate.script.turns[0].hangs_up else "silent")
        for fate in fates
        if fate.cause is None and fate.callee_type == "voice"
    )
    whole = sum(first.values())
    assert first["1"] > whole / 2
    assert all(first[what] > whole / 50 for what in ("2", "9", "leaves", "silent"))
    assert any(turn.cuts_in for fate in fates for turn in fate.script.turns)
    assert {far for fate in fates for far in fate.script.transfers} == {"connected", "busy", "noanswer"}


def test_a_machine_presses_nothing():
    assert {fate.script.turns for fate in people(1) if fate.callee_type != "voice"} == {(Turn(),)}


MENU = vxml(
    """<menu><prompt>Press one to confirm, two to cancel.</prompt>
      <choice dtmf="1" next="#yes">confirm</choice><choice dtmf="2" next="#no">cancel</choice>
      <noinput count="3"><exit expr="'silent'"/></noinput><nomatch count="3"><exit expr="'lost'"/></nomatch></menu>
    <form id="yes"><block>Thank you.<exit expr="'yes'"/></block></form>
    <form id="no"><block>Good bye.<exit expr="'no'"/></block></form>"""
)


async def conversation(order, seed=0):
    clock = VirtualClock(NOW)
    call = await SimulatedCarrier(clock, seed=seed).place(order)
    ending = await interpret(SITE, fetcher=Site({"": MENU}), platform=call, engine=QuickJs())
    await call.disconnect()
    return ending.how, ending.value, call.duration


@pytest.mark.parametrize(
    ("ending", "outcome"),
    [
        ("00", ("exit", "yes")),
        ("10", ("exit", "no")),
        ("11", ("exit", "silent")),
        ("12", ("exit", "lost")),
        ("13", ("hangup", None)),
        ("14", ("exit", "yes")),
        ("15", ("exit", "yes")),
        ("16", ("exit", "yes")),
        ("08", ("hangup", None)),
        ("07", ("exit", "silent")),
    ],
)
async def test_the_numbers_that_choose_what_is_pressed(ending, outcome):
    told = await conversation(Order("1-1-0", NOW + timedelta(hours=1), f"+121255501{ending}"))
    assert told[:2] == outcome


def test_the_numbers_go_from_00_to_19():
    assert list(MAGIC) == [f"55501{n:02}" for n in range(20)]


async def test_the_same_seed_gives_the_same_conversations():
    orders = [Order(f"1-1-{n}", NOW + timedelta(hours=1), f"+1646555{n:04}") for n in range(150)]
    answered = [order for order in orders if fate_of(order, seed=5).cause is None]
    first = [await conversation(order, 5) for order in answered]
    assert first == [await conversation(order, 5) for order in answered]
    assert {how for how, _, _ in first} == {"exit", "hangup"}
    assert {value for _, value, _ in first} >= {"yes", "no", "silent", None}
