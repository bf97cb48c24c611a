"""What `paceline calls` says of how a call ended, and of what its application did."""

import pytest

from paceline.commands.calls import application, outcome
from paceline.models import Call, CallHistory


@pytest.mark.parametrize(
    ("did", "words"),
    [
        (None, None),
        ({"ended": "exit", "value": {"stars": 1}, "event": None, "digits": ["1"]}, 'exit, gave {"stars": 1}, heard 1'),
        ({"ended": "hangup", "event": "connection.disconnect.hangup", "digits": ["1", None]},
         "the callee hung up, heard 1 (private)"),
        ({"ended": "disconnect", "event": None, "digits": []}, "it hung up"),
        ({"ended": "error", "event": "error.semantic", "digits": []}, "error.semantic"),
        ({"ended": "limit", "event": None, "digits": []}, "limit"),
        ({"ended": "new word"}, "new word"),
    ],
)  # fmt: skip
def test_how_an_application_ended_is_told_in_words(did, words):
    assert application(CallHistory.model_construct(application_result=did)) == words


@pytest.mark.parametrize(
    ("disposition", "result", "words"),
    [
        ("answered", "completed", "answered"),
        ("answered", "failed", "answered, application failed"),
        ("busy", "failed", "busy"),
        (None, None, None),
    ],
)
def test_an_application_that_failed_shows_beside_who_took_the_call(disposition, result, words):
    assert outcome(Call.model_construct(disposition=disposition, result=result)) == words
