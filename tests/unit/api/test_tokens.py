"""The command line of tokens: it is spoken of as it was spoken to."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.api import tokens
from services.results import deliveries


@pytest.mark.parametrize(("command", "words"), [(tokens, "./run token"), (deliveries, "./run deliveries")])
def test_a_usage_line_names_the_command_that_was_typed(command, words, capsys):
    with pytest.raises(SystemExit) as left:
        command.main([])
    assert left.value.code == 2
    assert capsys.readouterr().err.startswith(f"usage: {words} ")


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\udcff"])
def test_a_name_that_is_none_is_refused_in_a_sentence(name, capsys):
    with pytest.raises(SystemExit) as left:
        tokens.main(["create", name])
    assert left.value.code == 2
    assert "an account needs a name" in capsys.readouterr().err


def test_a_span_is_days_hours_or_minutes():
    assert [tokens.read_span(written) for written in ("90d", "24h", "5m")] == [
        timedelta(days=90),
        timedelta(hours=24),
        timedelta(minutes=5),
    ]


@pytest.mark.parametrize("written", ["", "d", "0d", "-1d", "1.5h", "90", "90 d", "1w", "999999d", "٣d"])
def test_what_is_no_span_is_refused_in_a_sentence(written, capsys):
    with pytest.raises(SystemExit) as left:
        tokens.main(["create", "acme", f"--expires={written}"])
    assert left.value.code == 2
    assert "such as 90d" in capsys.readouterr().err
