"""What the documents point at is there: links, files, the names in them, the tests that pin a reading."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.repository import ROOT, files, python_files, text, told

PAGES = [each for each in files() if each.suffix == ".md"]
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)[^)]*\)")
QUOTED = re.compile(r"`([^`\n]+)`")
PATH = re.compile(rf"(?:{'|'.join(sorted({each.parts[0] for each in files()}))})/[\w./-]*")
NAME_IN_FILE = re.compile(r"`([\w.]+)` in `([\w./-]+)`")
GLOSSARY = Path("docs/glossary.md")
each_page = pytest.mark.parametrize("page", PAGES, ids=str)


@each_page
def test_a_link_leads_somewhere(page):
    dead = [link for link in LINK.findall(text(page)) if not (ROOT / page.parent / link).exists()]
    assert not dead, told(dead, f"{page} links to these, and they are not there.")


@each_page
def test_a_path_that_is_named_exists(page):
    named = {quoted for quoted in QUOTED.findall(text(page)) if PATH.fullmatch(quoted)}
    gone = sorted(path for path in named if not (ROOT / path).exists())
    assert not gone, told(gone, f"{page} names these, and they are not there.")


@each_page
def test_a_name_is_in_the_file_it_is_said_to_be_in(page):
    gone = [
        f"{name} in {path}"
        for name, path in NAME_IN_FILE.findall(text(page))
        if (ROOT / path).is_file() and not re.search(rf"\b{re.escape(name)}\b", text(Path(path)))
    ]
    assert not gone, told(gone, f"{page} says so, and it is not so.")


def test_a_test_that_pins_a_reading_exists():
    known = {name for path in python_files("tests") for name in re.findall(r"def (test_\w+)", text(path))}
    gone = sorted(set(re.findall(r"`(test_\w+)`", text(Path("docs/seed-notes.md")))) - known)
    assert not gone, told(gone, "docs/seed-notes.md names these tests, and they are not there.")


def test_the_glossary_is_short_and_in_order():
    lines = text(GLOSSARY).splitlines()
    words = [line.split(" | ")[0].removeprefix("| ") for line in lines if line.startswith("| ")][2:]
    assert len(lines) <= 80
    assert words == sorted(words, key=str.lower)
