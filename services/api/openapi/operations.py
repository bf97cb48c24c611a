"""Every operation in words: what its handler takes, what it answers, and what it may refuse."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from services.api.desk import Visit
from services.api.handlers import audit, calls, campaigns, deliveries, events, sandbox
from services.api.handlers.reusables import profiles, schedules
from services.api.openapi.applications import TRIED_OUT
from services.api.openapi.insight import INSIGHT, PAIR
from services.api.openapi.operation import (
    AUDIT,
    CAMPAIGNS,
    DELIVERIES,
    DROPPED,
    EVENTS,
    GONE,
    IN_THE_WAY,
    PROFILES,
    SANDBOX,
    SCHEDULES,
    Operation,
    done,
)
from services.api.schemas.audit import AuditPage
from services.api.schemas.calls import ImportOptions
from services.api.schemas.campaigns import CampaignOnly, CreateCampaign, Page, UpdateCampaign
from services.api.schemas.deliveries import DeliveriesPage, ReplayWanted
from services.api.schemas.events import EventsPage
from services.api.schemas.profiles import CreateProfile, UpdateProfile
from services.api.schemas.sandbox import SetSandbox
from services.api.schemas.schedules import CreateSchedule, UpdateSchedule

_A_SCHEDULE = {"id": 4, "nickname": "3wkdays", "days": ["mon", "wed", "fri"]}
_A_PROFILE = {
    "id": 7,
    "nickname": "MorningPace",
    "period": 30,
    "time_between_periods": 10,
    "amount_per_period": 100,
}
_A_CAMPAIGN = {
    "id": 11,
    "state": "created",
    "start_date": "2022-01-01",
    "end_date": "2022-01-31",
    "schedule": 6,
    "profiles": PAIR,
    "start_url": "http://charles.plumgroup.com/~schan/src/charles/vxml/start.php",
    "result_url": "http://myserver.com/storesmsresults.php",
    "calls": 0,
}
_A_DELIVERY = {
    "id": "call_26000000007_1",
    "state": "dead",
    "call_id": 26000000007,
    "campaign_id": 26,
    "tries": 10,
    "last_status": 503,
    "last_error": None,
    "finished_at": "2022-01-04T13:00:00+00:00",
}
_A_DEED = {
    "id": 1,
    "at": "2022-01-01T13:00:00+00:00",
    "actor": "token",
    "token_id": "0123456789abcdef",
    "operation": "POST /api/campaigns/add-calls",
    "resource_kind": "campaign",
    "resource_id": 2,
    "quantity": 2,
    "request_id": "8e03978e40d543e8bc936894a57f9324",
    "status": 200,
}
_AN_EVENT = {
    "specversion": "1.0",
    "type": "call.dialing.v1",
    "source": "urn:paceline:account:7",
    "id": "41",
    "time": "2022-01-03T13:00:00+00:00",
    "subject": "campaign/26/call/26000000007",
    "sequence": "0000000000000000041",
    "partitionkey": "26",
    "datacontenttype": "application/json",
    "data": {"campaign_id": 26, "call_id": 26000000007},
}
_STREAM = (
    "With `Accept: text/event-stream` the answer is a stream that goes on as things happen: for each event its number "
    "as `id`, its type as `event` and all of it as `data`. `Last-Event-ID` resumes it. Otherwise the answer is a "
    "page, oldest first, and its `Link` header leads to the next one."
)
_CHANGES = (
    "Only what is given changes. PATCH and PUT do the same. Parameters may stand in the query string or the body."
)
_PAGES = (
    "Without `limit` all of them come at once. With it, the answer's `Link` header leads to the next page as long as "
    "there may be one."
)

OPERATIONS: Mapping[Callable[[Visit], Awaitable[web.StreamResponse]], Operation] = {
    schedules.create: Operation(
        "createSchedule",
        SCHEDULES,
        "Makes a rule for the days of the week on which campaigns may call. It takes effect when a campaign names it.",
        "Named",
        done(id=4, nickname="3wkdays"),
        takes=(CreateSchedule,),
        refuses=IN_THE_WAY,
    ),
    schedules.list_all: Operation(
        "listSchedules",
        SCHEDULES,
        f"Answers your schedules in the order of their ids. {_PAGES}",
        "Schedules",
        [_A_SCHEDULE],
        takes=(Page,),
        comes="query",
    ),
    schedules.get: Operation(
        "getSchedule", SCHEDULES, "Answers one of your schedules.", "Schedule", _A_SCHEDULE, refuses=GONE, path_id=4
    ),
    schedules.update: Operation(
        "updateSchedule",
        SCHEDULES,
        f"Changes a schedule, and with it every campaign that uses it, at once. {_CHANGES}",
        "Named",
        done(id=15, nickname="3wkdays"),
        takes=(UpdateSchedule,),
        comes="both",
        refuses=GONE | IN_THE_WAY,
        path_id=15,
    ),
    schedules.delete: Operation(
        "deleteSchedule",
        SCHEDULES,
        "Removes a schedule. While a campaign uses it, that is refused with 409.",
        "Done",
        done(id=4),
        refuses=GONE | IN_THE_WAY,
        path_id=4,
    ),
    profiles.create: Operation(
        "createProfile",
        PROFILES,
        "Makes a rule for the pace of calls: `amount_per_period` calls, spread over `period` minutes, then "
        "`time_between_periods` minutes without any, and again. It takes effect when a campaign names it.",
        "Named",
        done(id=7, nickname="MorningPace"),
        takes=(CreateProfile,),
        refuses=IN_THE_WAY,
    ),
    profiles.list_all: Operation(
        "listProfiles",
        PROFILES,
        f"Answers your profiles in the order of their ids. {_PAGES}",
        "Profiles",
        [_A_PROFILE],
        takes=(Page,),
        comes="query",
    ),
    profiles.get: Operation(
        "getProfile", PROFILES, "Answers one of your profiles.", "Profile", _A_PROFILE, refuses=GONE, path_id=7
    ),
    profiles.update: Operation(
        "updateProfile",
        PROFILES,
        f"Changes a profile, and with it the pace of every campaign that uses it. {_CHANGES} The answer holds its id "
        "and nickname only.",
        "Named",
        done(id=17, nickname="MorningCalls"),
        takes=(UpdateProfile,),
        comes="both",
        refuses=GONE | IN_THE_WAY,
        path_id=17,
    ),
    profiles.delete: Operation(
        "deleteProfile",
        PROFILES,
        "Removes a profile. While a campaign uses it, that is refused with 409.",
        "Done",
        done(id=7),
        refuses=GONE | IN_THE_WAY,
        path_id=7,
    ),
    campaigns.create: Operation(
        "createCampaign",
        CAMPAIGNS,
        "Makes a campaign, with its numbers when they come along. It calls nobody until Start Campaign. The schedule "
        "and the profiles it names must be there. All times are US Eastern.",
        "Created",
        done(id=11),
        takes=(CreateCampaign, ImportOptions),
        numbers=True,
        refuses=IN_THE_WAY,
    ),
    campaigns.list_all: Operation(
        "listCampaigns",
        CAMPAIGNS,
        f"Answers your campaigns in the order of their ids. {_PAGES}",
        "Campaigns",
        [_A_CAMPAIGN],
        takes=(Page,),
        comes="query",
    ),
    campaigns.list_unchanged: Operation(
        "updateNoCampaign",
        CAMPAIGNS,
        "What Update Campaign does when the id is left out: it answers all your campaigns and changes none, whatever "
        "else is sent.",
        "Campaigns",
        [_A_CAMPAIGN],
    ),
    campaigns.update: Operation(
        "updateCampaign",
        CAMPAIGNS,
        f"Changes a campaign, also while it runs. {_CHANGES} `profiles` replaces all its windows: send those that stay "
        "too. Numbers come with Add Calls only. A campaign whose dates are over stays as it is: 409.",
        "Done",
        done(id=26),
        takes=(UpdateCampaign,),
        comes="both",
        refuses=GONE | IN_THE_WAY,
        path_id=26,
    ),
    campaigns.delete: Operation(
        "deleteCampaign",
        CAMPAIGNS,
        "Removes a campaign in any state: from now on it calls nobody. Its schedule and its profiles stay.",
        "Done",
        done(id=11),
        refuses=GONE,
        path_id=11,
    ),
    campaigns.start: Operation(
        "startCampaign",
        CAMPAIGNS,
        "Lets a campaign call within its days and hours, or go on after a stop where it was. Starting a running one "
        "changes nothing.",
        "Done",
        done(id=6),
        takes=(CampaignOnly,),
        refuses=GONE | IN_THE_WAY,
    ),
    campaigns.stop: Operation(
        "stopCampaign",
        CAMPAIGNS,
        "Lets a campaign call nobody until it is started again. Calls in progress go on to their end.",
        "Done",
        done(id=2),
        takes=(CampaignOnly,),
        refuses=GONE | IN_THE_WAY,
    ),
    calls.add: Operation(
        "addCalls",
        CAMPAIGNS,
        "Adds numbers to the end of a campaign's queue, also while it runs: a JSON list or a `.csv` or `.txt` file. A "
        "list with bad lines is refused as a whole, unless `on_invalid` says otherwise.",
        "Added",
        done(id=2, added=2),
        takes=(CampaignOnly, ImportOptions),
        numbers=True,
        refuses=GONE | IN_THE_WAY,
    ),
    deliveries.list_dead: Operation(
        "listDeliveries",
        DELIVERIES,
        "Answers the results that your server did not take, in the order of their calls. The answer's `Link` header "
        "leads to the next page as long as there may be one.",
        "Deliveries",
        [_A_DELIVERY],
        takes=(DeliveriesPage,),
        comes="query",
        refuses=DROPPED,
    ),
    deliveries.replay: Operation(
        "replayDeliveries",
        DELIVERIES,
        "Posts them again, each under the same `webhook-id` and with all its tries before it; they leave within "
        "seconds. The answer says how many there are.",
        "Replayed",
        done(dead_letters=3),
        takes=(ReplayWanted,),
        refuses=DROPPED,
    ),
    events.of_account: Operation(
        "listEvents",
        EVENTS,
        f"Tells what happens to your campaigns and their calls. {_STREAM}",
        "Events",
        [_AN_EVENT],
        takes=(EventsPage,),
        comes="query",
        streams=True,
    ),
    events.of_campaign: Operation(
        "listCampaignEvents",
        EVENTS,
        f"Tells what happens to one campaign and its calls; a deleted one's past, too. {_STREAM}",
        "Events",
        [_AN_EVENT],
        takes=(EventsPage,),
        comes="query",
        refuses=GONE,
        path_id=26,
        streams=True,
    ),
    audit.list_all: Operation(
        "listAudit",
        AUDIT,
        "Answers what was done in your account, oldest first. The answer's `Link` header leads to the next page as "
        "long as there may be one.",
        "Deeds",
        [_A_DEED],
        takes=(AuditPage,),
        comes="query",
    ),
    sandbox.get: Operation(
        "getSandbox",
        SANDBOX,
        "Answers what the clock of your sandbox shows, and how fast it goes. Other accounts have none: 404.",
        "Sandbox",
        {"time": "2022-01-03T12:59:00+00:00", "rate": 600.0},
        refuses=GONE,
    ),
    sandbox.put: Operation(
        "setSandbox",
        SANDBOX,
        "Sets the clock of your sandbox: how fast it goes, and forward. It goes on from there at once for all its "
        "campaigns. Calls are made as fast as it goes, up to some hundreds a second.",
        "SandboxSet",
        done(time="2022-01-03T12:59:00+00:00", rate=600.0),
        takes=(SetSandbox,),
        refuses=GONE,
    ),
    **INSIGHT,
    **TRIED_OUT,
}
