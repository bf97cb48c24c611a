"""The applications that are shown to authors do what they say, whatever the callee does."""

import pytest

from services.dialer.vxml.lint import faults_in
from tests.support.repository import ROOT
from tests.support.scripted_callee import HANG_UP, SILENCE, call

FOLDER = ROOT / "examples" / "applications"
FILES = sorted(FOLDER.glob("*.vxml"))


def test_there_are_three():
    assert [file.stem for file in FILES] == ["menu", "reminder", "survey"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_nothing_is_wrong_with_one(file):
    assert not list(faults_in(file.read_bytes(), "http://application.test/", ""))


@pytest.mark.parametrize(
    ("name", "script", "value", "said"),
    [
        ("reminder", ["1"], "confirmed", "Thank you, we look forward to seeing you. Goodbye."),
        ("reminder", ["2"], "move", "another day. Goodbye."),
        ("reminder", ["3", "1"], "confirmed", "look forward"),
        (
            "reminder",
            ["9", SILENCE, "1"],
            "confirmed",
            "Press 1 to confirm, 2 to move your appointment, or 3 to hear this again.",
        ),
        ("reminder", [SILENCE] * 3, "undecided", "We will try to reach you again. Goodbye."),
        ("survey", ["5", "1"], {"rating": 5, "again": True, "reason": None}, "Thank you, that helps us. Goodbye."),
        ("survey", ["2", "1", "3"], {"rating": 2, "again": True, "reason": "other"}, "Press 2 for friendlier people."),
        ("survey", ["4", "2", "1"], {"rating": 4, "again": False, "reason": "waiting"}, "What should we do better?"),
        (
            "survey",
            ["9", SILENCE, "3", "1"],
            {"rating": 3, "again": True, "reason": None},
            "That key means nothing here.",
        ),
        ("survey", ["4", *[SILENCE] * 3], {"rating": 4, "again": None, "reason": None}, "I did not hear anything."),
        ("menu", ["1"], "heard", "We are open from ten to six"),
        ("menu", ["9"], "remove", "You will not be called again. Goodbye."),
        ("menu", [SILENCE, "7", SILENCE, SILENCE], "none", "Goodbye."),
    ],
)
async def test_a_callee_is_heard(name, script, value, said):
    done = await call({name: (FOLDER / f"{name}.vxml").read_text("utf-8")}, script)
    assert (done.ending.how, done.ending.value, done.ending.message) == ("exit", value, "")
    assert said in " ".join(done.line.played)


@pytest.mark.parametrize(
    ("outcome", "value"),
    [
        ("far_end_disconnect", "spoke to us"),
        ("maxtime_disconnect", "spoke to us"),
        ("busy", "nobody was free"),
        ("noanswer", "nobody was free"),
        ("error.unsupported.transfer.bridge", "nobody was free"),
        ("error.connection.noroute", "nobody was free"),
    ],
)
async def test_the_menu_connects_or_says_that_it_cannot(outcome, value):
    done = await call({"menu": (FOLDER / "menu.vxml").read_text("utf-8")}, ["2"], transfers=[outcome])
    assert (done.ending.how, done.ending.value) == ("exit", value)
    assert [each.destination for each in done.line.transferred] == ["tel:+12125550100"]


@pytest.mark.parametrize(
    ("name", "value"), [("reminder", "message left"), ("survey", {"rating": None, "again": None, "reason": None})]
)
async def test_a_machine_is_not_asked(name, value):
    page = (FOLDER / f"{name}.vxml").read_text("utf-8")
    done = await call({name: page}, [], callee_type="answeringmachine")
    assert done.ending.how == "exit"
    assert done.line.waited == []
    assert done.ending.value == value


@pytest.mark.parametrize("name", ["menu", "reminder", "survey"])
async def test_whoever_hangs_up_has_ended_it(name):
    done = await call({name: (FOLDER / f"{name}.vxml").read_text("utf-8")}, [HANG_UP])
    assert done.ending.how == "hangup"
