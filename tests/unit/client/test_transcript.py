"""An application that was tried out, in lines: as a person reads it, and nothing of it commands the terminal."""

import io

import pytest
from rich.console import Console

from paceline.commands.applications import new_steps, read_source
from paceline.commands.exits import Stop
from paceline.commands.terminal import Terminal
from paceline.commands.transcript import show_steps
from paceline.models import Step

STEPS = [
    ({"kind": "fetched", "url": "http://x.test/a.vxml", "bytes": 12}, "fetched     http://x.test/a.vxml, 12 bytes"),
    (
        {"kind": "not_fetched", "url": "http://x.test/", "reason": "no connection"},
        "no answer   http://x.test/: no connection",
    ),
    ({"kind": "said", "text": "Hello.", "lang": "en"}, "says        Hello."),
    ({"kind": "audio", "src": "a.wav", "text": "Hi"}, "plays       a.wav (or else: Hi)"),
    ({"kind": "key", "text": "1", "cut": True}, "keys        1 (cuts in)"),
    ({"kind": "words", "text": "yes", "confidence": 1.0, "cut": False}, "answers     yes"),
    ({"kind": "silence", "seconds": 5.0}, "silence     5 s"),
    ({"kind": "pause", "seconds": 0.5}, "pause       0.5 s"),
    ({"kind": "mark", "name": "here"}, "mark        here"),
    ({"kind": "recorded", "seconds": 2.5, "term_char": "#"}, "recorded    2.5 s, ended by #"),
    (
        {"kind": "transferred", "destination": "tel:+1", "type": "bridge", "result": "busy", "seconds": 0.0},
        "transfer    bridge to tel:+1: busy, 0 s",
    ),
    ({"kind": "log", "label": "n", "text": "1"}, "log         n: 1"),
    (
        {"kind": "event", "name": "nomatch", "message": "", "document": "a.vxml", "line": 7},
        "event       nomatch at a.vxml:7",
    ),
    ({"kind": "hangup"}, "hangs up    the callee"),
    ({"kind": "disconnected"}, "hangs up    the application"),
    (
        {"kind": "ended", "how": "exit", "value": {"a": "ü"}, "event": None, "message": ""},
        'ended       exit {"a": "ü"}',
    ),
    (
        {"kind": "ended", "how": "error", "value": None, "event": "error.semantic", "message": "why"},
        "ended       error by error.semantic: why",
    ),
    ({"kind": "what a newer house tells", "text": "this"}, "what a newer house tells this"),
]


def on_paper():
    out, errors = io.StringIO(), io.StringIO()
    return (
        Terminal(*(Console(file=each, width=240, markup=False, highlight=False) for each in (out, errors))),
        out,
        errors,
    )


def shown_of(*steps):
    on, out, _ = on_paper()
    show_steps(on, [Step(at=at, **step) for at, step in enumerate(steps)])
    return out.getvalue().splitlines()


@pytest.mark.parametrize(("step", "line"), STEPS, ids=[step["kind"] for step, _ in STEPS])
def test_every_kind_of_thing_has_its_words(step, line):
    assert shown_of(step) == [f"    0.0 s {line}"]


def test_keys_that_follow_each_other_stand_in_one_line():
    key = {"kind": "key", "cut": False}
    lines = shown_of(key | {"text": "1"}, key | {"text": "2"}, {"kind": "hangup"}, key | {"text": "3"})
    assert lines == ["    0.0 s keys        12", "    2.0 s hangs up    the callee", "    3.0 s keys        3"]


def test_what_an_application_says_commands_no_terminal():
    (line,) = shown_of({"kind": "said", "text": "a\x1b[2Jb\nc\x9bd", "lang": ""})
    assert line == "    0.0 s says        a\N{REPLACEMENT CHARACTER}[2Jb c\N{REPLACEMENT CHARACTER}d"


def test_only_what_is_new_is_shown_unless_it_went_another_way():
    one, two, other = (Step(at=at, kind="said", text=str(at)) for at in range(3))
    on, _, errors = on_paper()
    assert new_steps(on, (one,), (one, two)) == (two,)
    assert errors.getvalue() == ""
    assert new_steps(on, (one,), (other, two)) == (other, two)
    assert "another way" in errors.getvalue()


def test_a_file_is_sent_as_the_document_of_nobodys_address(tmp_path):
    path = tmp_path / "my start.vxml"
    for content, text in (
        ("<vxml>ü</vxml>".encode(), "<vxml>ü</vxml>"),
        (b"\xef\xbb\xbf<vxml/>", "<vxml/>"),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><vxml>ü</vxml>'.encode("latin-1"),
         '<?xml version="1.0" encoding="ISO-8859-1"?><vxml>ü</vxml>'),
    ):  # fmt: skip
        path.write_bytes(content)
        assert read_source(str(path)) == ("http://document.invalid/my%20start.vxml", text)
    assert read_source("https://x.test/a") == ("https://x.test/a", None)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Stop, match="encoding"):
        read_source(str(path))
    with pytest.raises(OSError, match="No such file"):
        read_source(str(tmp_path / "none.vxml"))
