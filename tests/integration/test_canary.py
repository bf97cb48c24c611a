"""Canaries: secrets that nobody else could have written go through a whole house, and sing nowhere."""

from __future__ import annotations

import contextlib
import secrets
import socket
from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import aio_pika
import aiohttp
from aiohttp import web

from shared.broker.topology import topology
from shared.domain.calling_hours import resolve
from tests.support.house import ROOMS, open_house
from tests.support.waiting import until

EIGHT = resolve(date(2022, 1, 3), time(8))
# One connection to the carrier is a process': what a killed dialer knew, nobody knows, and its calls end as unknown.
SETTINGS = {"LOG_LEVEL": "debug", "LEASE_SECONDS": "1", "UNKNOWN_AFTER_SECONDS": "1"}
_AREAS = ("212", "303", "404", "417", "503", "602", "615", "702", "813", "828", "919", "971")
_ENDINGS = ("5550100", "5550101", "5550102", "5550103", "5550104", "5550105", "5550107")


def a_word(what: str) -> str:
    return f"canary-{what}-{secrets.token_hex(6)}"


@dataclass
class Canaries:
    """Every secret and where it was put."""

    words: dict[str, str] = field(default_factory=dict)
    told_to_tenants: dict[str, str] = field(default_factory=dict)

    def plant(self, where: str, word: str) -> str:
        self.words[word] = where
        return word

    def told(self, where: str, word: str) -> str:
        """Plant what may stand in letters, which carry it to its tenant, and nowhere else."""
        self.told_to_tenants[word] = where
        return word

    def found_in(self, texts: dict[str, str]) -> list[str]:
        """Return which canary sings where; the canary itself is not repeated."""
        return [
            f"{where} is in {name}"
            for name, text in texts.items()
            for word, where in self.words.items()
            if word in text
        ]


def a_number(canaries: Canaries, ending: str | None = None) -> str:
    """Return one that nobody else has here; whoever names an ending gets it, since it says how the callee behaves."""
    while True:
        number = secrets.choice(_AREAS) + (ending or f"555{secrets.randbelow(9000) + 1000}")
        if number not in canaries.words:
            return canaries.plant("a phone number", number)


def an_entry(canaries: Canaries, ending: str | None = None) -> str:
    ani = canaries.plant("an ani", f"310{secrets.randbelow(8_000_000) + 2_000_000}")
    postd = canaries.plant("post-dial digits", f"8#4*{secrets.randbelow(90_000_000) + 10_000_000}")
    reference = canaries.plant("a message reference", a_word("reference"))
    return f"tel:+1{a_number(canaries, ending)}; ani={ani}; postd={postd}, {reference}"


@contextlib.asynccontextmanager
async def a_bad_tenant(canaries: Canaries):
    """A server whose applications are none, or full of secrets, and whose result_url is gone."""
    document = canaries.plant("a document of start_url", a_word("document"))

    async def start(_: web.Request) -> web.Response:
        text = f'<vxml version="2.1"><form><block>{document}<none/></block></form></vxml>'
        return web.Response(text=text, content_type="text/xml")

    async def gone(_: web.Request) -> web.Response:
        return web.Response(status=410, text=canaries.plant("an answer of result_url", a_word("answer")))

    async def talk(_: web.Request) -> web.Response:
        return web.Response(text=an_application(canaries), content_type="application/voicexml+xml")

    app = web.Application()
    app.add_routes(
        [web.post("/start", start), web.post("/gone", gone), web.post("/talk", talk), web.get("/heard", talk)]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listener).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        await runner.cleanup()


def an_application(canaries: Canaries) -> str:
    """Return one that asks for a PIN and sends it away, and then throws for some, and exits with a value for others.

    What it ends with is its tenant's to read, in the letters on the way to him too: that is planted as `told`.
    """
    spoken = canaries.plant("what a prompt says", a_word("prompt"))
    logged = canaries.plant("what an application logs", a_word("logged"))
    sent = canaries.plant("a submitted field", a_word("field"))
    value = canaries.told("the value of an exit", a_word("exit"))
    thrown = canaries.told("what a script throws", a_word("thrown"))
    return f"""<vxml version="2.1"><property name="paceline.private" value="true"/><var name="sent" expr="'{sent}'"/>
        <form><field name="pin" type="digits"><prompt>{spoken}</prompt></field><block><log expr="'{logged}' + pin"/>
        <data src="/heard" namelist="sent pin"/>
        <if cond="session.telephone.dnis.slice(-1) == '4'"><exit expr="'{value}'"/></if>
        <script>throw new Error('{thrown}');</script></block></form></vxml>"""


async def run_campaign(house, canaries, *, tenant, result, numbers, start="start") -> int:
    """Order a campaign whose URLs hold a secret in their query."""
    ask = house.ask
    suffix = secrets.token_hex(3)
    await ask("POST", "/api/schedules", json={"days": ["mon"], "nickname": f"days{suffix}"})
    pace = {"period": 1, "amount_per_period": 60, "time_between_periods": 1, "nickname": f"pace{suffix}"}
    await ask("POST", "/api/profiles", json=pace)
    body = {
        "start_date": "2022-01-03",
        "end_date": "2022-01-03",
        "schedule": f"days{suffix}",
        "profiles": [{"profile": f"pace{suffix}", "start_time": "08:00", "end_time": "11:00"}],
        "start_url": f"{tenant}/{start}?key=" + canaries.plant("the query of start_url", a_word("start")),
        "result_url": f"{tenant}/{result}?key=" + canaries.plant("the query of result_url", a_word("result")),
    }
    campaign = (await ask("POST", "/api/campaigns", json=body))["response"]["id"]
    key = canaries.plant("an idempotency key", a_word("key"))
    added = {"campaign_id": campaign, "phone_numbers": numbers}
    await ask("POST", "/api/campaigns/add-calls", json=added, headers={"Idempotency-Key": key})
    await ask("POST", "/api/campaigns/start", json={"campaign_id": campaign})
    return campaign


async def refusals(house, canaries, campaign) -> dict[str, str]:
    """Send what is refused, and return the answers: none may repeat what was sent."""
    bad = [a_number(canaries) + "99999", f"tel:{a_number(canaries)};x={canaries.plant('a bad entry', a_word('entry'))}"]
    wrong = f"pl_{secrets.token_hex(8)}_{canaries.plant('a wrong token', a_word('token'))}"
    other = f"Basic {canaries.plant('other credentials', a_word('basic'))}"
    broken = '{"phone_numbers": ["' + canaries.plant("a broken body", a_word("broken"))
    upload = aiohttp.FormData()
    upload.add_field("campaign_id", str(campaign))
    upload.add_field("phone_numbers", "\n".join([*bad, an_entry(canaries)]), filename="numbers.csv")
    url = house.url + "/api/campaigns/add-calls"
    numbers = {"campaign_id": campaign, "phone_numbers": bad}
    ours = {"Authorization": f"Bearer {house.token}"}
    requests = {
        "bad numbers": {"json": numbers, "headers": ours},
        "a bad upload": {"data": upload, "headers": ours},
        "a broken body": {"data": broken, "headers": ours | {"Content-Type": "application/json"}},
        "a wrong token": {"json": numbers, "headers": {"Authorization": f"Bearer {wrong}"}},
        "other credentials": {"json": numbers, "headers": {"Authorization": other}},
        "nobody's campaign": {
            "json": numbers | {"campaign_id": 999, "phone_numbers": [an_entry(canaries)]},
            "headers": ours,
        },
    }
    answers = {}
    async with aiohttp.ClientSession() as http:
        for name, request in requests.items():
            async with http.post(url, **request) as answer:
                assert 400 <= answer.status < 500, (name, answer.status)
                answers[f"the answer to {name}"] = f"{dict(answer.headers)} {await answer.text()}"
    return answers


@contextlib.asynccontextmanager
async def a_tap(rabbit_url, prefix):
    """Read every letter with all its properties, and what lies in the dead letters at the end."""
    connection = await aio_pika.connect(rabbit_url)
    try:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        for mailbox in topology(prefix).mailboxes:
            await queue.bind(topology(prefix).exchange, mailbox.letter)
        heard: list[str] = []

        async def hear(message) -> None:
            heard.append(f"{message.info()} {message.body.decode()}")

        await queue.consume(hear, no_ack=True)
        yield heard, channel
    finally:
        await connection.close()


async def dead_properties(channel, prefix) -> str:
    """Return the properties, not the bodies, of all dead letters."""
    told = []
    for mailbox in topology(prefix).mailboxes:
        dead = await channel.get_queue(mailbox.dead_letters, ensure=False)
        while message := await dead.get(fail=False, no_ack=True):
            told.append(str(message.info()))
    return "\n".join(told)


async def throw_away(channel, prefix, canaries) -> None:
    """Put a letter that is none into every queue."""
    body = f'{{"campaign_id": "{canaries.plant("a letter that is none", a_word("letter"))}"}}'.encode()
    for mailbox in topology(prefix).mailboxes:
        await channel.default_exchange.publish(aio_pika.Message(body, message_id="none"), mailbox.queue)


def with_password(dsn: str, canaries: Canaries) -> str:
    """Return the DSN with a password, where the server asks for none."""
    parts = urlsplit(dsn)
    if parts.password is not None:
        return dsn
    password = canaries.plant("the database's password", a_word("password"))
    return urlunsplit(
        parts._replace(netloc=f"{parts.username or 'postgres'}:{password}@{parts.hostname}:{parts.port or 5432}")
    )


async def watch(house) -> dict[str, str]:
    """Return what anybody can see who watches the house: metrics and command lines."""
    seen = {}
    async with aiohttp.ClientSession() as http:
        for name, room in house.rooms.items():
            async with http.get(room.ops + "/metrics") as answer:
                seen[f"the metrics of {name}"] = await answer.text()
            seen[f"the command line of {name}"] = read_command_line(room.pid)
    return seen


def read_command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


def read_logs(logs: Path) -> dict[str, str]:
    return {f"the log of {log.name}": log.read_text() for log in logs.iterdir()}


async def dead(ledger) -> bool:
    return bool(await ledger.fetch("SELECT FROM deliveries WHERE state = 'dead'"))


async def has_outcomes(ledger, campaign, count) -> bool:
    return len(await ledger.fetch("SELECT FROM outcomes WHERE campaign_id = $1", campaign)) >= count


async def has_unknown(ledger) -> bool:
    return bool(await ledger.fetch("SELECT FROM outcomes WHERE disposition = 'unknown'"))


async def test_no_secret_leaves_by_a_log_a_metric_a_header_an_error_or_a_command_line(
    database, ledger, rabbit_url, queue_prefix, tmp_path
):
    canaries = Canaries()
    opened = open_house(
        "four processes",
        dsn=with_password(database, canaries),
        rabbit_url=rabbit_url,
        prefix=queue_prefix,
        origin=EIGHT,
        rate=20,
        settings=SETTINGS,
        logs=tmp_path,
    )
    async with opened as house, a_bad_tenant(canaries) as bad, a_tap(rabbit_url, queue_prefix) as (heard, channel):
        canaries.plant("a token", house.token.split("_", 2)[2])
        canaries.plant("a webhook secret", house.sink.secret.removeprefix("whsec_"))
        numbers = [an_entry(canaries, ending) for ending in _ENDINGS]
        campaign = await run_campaign(house, canaries, tenant=house.tenant, result="result", numbers=numbers)
        neighbour = await house.of_another_tenant()
        canaries.plant("a neighbour's token", neighbour.token.split("_", 2)[2])
        await run_campaign(neighbour, canaries, tenant=bad, result="gone", numbers=[an_entry(canaries, "5550100")])
        answers = await refusals(house, canaries, campaign)
        talks = [an_entry(canaries, ending) for ending in ("5550114", "5550100")]  # he keys in 1234#, and 1
        talking = await run_campaign(neighbour, canaries, tenant=bad, result="gone", numbers=talks, start="talk")
        await until(lambda: has_outcomes(ledger, talking, len(talks)))
        await throw_away(channel, queue_prefix, canaries)
        await house.results(len(_ENDINGS))
        await until(lambda: dead(ledger))
        ring = {"campaign_id": campaign, "phone_numbers": [an_entry(canaries, "5550106") for _ in range(5)]}
        await house.ask("POST", "/api/campaigns/add-calls", json=ring)
        await until(lambda: ledger.fetch("SELECT FROM attempts WHERE state = 'dialing'"))
        await house.rooms["services.dialer"].kill()
        await house.start("services.dialer")
        await until(lambda: has_unknown(ledger), within=30)
        seen = await watch(house)
        letters = {"the letters": "\n".join(heard), "the dead letters": await dead_properties(channel, queue_prefix)}
    seen |= read_logs(tmp_path)
    assert_all_was_searched(seen, letters, answers)
    assert canaries.found_in(seen | letters | answers) == []
    assert Canaries(canaries.told_to_tenants).found_in(seen | answers) == []
    assert {"the value of an exit is in the letters", "what a script throws is in the letters"} <= set(
        Canaries(canaries.told_to_tenants).found_in(letters)
    )
    assert '"1234"' not in letters["the letters"], "a private input"


def assert_all_was_searched(seen, letters, answers) -> None:
    """Find in every text a word that must be there: an empty one would keep any secret."""
    known = Canaries(
        {"house.open": "", "paceline_letters_relayed_total": "", "services.": "", "message_id": "", "errors": ""}
    )
    known.plant("", "request_id")
    for name, text in (seen | letters | answers).items():
        assert known.found_in({name: text}), name
    assert {f"the log of {room}" for room in ROOMS} <= seen.keys()
    assert "not a calls.place.v1" in letters["the dead letters"]
    assert "calls.ended.v1" in letters["the letters"]


def test_the_search_finds_what_is_there():
    canaries = Canaries()
    number = a_number(canaries)
    assert canaries.found_in({"a log": f"calling +1{number}"}) == ["a phone number is in a log"]
    assert canaries.found_in({"a log": "calling"}) == []
