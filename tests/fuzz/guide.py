"""What the published document cannot tell a fuzzer: which ids exist, and which valid requests are refused, and why."""

from __future__ import annotations

import itertools
import json
import random
import re
from datetime import UTC, date, datetime

import requests
import schemathesis
from hypothesis import strategies as st

LAST_DAY = "2150-06-01"
DOCUMENT = "<vxml version='2.1'><form><field name='a' type='digits'><prompt>Well?</prompt></field></form></vxml>"
URLS = ("http://127.0.0.1:9/start.php", "https://ivr.example.test/start?a=b")
NUMBERS = ("2223334444", "tel:+12223334444; ani=7778889999, marchcampaign", "+44 20 7946 0958; postd=1w2#")
CSV = "phone\r\n2223334444,first\r\n\r\n+442079460958\r\n"
PROFILE = {"period": 30, "time_between_periods": 10, "amount_per_period": 100}
LISTS = ("GET /api/schedules", "GET /api/profiles", "GET /api/campaigns", "GET /api/audit")
STOCK = (
    ("schedules", {"days": ["mon", "wed", "fri"], "nickname": "3wkdays"}),
    ("profiles", PROFILE | {"nickname": "MorningPace"}),
    ("profiles", PROFILE | {"nickname": "AfternoonPace"}),
)

# Valid by the schema and refused all the same: what is said of which field. Any other refusal is a finding.
STATED = (
    # a calendar, two fields together, and today
    (r"(start|end)_date", r"must be a day that exists|must not be (before|after)|is past"),
    (r"profiles", r"the windows of profiles\.\d+ and profiles\.\d+ overlap"),
    # what the account has
    (r"schedule", r"is neither the id nor the nickname of a schedule"),
    (r"profiles\.\d+\.profile", r"is neither the nickname nor the id of a profile"),
    # no pattern knows all hosts: ports, old spellings of addresses, users' names, private networks
    (
        r"((start|result)_)?url",
        r"must be an http or https URL|must name its host|must not (hold a user|lead to a private)",
    ),
    # what is there, and how turns are written
    (r"url", r"could not be asked: |answered with HTTP status "),
    (r"digits", r"Turn \d+, .*, is nothing"),
    (r"from|to|time", r"must be a moment that exists"),
    # a clock that goes forward only
    (r"time", r"is past: this clock shows"),
    # two that do not go together
    (r"limit", r"is for pages of JSON"),
    # what is in a file
    (r"phone_numbers", r"is not a text file|is empty: it holds no number"),
    # in a form a list may be JSON, and what begins like it must be
    (r"body", r"the JSON in \w+ cannot be read"),
    # what HTTP bounds: a query string of all parameters at their longest
    (r"body", r"its first line or one of its headers is too long"),
)
STATED_KINDS = ("urn:paceline:problem:key-reused", "urn:paceline:problem:bad-lines")


def is_stated(problem):
    """Whether a refusal of valid data is one that the document announces in words."""
    if problem["type"] in STATED_KINDS:
        return True
    return bool(problem["errors"]) and all(
        any(re.fullmatch(field, error["field"]) and re.match(why, error["detail"]) for field, why in STATED)
        for error in problem["errors"]
    )


def is_text_in_a_form(case):
    """Whether a case may be right as it is sent: in a form, false is a text of five letters."""
    in_form = case.media_type in ("multipart/form-data", "application/x-www-form-urlencoded")
    return (
        in_form and isinstance(case.body, dict) and any(isinstance(v, bool | int | float) for v in case.body.values())
    )


class Guide:
    """Leads most valid requests past what would refuse them for such a reason, to where they change something."""

    def __init__(self, url, token, *, seed):
        self._dice = random.Random(seed)
        self._numbers = itertools.count()
        self._base = f"{url}/api/"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._known = {}
        self._windows = []
        self._spare = {}

    def stock(self):
        """Make the resources that valid requests will name."""
        for kind, body in STOCK:
            self._known.setdefault(kind, []).append(self._make(kind, body))
        # By their ids: their nicknames do not stay for long.
        one, other = self._known["profiles"]
        self._windows = [
            [{"profile": one, "start_time": "08:00", "end_time": "11:00"}],
            [
                {"profile": str(one), "start_time": "08:00", "end_time": "11:00"},
                {"profile": other, "start_time": "22:00", "end_time": "04:00"},
            ],
        ]
        (schedule,) = self._known["schedules"]
        wanted = {"start_date": "2026-01-01", "end_date": LAST_DAY, "schedule": schedule, "start_url": URLS[0]}
        campaigns = [wanted | {"profiles": windows, "phone_numbers": NUMBERS} for windows in self._windows * 3]
        self._known["campaigns"] = [self._make("campaigns", campaign) for campaign in campaigns]
        self._known["calls"] = [campaign * 10**9 + 1 for campaign in self._known["campaigns"]]
        self._spare = {kind: {name: body[name] for name in body if name != "nickname"} for kind, body in STOCK}
        self._spare["campaigns"] = campaigns[0]

    def _make(self, kind, body):
        answer = requests.post(self._base + kind, json=body, headers=self._headers, timeout=20)
        answer.raise_for_status()
        return answer.json()["response"]["id"]

    def spare(self, case):
        """Let something else be deleted than what other requests name."""
        kind, number = case.path.split("/")[2], (case.path_parameters or {}).get("id")
        if case.method == "DELETE" and kind in self._spare and str(number) in map(str, self._known.get(kind, [])):
            case.path_parameters["id"] = self._make(kind, self._spare[kind])

    def give_key(self, case):
        """Make a good key new, most of the time: else 422 for one that was used hides what becomes of the rest."""
        data = case.meta.phase.data if case.meta else None
        if getattr(data, "parameter_location", None) == "header":
            return  # what is wrong with this case is a header
        key = (case.headers or {}).get("Idempotency-Key")
        if isinstance(key, str) and re.fullmatch(r"[!-~]{1,255}", key) and self._dice.random() < 0.95:
            case.headers["Idempotency-Key"] = f"{key[:200]}-{next(self._numbers)}"

    def keep_time(self, case):
        """Leave a sandbox's clock where it is, or it would soon be at the end of all campaigns' dates."""
        if case.path == "/api/sandbox" and isinstance(case.body, dict):
            case.body.pop("time", None)

    def lead(self, case):
        """Change a valid case in place; it stays valid."""
        query, body = case.query or {}, case.body if isinstance(case.body, dict) else {}
        for twice in query.keys() & body.keys():
            del query[twice]
        for place in (query, body):
            for name in {"name", "nickname"} & {each for each in place if isinstance(place[each], str)}:
                if self._dice.random() < 0.5:  # else most of them are taken
                    place[name] = f"{place[name][:50]}-{next(self._numbers)}"
        if case.operation.label in LISTS and self._dice.random() < 0.9:
            query.setdefault("limit", self._dice.randint(1, 20))  # the whole list grows and grows
            case.query = query
        names = [(place, name) for place in (query, body) for name in ("name", "nickname") if name in place]
        for place, name in names[1:]:  # both are a schedule's nickname
            del place[name]
        for name, value in query.items():
            if isinstance(value, float | str) and re.fullmatch(r"\d+\.0", str(value)):
                query[name] = str(value)[:-2]  # JSON's 1.0 is 1; a query string has no JSON
        if self._dice.random() < 0.8:
            self._lead_to_resources(case, body)

    def _lead_to_resources(self, case, body):
        values = {} if case.meta.phase.name == "stateful" else self._lead_to_ids(case)
        values |= {
            "schedule": self._known["schedules"][0],
            "profiles": self._dice.choice(self._windows),
            "start_url": self._dice.choice(URLS),
            "result_url": self._dice.choice(URLS),
            "start_date": "2026-02-03",
            "end_date": LAST_DAY,
            "url": self._dice.choice(URLS),
            "document": DOCUMENT,
            "digits": self._dice.choice(("", "1234#,hangup")),
            "phone_numbers": CSV if case.media_type == "multipart/form-data" else list(NUMBERS),
        }
        body.update({name: value for name, value in values.items() if name in body})

    def _lead_to_ids(self, case):
        """Name resources that are there; in a story it is the link that names them."""
        if case.path_parameters and case.method != "DELETE":
            case.path_parameters["id"] = self._dice.choice(self._known[case.path.split("/")[2]])
        return {"campaign_id": self._dice.choice(self._known["campaigns"])}


def install(guide):
    """Tell schemathesis all this."""

    @schemathesis.hook
    def before_call(context, case, kwargs):
        guide.give_key(case)
        guide.spare(case)
        if case.media_type == "multipart/form-data" and isinstance(case.body, dict):
            # Nothing would be sent of what is empty, and what is wrong with it would be lost.
            case.body.update({name: json.dumps(value) for name, value in case.body.items() if value in ([], {})})
        if case.meta is not None and case.meta.generation.mode.is_positive:
            guide.lead(case)
            guide.keep_time(case)

    @schemathesis.hook
    def filter_failure(context, failure, case, response):
        kind = type(failure).__name__
        if kind == "AcceptedNegativeData":
            return not is_text_in_a_form(case)
        return kind != "RejectedPositiveData" or not is_stated(json.loads(response.content))

    # Formats with patterns that few of its own inventions would fit.
    schemathesis.openapi.format("date", st.dates(date(2000, 1, 1), date(2199, 12, 31)).map(str))
    moments = st.datetimes(datetime(2000, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))
    schemathesis.openapi.format("date-time", moments.map(lambda moment: moment.isoformat().replace("+00:00", "Z")))
    some_urls = st.from_regex(r"\Ahttps?://[a-z0-9.:%-]{1,30}/[!-~]{0,20}\Z")
    schemathesis.openapi.format("uri", st.sampled_from(URLS) | some_urls)
    letters = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
    schemathesis.openapi.format("phone-entry", st.sampled_from(NUMBERS) | st.text(letters, max_size=30))

    # A list of objects in a form is JSON text, as the document's `encoding` says; it would send the objects' keys.
    @schemathesis.serializer("application/x-www-form-urlencoded")
    def to_form(context, value):
        if isinstance(value, dict):
            value = requests.models.RequestEncodingMixin._encode_params({n: _in_form(v) for n, v in value.items()})
        return value if isinstance(value, bytes | str) else json.dumps(value).encode()


def _in_form(value):
    nested = isinstance(value, dict) or (isinstance(value, list) and any(isinstance(each, dict) for each in value))
    # None and an empty list would not be sent, as above.
    return json.dumps(value) if nested or value is None or value == [] else value
