"""A file of campaigns: how it is read, compared with a house, and given the ids of what was made."""

from datetime import date, time

import pytest

from paceline.applying.manifest import FileFault, read
from paceline.applying.plan import Standing, make_plan
from paceline.applying.write_back import with_id
from paceline.models import Campaign, Profile, Schedule, Window

FILE = """\
# Calls of January.
schedules:
  weekdays: {days: [fri, mon]}
profiles:
  MorningPace:
    period: 30
    amount_per_period: 100
    time_between_periods: 10
campaigns:
  january:
    start_date: 2027-01-01   # a Friday
    end_date: 2027-01-31
    schedule: weekdays
    profiles:
      - {profile: MorningPace, start_time: 08:00, end_time: 11:00}
    start_url: https://example.com/start.vxml
    numbers: numbers.csv
    running: true
"""
WEEKDAYS = Schedule(id=4, nickname="weekdays", days=("mon", "fri"))
MORNING = Profile(id=7, nickname="MorningPace", period=30, amount_per_period=100, time_between_periods=10)
WINDOW = Window(profile="MorningPace", start_time=time(8), end_time=time(11))
JANUARY = Campaign(
    id=11,
    state="running",
    start_date=date(2027, 1, 1),
    end_date=date(2027, 1, 31),
    schedule=4,
    profiles=(WINDOW,),
    start_url="https://example.com/start.vxml",
    result_url=None,
    calls=3,
)


def manifest(text=FILE):
    return read(text, name="c.yaml")[0]


def planned(text=FILE, *, schedules=(WEEKDAYS,), profiles=(MORNING,), campaigns=(JANUARY,)):
    return make_plan(manifest(text), Standing(schedules, profiles, campaigns))


def with_id_11(text=FILE):
    return text.replace("january:\n", "january:\n    id: 11\n")


def steps(plan):
    return [(change.what, change.kind, change.name, change.id) for change in plan.to_do]


def test_an_empty_house_gets_all_of_it_in_the_order_in_which_it_is_needed():
    plan = planned(schedules=(), profiles=(), campaigns=())
    assert steps(plan) == [
        ("create", "schedule", "weekdays", None),
        ("create", "profile", "MorningPace", None),
        ("create", "campaign", "january", None),
        ("start", "campaign", "january", None),
    ]
    assert plan.to_do[2].fields["profiles"] == (None, "08:00-11:00=MorningPace")
    assert plan.to_do[2].fields["numbers"] == (None, "numbers.csv")


@pytest.mark.parametrize("text", [FILE, with_id_11()], ids=["by its content", "by its id"])
def test_applied_again_it_changes_nothing(text):
    plan = planned(text)
    assert (plan.to_do, plan.faults) == ([], [])
    assert len(plan.changes) == 3


def test_what_differs_is_told_with_what_is_there_and_what_is_to_be():
    text = with_id_11().replace("amount_per_period: 100", "amount_per_period: 120").replace("01-31", "02-28")
    profile, campaign = planned(text).to_do
    assert (profile.what, profile.fields) == ("update", {"amount_per_period": ("100", "120")})
    assert profile.concerns == [11]
    assert (campaign.what, campaign.fields) == ("update", {"end_date": ("2027-01-31", "2027-02-28")})


def test_a_campaign_without_an_id_that_is_like_one_but_not_the_same_is_a_question_and_not_a_second_campaign():
    plan = planned(FILE.replace("2027-01-31", "2027-02-28"))
    (fault,) = plan.faults
    assert "is it campaign 11" in fault
    assert "campaign" not in {change.kind for change in plan.to_do}


def test_id_new_makes_another_one():
    plan = planned(FILE.replace("january:\n", "january:\n    id: new\n"))
    assert steps(plan) == [("create", "campaign", "january", None), ("start", "campaign", "january", None)]


def test_a_campaign_that_another_entry_of_the_file_claims_is_no_question():
    more = with_id_11() + FILE.partition("campaigns:\n")[2].replace("january", "february").replace("01-31", "02-28")
    assert steps(planned(more)) == [("create", "campaign", "february", None), ("start", "campaign", "february", None)]


def test_two_that_are_equal_are_a_question():
    plan = planned(campaigns=(JANUARY, JANUARY.model_copy(update={"id": 12})))
    assert "one of the campaigns 11, 12" in plan.faults[0]


def test_an_id_that_is_nobodys_is_a_fault():
    assert "there is no campaign 11" in planned(with_id_11(), campaigns=()).faults[0]


@pytest.mark.parametrize(
    ("state", "said", "step"),
    [
        ("created", "running: true", [("start", "campaign", "january", 11)]),
        ("stopped", "running: true", [("start", "campaign", "january", 11)]),
        ("running", "running: false", [("stop", "campaign", "january", 11)]),
        ("stopped", "running: false", []),
        ("running", "", []),
        ("ended", "running: true", []),
    ],
)
def test_it_runs_when_the_file_says_so_and_stays_as_it_is_when_it_says_nothing(state, said, step):
    text = with_id_11().replace("running: true", said)
    assert steps(planned(text, campaigns=(JANUARY.model_copy(update={"state": state}),))) == step


def test_a_campaign_is_stopped_before_anything_is_changed():
    text = with_id_11().replace("running: true", "running: false").replace("amount_per_period: 100", "period: 1")
    text = text.replace("period: 30\n    period: 1", "period: 30\n    amount_per_period: 1")
    assert [change.what for change in planned(text).to_do] == ["stop", "update"]


def test_a_campaign_that_has_ended_is_not_changed():
    text = with_id_11().replace("2027-01-31", "2027-02-28")
    plan = planned(text, campaigns=(JANUARY.model_copy(update={"state": "ended"}),))
    assert "has ended" in plan.faults[0]


def test_numbers_go_to_a_campaign_that_has_none():
    plan = planned(with_id_11(), campaigns=(JANUARY.model_copy(update={"calls": 0}),))
    assert steps(plan) == [("numbers", "campaign", "january", 11)]


def test_names_and_ids_mean_the_same():
    text = with_id_11().replace("schedule: weekdays", "schedule: 4").replace("profile: MorningPace", "profile: 7")
    assert planned(text).to_do == []


def test_a_name_that_is_nowhere_is_a_fault():
    assert "no schedule 'sundays'" in planned(FILE.replace("schedule: weekdays", "schedule: sundays")).faults[0]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("period: 30", "period: half", "c.yaml:6: profiles.MorningPace.period: input should be a valid integer"),
        ("2027-01-31", "2027-02-31", "c.yaml:12: campaigns.january.end_date: input should be a valid date"),
        ("    schedule: weekdays\n", "", "c.yaml:11: campaigns.january.schedule: is missing"),
        ("running: true", "runs: true", "c.yaml:18: campaigns.january.runs: is not known here"),
        ("[fri, mon]", "[fri, someday]", "c.yaml:3: schedules.weekdays.days.1: input should be 'mon'"),
        ("start_time: 08:00", "start_time: 25:00", "c.yaml:15: campaigns.january.profiles.0.start_time:"),
        ("campaigns:", "schedules:", "c.yaml:9: a name is there twice"),
        ("days: [", "days: ]", "c.yaml:3: is no YAML"),
        ("MorningPace:\n", "MorningPace: &pace\n", None),
        ("[fri, mon]", "*pace", "c.yaml:3: write it out: an alias"),
        (FILE, "", "c.yaml: it names no schedules"),
        (FILE, "just words", "c.yaml:1: "),
    ],
)
def test_a_fault_is_told_with_its_line(old, new, fault):
    assert old in FILE
    text = FILE.replace(old, new, 1)
    if fault is None:
        manifest(text)
        return
    with pytest.raises(FileFault) as raised:
        manifest(text)
    assert str(raised.value).startswith(fault)


def test_eleven_o_clock_is_a_time_and_no_is_a_word():
    text = FILE.replace("08:00", "10:30").replace("weekdays", "no")
    said = manifest(text)
    assert said.campaigns["january"].profiles[0].end_time == time(11)
    assert set(said.schedules) == {"no"}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_id_is_written_into_the_file_and_nothing_else_of_it_changes(end):
    text = FILE.replace("\n", end)
    written = with_id(text, "january", 11)
    assert written.replace(f"    id: 11{end}", "", 1) == text
    assert manifest(written).campaigns["january"].id == 11


def test_a_new_id_takes_the_place_of_new_and_stands_in_a_line_of_its_own_kind():
    assert with_id("campaigns:\n  a:\n    id: new # mine\n    x: 1\n", "a", 5) == (
        "campaigns:\n  a:\n    id: 5 # mine\n    x: 1\n"
    )
    assert with_id("campaigns: {a: {x: 1}}\n", "a", 5) == "campaigns: {a: {id: 5, x: 1}}\n"
