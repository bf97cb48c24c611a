"""What commands decide without a house: whose token, what a window is, when a campaign is over, what is shown."""

import io
import os
import pty
import signal
import stat
import subprocess
import sys
from datetime import UTC, date, datetime, time

import pytest
from rich.console import Console

from paceline.commands import credentials, exits, main
from paceline.commands.campaigns import in_words, read_window
from paceline.commands.credentials import Credentials, find, find_file, forget, keep, read
from paceline.commands.days import read_day, read_instant
from paceline.commands.exits import Stop
from paceline.commands.forecast import sentences
from paceline.commands.sandbox import next_opening
from paceline.commands.terminal import at, cell, shown
from paceline.commands.watch import Rate, has_ended, line, picture
from paceline.errors import NotReached, PacelineError, to_refusal
from paceline.models import Campaign, Forecast, Progress, SandboxClock
from tests.support.repository import ROOT

HERE = Credentials("http://127.0.0.1:8080", "pl_id_secret")


@pytest.fixture
def home(tmp_path):
    return {"XDG_CONFIG_HOME": str(tmp_path)}


def test_credentials_are_kept_in_a_file_that_nobody_else_can_read(home):
    path = find_file(home)
    keep(Credentials("https://ünï.example/", 'a"\\b'), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0
    assert read(path) == Credentials("https://ünï.example/", 'a"\\b')
    keep(HERE, path)
    assert find(environment=home) == HERE
    assert list(path.parent.iterdir()) == [path]
    assert forget(path)
    assert not forget(path)


def test_a_file_that_others_may_read_is_not_used(home):
    path = find_file(home)
    keep(HERE, path)
    path.chmod(0o640)
    with pytest.raises(Stop, match="chmod 600"):
        find(environment=home)


def test_a_file_that_holds_nonsense_is_told(home):
    path = find_file(home)
    keep(HERE, path)
    path.write_text("token")
    with pytest.raises(Stop, match="cannot be read"):
        find(environment=home)


def test_a_folder_that_is_relative_is_none_as_xdg_says():
    assert find_file({"XDG_CONFIG_HOME": "here"}).is_absolute()


def test_the_environment_stands_above_the_file_and_what_was_said_above_both(home):
    keep(HERE, find_file(home))
    there = home | {"PACELINE_URL": "https://there.example", "PACELINE_TOKEN": "other"}
    assert find(environment=there) == Credentials("https://there.example", "other")
    assert find("https://elsewhere.example", there) == Credentials("https://elsewhere.example", "other")
    assert find(environment=home | {"PACELINE_TOKEN": "other"}) == Credentials(HERE.url, "other")


def test_a_kept_token_goes_to_no_other_house(home):
    keep(HERE, find_file(home))
    with pytest.raises(Stop, match="not there"):
        find("https://elsewhere.example", home)
    with pytest.raises(Stop, match="not there"):
        find(environment=home | {"PACELINE_URL": "https://elsewhere.example"})
    assert find(f"{HERE.url}/", home) == HERE


def test_who_is_not_logged_in_is_told_how(home):
    with pytest.raises(Stop, match="paceline login") as raised:
        find(environment=home)
    assert raised.value.code == exits.NO_TOKEN


def test_a_token_is_in_no_representation():
    assert "secret" not in repr(HERE)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (to_refusal(401, {}), exits.NO_TOKEN),
        (to_refusal(403, {}), exits.NO_TOKEN),
        (to_refusal(422, {}), exits.REFUSED),
        (to_refusal(500, {}), exits.REFUSED),
        (NotReached("no"), exits.NOT_REACHED),
        (PacelineError("no"), exits.REFUSED),
    ],
)
def test_how_a_command_ends_says_why(error, code):
    assert exits.to_stop(error).code == code


def test_whose_token_is_not_valid_hears_where_it_came_from():
    refused = to_refusal(401, {})
    told = [str(exits.to_stop(refused, token_of=credentials.token_of(each))) for each in ({}, {"PACELINE_TOKEN": "x"})]
    assert told[0].endswith("Log in anew: paceline login")
    assert told[1].endswith("PACELINE_TOKEN is set, above the one that login keeps.")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["calls", "add", "x", "y"], "CAMPAIGN"),
        (["campaign", "strat", "1"], "start"),
        (["campaign", "show"], "paceline campaign show --help"),
        (["schedule", "create", "x", "someday"], "someday"),
    ],
)
def test_a_command_line_that_is_wrong_is_told_on_the_error_output(capsys, words, told):
    assert main(words) == exits.MISUSED
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err
    assert "Traceback" not in err


def test_help_is_there_for_every_command(capsys):
    for words in ([], ["campaign"], ["campaign", "create"], ["calls", "add"], ["apply"], ["token", "create"]):
        assert main([*words, "--help"]) == 0
        assert "Usage: paceline" in capsys.readouterr().out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_is_taught_the_commands(capsys, shell):
    assert main(["completion", "show", "--shell", shell]) == 0
    script = capsys.readouterr().out
    assert "forecast" in script
    assert "deliveries" in script


def test_a_window_is_read_as_it_is_written():
    window = read_window("8:00-11:30=Morning=Pace")
    assert (window.profile, window.start_time, window.end_time) == ("Morning=Pace", time(8), time(11, 30))
    assert in_words(window) == "08:00-11:30=Morning=Pace"


@pytest.mark.parametrize("written", ["", "08:00-11:00", "08:00-11:00=", "24:00-11:00=x", "8-11=x", "08:00=x"])
def test_what_is_no_window_is_refused(written):
    with pytest.raises(Stop, match="08:00-11:00=MorningPace"):
        read_window(written)


@pytest.mark.parametrize(
    ("written", "day"),
    [("today", date(2026, 12, 31)), ("Tomorrow", date(2027, 1, 1)), ("2027-02-01", date(2027, 2, 1))],
)
def test_today_is_what_it_is_on_the_calendar_that_campaigns_keep(written, day):
    assert read_day(written, datetime(2027, 1, 1, 4, 59, tzinfo=UTC)) == day


@pytest.mark.parametrize("written", ["", "yesterday", "2027-02-30", "1.2.2027"])
def test_what_is_no_day_is_told(written):
    with pytest.raises(ValueError, match="YYYY-MM-DD, today or tomorrow"):
        read_day(written, datetime(2027, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2027-01-04 07:59", "2027-01-04T12:59:00+00:00"),
        ("2027-07-05T7:59", "2027-07-05T11:59:00+00:00"),
        ("today 23:30:15", "2027-01-01T04:30:15+00:00"),
        ("tomorrow 00:00", "2027-01-01T05:00:00+00:00"),
    ],
)
def test_a_time_is_what_the_clock_on_the_wall_shows_on_a_day(written, instant):
    read = read_instant(written, datetime(2027, 1, 1, 4, 59, tzinfo=UTC))
    assert read.astimezone(UTC) == datetime.fromisoformat(instant)


@pytest.mark.parametrize("written", ["", "07:59", "today", "someday 07:59", "2027-01-04 25:00", "2027-01-04 07:59 EST"])
def test_what_is_no_time_is_told(written):
    with pytest.raises(ValueError, match="2027-01-04 07:59 or tomorrow 07:59"):
        read_instant(written, datetime(2027, 1, 1, tzinfo=UTC))


def test_a_token_of_a_sandbox_says_so_and_what_its_id_is():
    test, live = Credentials("", "pl_test_0123abcd_a_b"), Credentials("", "pl_0123abcd_test_b")
    assert (test.token_id, test.of_sandbox) == ("0123abcd", True)
    assert (live.token_id, live.of_sandbox) == ("0123abcd", False)


def test_what_would_command_a_terminal_stands_on_it():
    assert shown("a\x1b[31mb\x07\x9b") == "a�[31mb��"
    assert str(cell("\x1b[2J")) == "�[2J"


def test_instants_are_shown_by_the_clock_that_campaigns_keep():
    assert at(datetime(2027, 1, 4, 13, tzinfo=UTC)) == "Mon 2027-01-04 08:00:00 ET"
    assert at(datetime(2027, 7, 5, 12, tzinfo=UTC)) == "Mon 2027-07-05 08:00:00 ET"


def progress(total, finished, **outcomes):
    left = total - finished
    return Progress(total=total, waiting=left, calling=0, finished=finished, outcomes=outcomes, dead_letters=0)


def campaign(state="running"):
    dates = {"start_date": "2027-01-01", "end_date": "2027-01-05"}
    return Campaign(id=1, state=state, schedule=1, profiles=(), start_url="x", result_url=None, calls=3, **dates)


@pytest.mark.parametrize(
    ("state", "total", "finished", "over"),
    [
        ("running", 3, 2, False),
        ("running", 3, 3, True),
        ("created", 0, 0, False),
        ("ended", 0, 0, True),
        ("ended", 3, 2, False),
        ("ended", 3, 3, True),
    ],
)
def test_a_campaign_is_watched_until_every_number_has_its_outcome(state, total, finished, over):
    assert has_ended(campaign(state), progress(total, finished)) is over


def test_a_campaign_on_a_screen():
    console = Console(width=80, file=io.StringIO(), color_system=None)
    console.print(
        picture(campaign("stopped"), progress(1000, 597, answered=500), 12.4, datetime(2027, 1, 4, tzinfo=UTC))
    )
    shown_there = console.file.getvalue()
    for words in ("stopped", "paceline campaign start 1", "597/1,000", "60%", "12 calls a minute", "answered 500"):
        assert words in shown_there
    assert "last call expected: Sun 2027-01-03 19:00:00 ET" in shown_there


def test_a_sandbox_s_screen_tells_its_time_and_counts_its_minutes():
    console = Console(file=io.StringIO(), width=100)
    clock = SandboxClock(time=datetime(2027, 1, 4, 13, tzinfo=UTC), rate=600)
    console.print(picture(campaign(), progress(1000, 597, answered=500), 6000.0, None, clock))
    shown_there = console.file.getvalue()
    for words in ("no telephone rings: Mon 2027-01-04 08:00:00 ET, 600x", "10 calls a minute"):
        assert words in shown_there


def test_a_campaign_in_a_line():
    counted = progress(1000, 597, busy=97, answered=500)
    words = str(line(campaign(), counted))
    assert words == "running: 597/1,000 finished, 0 calling; answered 500  busy 97"
    failed = counted.model_copy(update={"application_failures": 1200})
    assert str(line(campaign(), failed)) == words + "  application failed 1,200"


def test_the_rate_is_that_of_the_last_half_minute():
    rate = Rate()
    assert rate.see(10, now=0.0) is None
    assert rate.see(20, now=10.0) == 60
    assert rate.see(80, now=40.0) == 120


def forecast(**changes):
    told = {
        "as_of": "2027-01-01T12:00:00+00:00",
        "state": "running",
        "ends_at": "2027-01-05T16:00:00+00:00",
        "waiting": 1000,
        "first_call_at": "2027-01-01T13:00:00+00:00",
        "last_call_at": "2027-01-05T15:59:00+00:00",
        "dialed": 900,
        "expires": 100,
        "days": [],
        "advice": [],
    }
    return Forecast.model_validate(told | changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "100 numbers expire uncalled at Tue 2027-01-05 11:00:00 ET."),
        ({"expires": 0}, "All numbers are called."),
        ({"state": "created"}, "Were it started now: 900 calls from"),
        ({"state": "ended"}, "The campaign ended at"),
        ({"waiting": 0}, "No number waits."),
        ({"dialed": 0, "first_call_at": None, "last_call_at": None}, "none of 1,000 numbers would be called"),
    ],
)
def test_a_forecast_in_words(changes, words):
    assert words in " ".join(sentences(forecast(**changes)))


def test_the_environment_has_two_names():
    assert (credentials.URL, credentials.TOKEN) == ("PACELINE_URL", "PACELINE_TOKEN")


def opening(opens_at, calls):
    return {"opens_at": opens_at, "closes_at": "2027-01-09T00:00:00Z", "profile": "Pace", "capacity": 9, "calls": calls}


@pytest.mark.parametrize(
    ("openings", "following"),
    [
        ((), None),
        ((("2027-01-01T11:00:00+00:00", 5),), None),  # it is open
        ((("2027-01-01T12:01:00+00:00", 5),), None),  # there is nothing to skip
        ((("2027-01-02T13:00:00+00:00", 0), ("2027-01-03T13:00:00+00:00", 1)), "2027-01-03T13:00:00+00:00"),
        ((("2027-01-03T13:00:00+00:00", 1), ("2027-01-02T13:00:00+00:00", 1)), "2027-01-02T13:00:00+00:00"),
    ],
)
def test_the_next_opening_is_one_to_come_with_somebody_to_call(openings, following):
    day = {"date": "2027-01-01", "capacity": 9, "calls": 5, "hours": []}
    told = forecast(days=[{**day, "openings": [opening(*each) for each in openings]}])
    assert next_opening(told) == (datetime.fromisoformat(following) if following else None)


def test_who_is_asked_may_interrupt_it(tmp_path):
    terminal, theirs = pty.openpty()
    command = [sys.executable, "-m", "paceline", "login"]
    environment = {"XDG_CONFIG_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdin=theirs, stderr=subprocess.PIPE, env=environment) as asking:
        try:
            assert asking.stderr.read(20) == b"Address of the house"
            asking.send_signal(signal.SIGINT)
            assert asking.wait(timeout=20) == exits.INTERRUPTED
        finally:
            asking.kill()
            os.close(terminal)
            os.close(theirs)
