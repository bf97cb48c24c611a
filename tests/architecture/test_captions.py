"""Every package says in one sentence what it is for, and the map in ARCHITECTURE.md says the same."""

from __future__ import annotations

import ast
import re

import pytest

from tests.support.repository import PRODUCT, ROOT, packages, parsed, python_files, text, told

MAP_LINE = re.compile(r"^- `([\w/]+/)` (.+)$", re.MULTILINE)


def caption(package) -> str:
    return ast.get_docstring(parsed(package / "__init__.py")) or ""


def one_sentence(words: str) -> bool:
    return bool(re.fullmatch(r"[^\n]*[^.\n]\.", words)) and not re.search(r"[.!?] [A-Z]", words)


@pytest.mark.parametrize("package", packages(), ids=str)
def test_a_package_says_in_one_sentence_what_it_is_for(package):
    assert (ROOT / package / "__init__.py").exists(), f"{package} has modules and no __init__.py with a caption"
    assert one_sentence(caption(package)), f"{package}/__init__.py: one sentence on one line, please"


def test_the_code_map_is_made_of_the_captions():
    section = text(ROOT / "ARCHITECTURE.md").partition("\n## Code map\n")[2].partition("\n## ")[0]
    in_map = MAP_LINE.findall(section)
    in_code = {f"{package}/": caption(package) for package in packages()}
    faults = [f"- `{name}` {words}" for name, words in in_code.items() if (name, words) not in in_map]
    assert not faults, told(faults, "These lines are missing or different in ARCHITECTURE.md's code map.")
    stale = [f"- `{name}` {words}" for name, words in in_map if in_code.get(name) != words]
    assert not stale, told(stale, "These lines of ARCHITECTURE.md's code map are no package's caption.")
    assert len(in_map) == len(in_code), "a line of the code map is there twice"


def test_every_module_begins_with_a_sentence():
    faults = []
    for path in (*python_files(*PRODUCT, "benchmarks"), *(p for p in python_files("tests") if "support" in p.parts)):
        first, _, rest = (ast.get_docstring(parsed(path)) or "").partition("\n")
        if not re.search(r"[.?!:`]$", first) or (rest and not rest.startswith("\n")):
            faults.append(f"{path}: {first or '(no docstring)'}")
    assert not faults, told(faults, "A module's docstring begins with a sentence on a line of its own.")
