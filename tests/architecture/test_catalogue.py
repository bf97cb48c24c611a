"""The letters between the rooms: named alike, sent and received by somebody, and changed only on purpose."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import re
from datetime import datetime
from typing import get_args

import pytest
from pydantic import BaseModel

import shared.contracts
from shared.contracts.catalogue import CATALOGUE, Entry
from shared.contracts.envelope import Letter
from tests.support.repository import ROOT

GOLDEN = ROOT / "tests" / "contract" / "letters"
ROOMS = {"api", "pacer", "dialer", "results"}
REWRITE = "UPDATE_LETTERS=1 ./run test tests/architecture/test_catalogue.py"
each_letter = pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)


def written(entry: Entry) -> str:
    return json.dumps(entry.letter.model_json_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


@each_letter
def test_a_letter_is_named_noun_verb_version(entry):
    assert re.fullmatch(r"[a-z]+\.[a-z]+\.v[1-9]\d*", entry.name)


@each_letter
def test_a_letter_has_senders_and_receivers_who_exist(entry):
    assert entry.senders
    assert entry.receivers
    assert {*entry.senders, *entry.receivers} <= ROOMS


def kinds(annotation):
    """Yield every type an annotation is made of, those of inner models' fields among them."""
    yield annotation
    for part in get_args(annotation):
        yield from kinds(part)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for field in annotation.model_fields.values():
            yield from kinds(field.annotation)


@each_letter
def test_an_instant_in_a_letter_has_its_zone(entry):
    assert datetime not in list(kinds(entry.letter)), "use AwareDatetime: an instant without a zone is none"


def test_every_letter_is_in_the_catalogue_once():
    for module in pkgutil.iter_modules(shared.contracts.__path__, "shared.contracts."):
        importlib.import_module(module.name)
    assert sorted(entry.letter.__name__ for entry in CATALOGUE) == sorted(
        letter.__name__ for letter in Letter.__subclasses__() if letter.__module__.startswith("shared.contracts.")
    )
    names = [entry.name for entry in CATALOGUE]
    assert len(set(names)) == len(names)


@each_letter
def test_a_letter_says_what_it_said(entry):
    golden = GOLDEN / f"{entry.name}.json"
    if os.environ.get("UPDATE_LETTERS"):
        golden.write_text(written(entry), encoding="utf-8")
    before = json.loads(golden.read_text(encoding="utf-8")) if golden.exists() else None
    assert entry.letter.model_json_schema() == before, (
        f"{entry.name} differs from {golden.relative_to(ROOT)}. Readers of the old letter may still run: if all that "
        f"changed is an optional field more, or words, say\n  {REWRITE}\nand look at the difference; for any other "
        "change leave this letter as it is and write its next version beside it."
    )


def test_no_golden_letter_is_left_of_a_letter_that_is_gone():
    names = {f"{entry.name}.json" for entry in CATALOGUE}
    left = {path.name for path in GOLDEN.glob("*.json")} - names
    assert not left, f"{left} are no letters any more: remove them once no house runs that sends them"
