"""What is served to browsers is ours and small: a caption, a bounded length, no other origin, no script in a page."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

import pytest

from services.api.web.manifest import read_manifest
from tests.support.repository import files, text, told

PAGES = [each for each in files() if each.parts[:3] == ("services", "api", "web")]
SCRIPTS = [each for each in PAGES if each.suffix == ".js"]
STYLES = [each for each in PAGES if each.suffix == ".css"]
MARKUP = [each for each in PAGES if each.suffix == ".html"]
FILE_AT_MOST = 400
LINE_AT_MOST = 160  # an element inside a template may stand on one line with all its attributes
CAPTION = re.compile(r"(?://|/\*) \S.*[.:](?: \*/)?")
# Names, of which nothing is loaded: what people write, what is nobody's, what a namespace is called.
NAMES = {"example.com", "document.invalid", "www.w3.org"}
FROM = re.compile(r"""^(?:import|export)\b[^"';()]*?from "([^"]+)";$|^import "([^"]+)";$""", re.MULTILINE)


def test_there_is_something_to_look_at():
    assert len(SCRIPTS) > 20
    assert STYLES
    assert MARKUP


@pytest.mark.parametrize("path", SCRIPTS + STYLES, ids=str)
def test_a_file_begins_with_a_sentence_and_is_no_longer_than_a_head_can_hold(path):
    lines = text(path).splitlines()
    assert CAPTION.fullmatch(lines[0]), f"{path} begins with a sentence in a comment: what it is for"
    assert len(lines) <= FILE_AT_MOST, f"{path} has {len(lines)} lines: split it"
    long = [f"{path}:{n}" for n, line in enumerate(lines, 1) if path.suffix == ".js" and len(line) > LINE_AT_MOST]
    assert not long, told(long, f"{LINE_AT_MOST} characters are the limit.")


@pytest.mark.parametrize("path", SCRIPTS, ids=str)
def test_a_module_imports_files_that_are_there(path):
    fetched = {file.name for package in read_manifest() for file in package.files}
    for name in (one or other for one, other in FROM.findall(text(path))):
        if "vendor/" in name:
            assert name.rpartition("/")[2] in fetched, f"{path} imports {name}, which assets.json does not list"
        else:
            target = Path(posixpath.normpath(path.parent / name))
            assert target in SCRIPTS, f"{path} imports {name}, which is not there"


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_nothing_names_another_origin(path):
    if path.suffix in {".js", ".css", ".html"}:
        named = [host for host in re.findall(r"https?://([\w.-]+)", text(path)) if host not in NAMES]
        assert not named, told(named, f"{path} may load nothing from elsewhere.")


@pytest.mark.parametrize("path", MARKUP, ids=str)
def test_a_page_holds_no_script_and_no_style_of_its_own(path):
    inside = re.findall(r"<script(?![^>]*\bsrc=)|<style\b|\sstyle=|\son\w+=", text(path))
    assert not inside, told(inside, f"{path}: its policy would refuse them; put them into a file.")


def test_every_package_comes_with_its_licence():
    bare = [
        each.name for each in read_manifest() if not any("LICENSE" in f.name or "package" in f.name for f in each.files)
    ]
    assert not bare, told(bare, "Take its licence along in assets.json.")
