"""The examples of the page on the client library are programs: each compiles, and every type fits."""

from __future__ import annotations

import re
from pathlib import Path

from paceline.commands.entry import build
from paceline.commands.exits import MEANINGS
from tests.architecture.test_walls import passes
from tests.support.repository import text, told

PAGE = Path("docs/client.md")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", text(PAGE), re.MULTILINE | re.DOTALL)


def test_every_example_is_a_program_whose_types_fit(tmp_path):
    assert len(EXAMPLES) >= 4
    written = [tmp_path / f"example_{at}.py" for at in range(len(EXAMPLES))]
    for path, example in zip(written, EXAMPLES, strict=True):
        path.write_text(example)
    passes("-m", "mypy", *map(str, written))
    passes("-m", "ruff", "check", "--no-cache", "--isolated", "--select=E,F,I", "--line-length=120", *map(str, written))


def test_the_page_on_the_command_line_tells_every_exit_code():
    page = text(Path("docs/command-line.md"))
    missing = [f"| {code} | {words} |" for code, words in MEANINGS.items() if f"| {code} | {words} |" not in page]
    assert not missing, told(missing, "These lines are missing in docs/command-line.md.")


def test_the_page_on_the_command_line_tells_every_command():
    page = text(Path("docs/command-line.md"))
    named = set(re.findall(r"[a-z]+", page.partition("## Commands")[2].partition("`--help`")[0]))
    app = build()
    groups = {name: app[name] for name in app if not name.startswith("-")}
    commands = {word for name, group in groups.items() for word in (name, *group) if not word.startswith("-")}
    assert commands <= named
