"""A person on the command line: from the login to a finished campaign, without one line of code."""

import asyncio
import json
import os
import sys
from datetime import date, time

import pytest

from shared.domain.calling_hours import resolve
from tests.support.house import ROOT

pytestmark = pytest.mark.parametrize("open_at", ["embedded"], indirect=True)
MONDAY = date(2022, 1, 3)
NUMBERS = "phone_number,reference\n" + "".join(f"tel:+121255501{last:02d}, entry {last}\n" for last in range(6))
FILE = """\
schedules:
  3wkdays:
    days: [mon, wed, fri]
profiles:
  Pace: {{period: 1, amount_per_period: 60, time_between_periods: 1}}
campaigns:
  january:
    start_date: 2022-01-01
    end_date: 2022-01-05
    schedule: 3wkdays
    profiles:
      - {{profile: Pace, start_time: 08:00, end_time: 11:00}}
    start_url: {tenant}/start
    result_url: {tenant}/result
    numbers: numbers.csv
    running: true
"""


class Person:
    """Somebody at a terminal, in a folder and with a home of their own."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PACELINE_")},
            "XDG_CONFIG_HOME": str(folder / "config"),
            "PYTHONPATH": str(ROOT),
        }

    async def says(self, *words, code=0, given=""):
        """Run a command to its end; returns what it said to people or programs, and on the error output."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "paceline", *words),
            cwd=self.folder,
            env=self.environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = (each.decode() for each in await process.communicate(given.encode()))
        assert process.returncode == code, f"{' '.join(words)} ended with {process.returncode}:\n{out}{err}"
        assert "Traceback" not in err
        assert "\x1b" not in out + err  # this is no terminal
        return out, err

    async def asks(self, *words):
        """Run a command for its JSON; returns the objects."""
        out, _ = await self.says("--json", *words)
        return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def person(tmp_path):
    (tmp_path / "numbers.csv").write_text(NUMBERS)
    return Person(tmp_path)


async def log_in(person, house):
    out, _ = await person.says("login", "--url", house.url, given=f"{house.token}\n")
    assert "Logged in" in out
    assert house.token not in out


async def test_from_the_login_to_a_finished_campaign(open_at, person):
    house = await open_at(resolve(MONDAY, time(8)), rate=60)
    _, err = await person.says("campaign", "list", code=3)
    assert "paceline login" in err
    await log_in(person, house)
    await person.says("schedule", "create", "3wkdays", "mon", "wed", "fri")
    await person.says("profile", "create", "Pace", "--period", "1", "--amount-per-period", "60")
    dates = ("--start-date", "2022-01-01", "--end-date", "2022-01-05", "--schedule", "3wkdays")
    windows = ("--window", "08:00-11:00=Pace")
    urls = ("--start-url", f"{house.tenant}/start", "--result-url", f"{house.tenant}/result")
    (made,) = await person.asks("campaign", "create", *dates, *windows, *urls)
    campaign = str(made["id"])
    out, _ = await person.says("calls", "add", campaign, "numbers.csv")
    assert "6 numbers added" in out
    out, _ = await person.says("campaign", "forecast", campaign)
    assert "All numbers are called." in out
    await person.says("campaign", "start", campaign)
    out, _ = await person.says("campaign", "watch", campaign)
    assert "6/6 finished" in out
    assert "answered 1" in out
    calls = await person.asks("calls", "list", campaign)
    assert [each["message_reference"] for each in calls] == [f"entry {last}" for last in range(6)]
    assert {each["state"] for each in calls} == {"finished"}
    out, _ = await person.says("calls", "show", str(calls[1]["id"]))
    assert "busy" in out
    await person.says("campaign", "export", campaign, "-o", "ended.csv")
    assert (person.folder / "ended.csv").read_text().count("\n") == 7
    assert await person.asks("deliveries", "list") == []
    out, _ = await person.says("deliveries", "replay")
    assert "none" in out
    operations = [deed["operation"] for deed in await person.asks("audit")]
    assert operations[1:6] == ["Create Schedule", "Create Profile", "Create Campaign", "Add Calls", "Start Campaign"]
    assert len(await house.results(6)) == 6
    await person.says("logout")
    await person.says("whoami", code=3)


async def test_a_sandbox_is_tried_out_by_its_own_clock(open_at, person):
    house = await open_at(resolve(MONDAY, time(2)), rate=1)
    sandbox = await house.sandbox()
    await log_in(person, sandbox)
    out, _ = await person.says("whoami")
    assert "no telephone rings" in out
    (told,) = await person.asks("whoami")
    assert told["sandbox"] is True
    assert told["token_id"] in house_of(sandbox)
    out, _ = await person.says("sandbox", "set", "--time", "tomorrow 23:00")
    assert "Its clock shows Tue 2022-01-04 23:00:0" in out
    await person.says("schedule", "create", "3wkdays", "mon", "wed", "fri")
    await person.says("profile", "create", "Pace", "--period", "10", "--amount-per-period", "60")
    words = ["--start-date", "today", "--end-date", "tomorrow", "--schedule", "3wkdays", "--window", "08:00-11:00=Pace"]
    words += ["--start-url", f"{house.tenant}/start", "--numbers", "numbers.csv", "--start"]
    (made,) = await person.asks("campaign", "create", *words)
    campaign = str(made["id"])
    (there,) = await person.asks("campaign", "show", campaign)
    assert (there["start_date"], there["end_date"]) == ("2022-01-04", "2022-01-05")
    await person.asks("campaign", "update", campaign, "--end-date", "tomorrow")
    out, _ = await person.says("sandbox", "skip", campaign)
    assert "shows Wed 2022-01-05 07:59:0" in out
    await person.says("sandbox", "set", "--rate", "600")
    out, _ = await person.says("campaign", "watch", campaign)
    assert "6/6 finished" in out
    (clock,) = await person.asks("sandbox")
    assert (clock["rate"], clock["time"] > "2022-01-05T13:00") == (600, True)
    _, err = await person.says("sandbox", "skip", campaign, code=1)
    assert "no window ahead" in err
    _, err = await person.says("sandbox", "set", "--time", "today 00:00", code=1)
    assert "goes forward only" in err
    await person.says("sandbox", "set", code=2)
    _, err = await person.says("sandbox", "set", "--time", "noon", code=2)
    assert "tomorrow 07:59" in err
    person.environment["PACELINE_TOKEN"] = house.token
    _, err = await person.says("sandbox", code=1)
    assert "no sandbox" in err


def house_of(sandbox):
    """Return the token's parts but its secret."""
    return sandbox.token.split("_")[:3]


async def test_a_file_is_applied_once_and_again_and_after_a_change(open_at, person):
    house = await open_at(resolve(MONDAY, time(8)), rate=60)
    await log_in(person, house)
    path = person.folder / "campaign.yaml"
    path.write_text(FILE.format(tenant=house.tenant))
    out, _ = await person.says("apply", "-f", "campaign.yaml", "--dry-run", code=5)
    assert "+ campaign january" in out
    _, err = await person.says("apply", "-f", "campaign.yaml", code=2)
    assert "--yes" in err
    assert await person.asks("campaign", "list") == []
    await person.says("apply", "-f", "campaign.yaml", "--yes")
    assert len(await house.results(6)) == 6
    (campaign,) = await person.asks("campaign", "list")
    assert f"    id: {campaign['id']}\n" in path.read_text()
    for words in (("--yes",), ("--dry-run",), ()):
        out, _ = await person.says("apply", "-f", "campaign.yaml", *words)
        assert "Nothing to do" in out
    path.write_text(path.read_text().replace("2022-01-05", "2022-01-06").replace("running: true", "running: false"))
    out, _ = await person.says("apply", "-f", "campaign.yaml", "-y")
    assert "end_date: 2022-01-05 → 2022-01-06" in out
    (campaign,) = await person.asks("campaign", "list")
    assert (campaign["end_date"], campaign["state"], campaign["calls"]) == ("2022-01-06", "stopped", 6)


async def test_what_goes_wrong_is_a_sentence_and_a_code(open_at, person):
    house = await open_at(resolve(MONDAY, time(8)), rate=1)
    _, err = await person.says("login", "--url", house.url, given="pl_nobody_0000\n", code=3)
    assert "token" in err
    assert not (person.folder / "config").exists()
    await log_in(person, house)
    _, err = await person.says("campaign", "show", "999", code=1)
    assert "no such" in err
    (person.folder / "bad.csv").write_text("2125550100\nnobody 5\n")
    await person.says("schedule", "create", "days", "mon")
    await person.says("profile", "create", "Pace", "--period", "1", "--amount-per-period", "60")
    words = ["--start-date", "2022-01-01", "--end-date", "2022-01-05", "--schedule", "days"]
    words += ["--window", "08:00-11:00=Pace", "--start-url", f"{house.tenant}/start", "--numbers", "bad.csv"]
    _, err = await person.says("campaign", "create", *words, code=1)
    assert "line 2" in err
    assert "1 line is bad" in err
    out, err = await person.says("campaign", "create", *words, "--skip-invalid")
    assert "1 number added" in out
    assert "1 line was skipped" in err
    (campaign,) = await person.asks("campaign", "list")
    out, _ = await person.says("calls", "add", str(campaign["id"]), "-", given="2125550100\n2125550101, b\n")
    assert "2 numbers added" in out
    out, _ = await person.says("campaign", "create", *words[:-1], "-", given="2125550100\n")
    assert "1 number added" in out
    person.environment["PACELINE_TOKEN"] = house.token
    _, err = await person.says("--url", "http://127.0.0.1:1", "whoami", code=4)
    assert "was not reached" in err
