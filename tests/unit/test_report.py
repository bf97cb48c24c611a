"""The demo's last page, and its picture: nothing in it is fetched from anywhere."""

import re
from dataclasses import replace
from datetime import date, time, timedelta
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from demo.picture import save_picture
from demo.report import Morning, report, timeline
from demo.verdict import PROMISES, Verdict
from shared.domain.calling_hours import resolve
from tests.support.repository import ROOT

EIGHT = resolve(date(2022, 1, 3), time(8))
GOOD = Morning(
    entries=3,
    amount=3,
    period=timedelta(minutes=30),
    opens_at=EIGHT,
    placed_at=[EIGHT, EIGHT + timedelta(minutes=10), EIGHT + timedelta(minutes=40)],
    verdict=Verdict(3, {"answered": 2, "busy": 1}, 3, 2, 2, broken=()),
    started=2,
    unsigned=0,
    said={"confirmed": 2, "move": 1},
)


def page(morning):
    console = Console(width=100)
    with console.capture() as captured:
        console.print(report(morning))
    return captured.get()


def marks(morning):
    return dict(reversed(line) for line in re.findall(r"^([✓✗])  (\w+(?: \w+)+)", page(morning), re.MULTILINE))


def test_a_good_morning_is_told_so():
    assert "Every promise was kept." in page(GOOD)
    assert marks(GOOD) == dict.fromkeys(PROMISES.values(), "✓")
    assert "the first at 08:00:00, the last at 08:40:00" in page(GOOD)


@pytest.mark.parametrize("fault", PROMISES)
def test_a_fault_marks_the_promise_it_breaks(fault):
    broken = replace(GOOD, verdict=replace(GOOD.verdict, broken=(fault,)))
    assert [promise for promise, mark in marks(broken).items() if mark == "✗"] == [PROMISES[fault]]
    assert f"Broken: {fault}" in page(broken)


def test_a_result_without_a_signature_is_a_fault():
    assert "Broken: unsigned results" in page(replace(GOOD, unsigned=1))


def test_the_page_of_a_morning_without_a_call():
    page(replace(GOOD, placed_at=[], verdict=Verdict(0, {}, 0, 0, 0, broken=("lost",)), started=0))


def test_the_timeline_shows_calls_and_silence():
    assert timeline([EIGHT + timedelta(minutes=m) for m in (0, 1, 2, 3, 9, 20)], EIGHT) == "▇▇▂▂    ▂▂"


def fetched(svg):
    """Every address in a picture but the name of its own language, and every element or rule that fetches."""
    addresses = re.findall(r"[\w+.-]*://[^\s\"'<)]+", svg.replace("http://www.w3.org/2000/svg", "", 1))
    loads = re.findall(r"@import|@font-face|<(?:image|script|foreignObject|use)\b|url\((?!#)", svg)
    return [each for each in addresses if not each.startswith("http://127.0.0.1:")] + loads


def words(svg):
    return "".join(ET.fromstring(svg).itertext()).replace("\N{NO-BREAK SPACE}", " ")


def test_a_picture_fetches_nothing(tmp_path):
    save_picture(tmp_path / "a.svg", "above", report(GOOD))
    svg = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "above" in words(svg)
    assert "Every promise was kept." in words(svg)
    assert fetched(svg) == []


def test_the_picture_in_the_readme_fetches_nothing_and_shows_a_good_run():
    svg = (ROOT / "docs" / "demo.svg").read_text(encoding="utf-8")
    assert fetched(svg) == []
    assert "Every promise was kept." in words(svg)
