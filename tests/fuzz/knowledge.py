"""What the published document cannot say to a fuzzer: which ids exist, and which valid requests are refused, and why."""

from __future__ import annotations

import itertools
import json
import random
import re
from datetime import date

import requests
import schemathesis
from hypothesis import strategies as st

GOOD_DAY = "2150-06-01"
GOOD_URLS = ("http://127.0.0.1:9/start.php", "https://ivr.example.test/start?a=b")
WINDOWS = (
    [{"profile": "MorningPace", "start_time": "08:00", "end_time": "11:00"}],
    [
        {"profile": "MorningPace", "start_time": "08:00", "end_time": "11:00"},
        {"profile": "AfternoonPace", "start_time": "22:00", "end_time": "04:00"},
    ],
)
NUMBERS = ("2223334444", "tel:+12223334444; ani=7778889999, marchcampaign", "+44 20 7946 0958; postd=1w2#")
CSV = "phone\r\n2223334444,first\r\n\r\n+442079460958\r\n"

# Valid by the schema and refused all the same: what the answer says of which field. Anything else is a finding.
STATED = (
    (r"(start|end)_date", r"must be a day that exists|must not be (before|after)|is past"),
    (r"profiles", r"the windows of profiles\.\d+ and profiles\.\d+ overlap"),
    (r"schedule", r"is neither the id nor the nickname of a schedule"),
    (r"profiles\.\d+\.profile", r"is neither the nickname nor the id of a profile"),
    (r"(start|result)_url", r"must be an http or https URL|must name its host|must not (hold a user|lead to a private)"),
    (r"phone_numbers", r"is not a text file|is empty: it holds no number"),
    (r"body", r"its first line or one of its headers is too long"),
)
STATED_KINDS = ("urn:paceline:problem:key-reused", "urn:paceline:problem:bad-lines")


def is_stated(problem):
    """Whether a refusal of valid data is one that the document's words announce."""
    if problem["type"] in STATED_KINDS:
        return True
    return bool(problem["errors"]) and all(
        any(re.fullmatch(field, error["field"]) and re.match(why, error["detail"]) for field, why in STATED)
        for error in problem["errors"]
    )


class Guide:
    """Leads most valid requests past what would refuse them for such a reason, to where they change something."""

    def __init__(self, url, token, *, seed):
        self._dice = random.Random(seed)
        self._keys = itertools.count()
        self._base, self._token = url, token
        self.known = {}

    def stock(self):
        """Make the resources that valid requests will name."""
        for path, body in (
            ("schedules", {"days": ["mon", "wed", "fri"], "nickname": "3wkdays"}),
            ("profiles", {"period": 30, "time_between_periods": 10, "amount_per_period": 100, "nickname": "MorningPace"}),
            ("profiles", {"period": 5, "time_between_periods": 0, "amount_per_period": 7, "nickname": "AfternoonPace"}),
        ):
            self._make(path, body)
        for windows in WINDOWS * 3:
            campaign = {"start_date": "2026-01-01", "end_date": GOOD_DAY, "schedule": "3wkdays", "profiles": windows}
            number = self._make("campaigns", campaign | {"start_url": GOOD_URLS[0], "phone_numbers": NUMBERS})
            self._ask("campaigns/start", {"campaign_id": number})

    def _make(self, path, body):
        number = self._ask(path, body)["response"]["id"]
        self.known.setdefault(path, []).append(number)
        return number

    def _ask(self, path, body):
        headers = {"Authorization": f"Bearer {self._token}"}
        answer = requests.post(f"{self._base}/api/{path}", json=body, headers=headers, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def lead(self, case):
        """Change a valid case in place; it stays valid."""
        if case.headers and "Idempotency-Key" in case.headers and self._dice.random() < 0.9:
            case.headers["Idempotency-Key"] = f"{case.headers['Idempotency-Key'][:200]}-{next(self._keys)}"
        body = case.body if isinstance(case.body, dict) else {}
        for twice in (case.query or {}).keys() & body.keys():
            del case.query[twice]  # refused as given twice
        self._name_once(case.query or {}, body)
        if self._dice.random() < 0.8:
            self._lead_to_resources(case, body)

    def _name_once(self, *places):
        if sum(place.keys() >= {"name"} or place.keys() >= {"nickname"} for place in places) or True:
            given = [(place, name) for place in places for name in ("name", "nickname") if name in place]
            for place, name in given[1:]:
                if any(other != name for _, other in given):
                    del place[name]

    def _lead_to_resources(self, case, body):
        kind = case.path.split("/")[2]
        if case.path_parameters and case.method != "DELETE" and kind in self.known:
            case.path_parameters["id"] = self._dice.choice(self.known[kind])
        values = {
            "schedule": "3wkdays",
            "profiles": self._dice.choice(WINDOWS),
            "start_url": self._dice.choice(GOOD_URLS),
            "result_url": self._dice.choice(GOOD_URLS),
            "start_date": "2026-02-03",
            "end_date": GOOD_DAY,
            "campaign_id": self._dice.choice(self.known["campaigns"]),
            "phone_numbers": CSV if case.media_type == "multipart/form-data" else list(NUMBERS),
        }
        body.update({name: value for name, value in values.items() if name in body})


def install(guide):
    """Tell schemathesis."""

    @schemathesis.hook
    def before_call(context, case, kwargs):
        if case.meta is not None and case.meta.generation.mode.is_positive:
            guide.lead(case)

    @schemathesis.hook
    def filter_failure(context, failure, case, response):
        if type(failure).__name__ != "RejectedPositiveData":
            return True
        return not is_stated(json.loads(response.content))

    # Formats with patterns of which few of its own inventions would be.
    schemathesis.openapi.format("date", st.dates(date(2000, 1, 1), date(2199, 12, 31)).map(str))
    schemathesis.openapi.format("uri", st.sampled_from(GOOD_URLS) | st.from_regex(r"\Ahttps?://[a-z0-9.:%-]{1,30}/[!-~]{0,20}\Z"))
    schemathesis.openapi.format("phone-entry", st.sampled_from(NUMBERS) | st.text(max_size=30))

    # A list of objects in a form is JSON text, as the document's `encoding` says; schemathesis sends the objects' keys.
    @schemathesis.serializer("application/x-www-form-urlencoded")
    def form(context, value):
        if not isinstance(value, dict):
            return value if isinstance(value, bytes | str) else json.dumps(value).encode()
        flat = {name: _spelled(each) for name, each in value.items()}
        return requests.models.RequestEncodingMixin._encode_params(flat)


def _spelled(value):
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(each, dict) for each in value)):
        return json.dumps(value)
    return value
