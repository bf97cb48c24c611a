"""docs/settings.md says what the code says."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from shared.settings import HouseSettings
from tests.support.rooms import SETTINGS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "settings.md"


def rows(settings, without=frozenset()):
    for name, field in settings.model_fields.items():
        if name not in without:
            default = field.default
            shown = default.get_secret_value() if isinstance(default, SecretStr) else default
            yield f"| `{name.upper()}` | {f'`{shown}`' if str(shown) else ''} | {field.description} |"


def page():
    head = ["| name | default | meaning |", "| --- | --- | --- |"]
    lines = ["# Settings", "", "Environment variables. Made from the code: `PACELINE_WRITE=1 ./run test", ""]
    lines[2] += " tests/architecture/test_settings_page.py` writes this page again."
    lines += ["## Every process", "", *head, *rows(HouseSettings), ""]
    for room, settings in SETTINGS.items():
        lines += [f"## {room}", "", *head, *rows(settings, HouseSettings.model_fields.keys()), ""]
    return "\n".join(lines)


def test_the_settings_page_is_fresh():
    if os.environ.get("PACELINE_WRITE"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page(), (
        "PACELINE_WRITE=1 ./run test tests/architecture/test_settings_page.py"
    )


@pytest.mark.parametrize("settings", [HouseSettings, *SETTINGS.values()])
def test_every_setting_says_what_it_means(settings):
    assert not [name for name, field in settings.model_fields.items() if not field.description]
