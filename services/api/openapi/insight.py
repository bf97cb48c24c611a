"""What is asked about campaigns and calls, in words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from services.api.desk import Visit
from services.api.handlers import insight
from services.api.openapi.operation import CALLS, CAMPAIGNS, DROPPED, GONE, Operation
from services.api.schemas.insight import CallsPage, CourseWanted

PAIR = [
    {"profile": "MorningPace", "start_time": "08:00", "end_time": "11:00"},
    {"profile": "AfternoonPace", "start_time": "12:00", "end_time": "16:00"},
]
_A_CAMPAIGN = {
    "id": 11,
    "state": "running",
    "start_date": "2022-01-01",
    "end_date": "2022-01-31",
    "schedule": 6,
    "profiles": PAIR,
    "start_url": "http://charles.plumgroup.com/~schan/src/charles/vxml/start.php",
    "result_url": "http://myserver.com/storesmsresults.php",
    "calls": 1000,
    "progress": {
        "total": 1000,
        "waiting": 400,
        "calling": 3,
        "finished": 597,
        "outcomes": {"answered": 500, "busy": 97},
        "application_failures": 4,
        "dead_letters": 2,
    },
}
_A_COURSE = [
    {
        "at": "2022-01-03T13:00:00+00:00",
        "finished": 150,
        "outcomes": {"answered": 120, "busy": 30},
        "application_failures": 1,
    }
]
_A_FORECAST = {
    "as_of": "2022-01-03T12:30:00+00:00",
    "state": "created",
    "ends_at": "2022-01-04T05:00:00+00:00",
    "waiting": 350,
    "first_call_at": "2022-01-03T13:00:00+00:00",
    "last_call_at": "2022-01-03T14:29:42+00:00",
    "dialed": 300,
    "expires": 50,
    "days": [
        {
            "date": "2022-01-03",
            "capacity": 300,
            "calls": 300,
            "openings": [
                {
                    "opens_at": "2022-01-03T13:00:00+00:00",
                    "closes_at": "2022-01-03T15:00:00+00:00",
                    "profile": "MorningPace",
                    "capacity": 300,
                    "calls": 300,
                }
            ],
            "hours": [
                {"at": "2022-01-03T13:00:00+00:00", "calls": 167},
                {"at": "2022-01-03T14:00:00+00:00", "calls": 133},
            ],
        }
    ],
    "advice": [
        {"change": "start", "to": None, "detail": "It calls nobody until it is started."},
        {
            "change": "end_date",
            "to": "2022-01-04",
            "detail": "With this as its last day, all 350 numbers that wait are called.",
        },
        {
            "change": "amount_per_period",
            "to": 117,
            "profile": "MorningPace",
            "detail": "With this as the amount of MorningPace, all 350 numbers that wait are called.",
        },
    ],
}
_A_CALL = {
    "id": 11000000007,
    "phone_number": "+12223334444",
    "ani": "7778889999",
    "message_reference": "marchcampaign",
    "state": "finished",
    "result": "completed",
    "disposition": "answered",
    "callee_type": "voice",
    "attempts": 1,
    "last_attempt_timestamp": 1641214818,
    "duration": 23,
    "error_message": None,
    "application_result": {
        "ended": "exit",
        "value": "confirmed",
        "event": None,
        "document": "https://example.com/reminder.vxml",
        "digits": ["1"],
        "cut": False,
    },
}
_A_WAITING_CALL = _A_CALL | {
    "campaign_id": 11,
    "state": "waiting",
    "result": None,
    "disposition": None,
    "callee_type": None,
    "attempts": 0,
    "last_attempt_timestamp": None,
    "duration": 0,
    "application_result": None,
    "history": [],
    "delivery": None,
    "why": {
        "reason": "behind_others",
        "detail": "6 numbers are called before it.",
        "ahead": 6,
        "expected_at": "2022-01-03T13:01:48+00:00",
    },
}
_SHOWN_CSV = (
    "id,phone_number,ani,message_reference,state,result,disposition,callee_type,attempts,last_attempt_timestamp,"
    "duration,error_message,application_result\r\n11000000007,+12223334444,7778889999,marchcampaign,finished,completed,"
    'answered,voice,1,1641214818,23,,"{""ended"":""exit"",""value"":""confirmed"",""event"":null,""document"":'
    '""https://example.com/reminder.vxml"",""digits"":[""1""],""cut"":false}"\r\n'
)

INSIGHT: Mapping[Callable[[Visit], Awaitable[web.StreamResponse]], Operation] = {
    insight.get_campaign: Operation(
        "getCampaign",
        CAMPAIGNS,
        "Answers one of your campaigns, with how far it is: how many of its numbers wait, are being called, and ended "
        "how. When its calls are kept no more, what was counted then.",
        "CampaignInProgress",
        _A_CAMPAIGN,
        refuses=GONE,
        path_id=11,
    ),
    insight.course: Operation(
        "getCampaignStats",
        CAMPAIGNS,
        "Answers how many calls ended how in each minute, hour or day, in order; those in which none did are left out. "
        "A call counts when it has ended.",
        "Course",
        _A_COURSE,
        takes=(CourseWanted,),
        comes="query",
        refuses=GONE | DROPPED,
        path_id=11,
    ),
    insight.forecast: Operation(
        "getCampaignForecast",
        CAMPAIGNS,
        "Answers the timetable of a campaign: when the numbers that wait will be called, by day and by hour, from the "
        "arithmetic that paces them; how many will expire because its dates end before, and what to change so that "
        "they do not. A campaign that does not run is told of as if it were started now. 400 days are listed at most.",
        "Forecast",
        _A_FORECAST,
        refuses=GONE | DROPPED,
        path_id=11,
    ),
    insight.list_calls: Operation(
        "listCalls",
        CALLS,
        "Answers the calls of a campaign in the order of its list. A page of JSON may hold fewer than `limit`, even "
        "none, where few fit what is asked for: the answer's `Link` header leads on as long as there may be more.",
        "Calls",
        [_A_CALL],
        takes=(CallsPage,),
        comes="query",
        refuses=GONE | DROPPED,
        path_id=11,
        also={"text/csv": _SHOWN_CSV, "application/x-ndjson": '{"id":11000000007,"phone_number":"+12223334444"}\n'},
    ),
    insight.get_call: Operation(
        "getCall",
        CALLS,
        "Answers one call: what became of it, what happened to it, and how its result was delivered. Of one that waits "
        "it says why, how many are called before it, and when it is expected to be called as things stand.",
        "CallInFull",
        _A_WAITING_CALL,
        refuses=GONE | DROPPED,
        path_id=11000000007,
    ),
}
