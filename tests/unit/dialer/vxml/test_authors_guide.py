"""The documents of the page for authors are right, and do what the page says."""

import re

import pytest

from services.dialer.vxml.lint import faults_in
from tests.support.repository import text
from tests.support.scripted_callee import SILENCE, call

DOCUMENTS = re.findall(r"^```xml\n(.*?)^```$", text("docs/voicexml.md"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("document", DOCUMENTS, ids=range(len(DOCUMENTS)))
def test_nothing_is_wrong_with_a_document(document):
    assert faults_in(document.encode(), "http://application.test/") == []


@pytest.mark.parametrize(
    ("number", "script", "value"),
    [
        (0, [], None),
        (1, ["1"], "deliver"),
        (1, ["2"], "keep"),
        (1, [SILENCE, "1"], "deliver"),
        (1, [SILENCE] * 3, "no answer"),
    ],
)
async def test_a_document_does_what_the_page_says(number, script, value):
    done = await call({"start": DOCUMENTS[number]}, script)
    assert (done.ending.how, done.ending.value) == ("exit", value)
