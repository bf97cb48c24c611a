"""Applications are tried out in processes of their own: bounded, killed when nobody waits, told little of the house."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path

import pytest
from aiohttp import web

from services.api import rehearsals
from services.api.rehearsals import environment_of
from services.api.scopes import Scope
from services.api.settings import ApiSettings
from services.api.tokens import create_token
from tests.integration.test_api_operations import NOW, serve
from tests.support.scripted_callee import vxml
from tests.support.waiting import until

PLAY, CHECK = "/api/applications/play", "/api/applications/check"
INVALID = "http://document.invalid/start.vxml"
QUESTION = vxml("""<form><field name="code" type="digits?length=4"><prompt>Your code?</prompt></field>
<filled><submit next="/took" namelist="code"/></filled></form>""")
ENDS = vxml('<form><block>Bye.<exit expr="1"/></block></form>')
HOSTILE = vxml("""<script>function spin() { while (true) {} }</script>
<form id="a"><block>x<goto next="#b"/></block></form>
<form id="b"><catch event="error"><goto next="#a"/></catch><block><var name="n" expr="spin()"/></block></form>""")


class Tenant:
    """A web server of a tenant: an application, where what it submits goes, and a page that never comes."""

    def __init__(self):
        self.took, self.asked, self.left = [], 0, 0

    async def start(self, request):
        self.took.append(dict(await request.post()))
        return web.Response(text=QUESTION, content_type="application/voicexml+xml")

    async def submit(self, request):
        self.took.append(dict(request.query))
        return web.Response(text=vxml("<form><block>Thank you.</block></form>"))

    async def never(self, _):
        self.asked += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.left += 1

    async def missing(self, _):
        raise web.HTTPNotFound


@pytest.fixture
async def tenant():
    tenant = Tenant()
    app = web.Application()
    app.add_routes([web.route("*", f"/{n}", getattr(tenant, n)) for n in ("start", "never", "missing")])
    app.router.add_get("/took", tenant.submit)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    tenant.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
    yield tenant
    await runner.cleanup()


@pytest.fixture
async def api(database):
    async with serve(database) as client:
        client.others = processes()
        yield client


def children(api):
    """The processes that the api has started and not yet buried."""
    return processes() - api.others


def processes():
    """All that this process has started, such as other tests' browser."""
    return {pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()}


def kinds(answer):
    return [each["kind"] for each in answer["happenings"]]


async def test_an_application_is_played_and_what_it_submits_is_submitted(api, tenant):
    question = await api.ok("POST", PLAY, json={"url": f"{tenant.url}/start"})
    assert question["waits"]
    assert kinds(question) == ["fetched", "said"]
    told = await api.ok("POST", PLAY, json={"url": f"{tenant.url}/start", "digits": "1234", "callee": "machine"})
    assert kinds(told)[-3:] == ["fetched", "said", "ended"]
    assert tenant.took[-1] == {"code": "1234"}
    assert tenant.took[0].keys() == {"phone_number", "ani", "message_reference", "call_id", "campaign_id"}


async def test_what_the_call_is_about_is_told_the_application(api, tenant):
    about = {"url": f"{tenant.url}/start", "message_reference": "order 4711"}
    await api.ok("POST", PLAY, json=about)
    assert tenant.took[-1]["message_reference"] == "order 4711"
    says = vxml("<form><block><exit expr='session.message_reference'/></block></form>")
    told = await api.ok("POST", PLAY, json=about | {"document": says})
    assert told["happenings"][-1]["value"] == "order 4711"


async def test_a_document_is_sent_and_checked(api):
    told = await api.ok("POST", PLAY, json={"url": INVALID, "document": ENDS})
    assert told["happenings"][-1]["value"] == 1
    assert await api.ok("POST", CHECK, json={"url": INVALID, "document": ENDS}) == {"faults": [], "runs": True}
    told = await api.ok("POST", CHECK, json={"url": INVALID, "document": vxml("\n<form><block><goto/></block></form>")})
    assert [(fault["line"], fault["refuses"]) for fault in told["faults"]] == [(2, True)]


async def test_what_is_at_an_address_is_checked_or_the_address_is_refused(api, tenant):
    assert await api.ok("POST", CHECK, json={"url": f"{tenant.url}/start"}) == {"faults": [], "runs": True}
    refused = await api.refused(422, "POST", CHECK, json={"url": f"{tenant.url}/missing"}, field="url")
    assert refused["errors"][0]["detail"] == "answered with HTTP status 404"


@pytest.mark.parametrize("over", [{"environment": "production"}, {"outbound_allow": "10.1.0.0/16"}], ids=str)
@pytest.mark.parametrize("address", ["http://127.0.0.1:{port}/start", "http://10.0.0.1/", "http://169.254.169.254/"])
async def test_where_the_house_may_not_go_rehearsals_do_not(database, tenant, over, address):
    url = address.format(port=tenant.url.rpartition(":")[2])
    async with serve(database, **{"environment": "production"} | over) as api:
        refused = await api.refused(422, "POST", CHECK, json={"url": url}, field="url")
        assert refused["errors"][0]["detail"] == "could not be asked: its host's address is private or reserved"
        told = await api.ok("POST", PLAY, json={"url": url})
        assert kinds(told) == ["not_fetched", "ended"]
        sent = vxml(f'<var name="x"/><form><block><data name="x" src="{url}"/></block></form>')
        assert "not_fetched" in kinds(await api.ok("POST", PLAY, json={"url": INVALID, "document": sent}))
    assert not tenant.took


async def test_what_an_operator_allows_is_reached(database, tenant):
    async with serve(database, environment="production", outbound_allow="127.0.0.0/8") as api:
        assert kinds(await api.ok("POST", PLAY, json={"url": f"{tenant.url}/start"})) == ["fetched", "said"]


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("digits", {"digits": "1,nonsense"}),
        ("digits", {"digits": "1" * 2001}),
        ("callee", {"callee": "nobody"}),
        ("message_reference", {"message_reference": "x" * 256}),
        ("url", {"url": "file:///etc/hostname"}),
        ("url", {"url": "document.invalid"}),
        ("extra", {"extra": 1}),
    ],
)
async def test_what_does_not_fit_is_refused_by_its_field(api, field, given):
    await api.refused(422, "POST", PLAY, json={"url": INVALID, "document": ENDS} | given, field=field)


async def test_a_document_is_no_longer_than_the_parameters_of_a_request_may_be(api):
    await api.refused(413, "POST", PLAY, json={"url": INVALID, "document": "x" * 5000})


async def test_a_hostile_document_is_ended_and_others_are_answered_meanwhile(api):
    playing = asyncio.create_task(api.ok("POST", PLAY, json={"url": INVALID, "document": HOSTILE}))
    await until(lambda: children(api) or playing.done())
    assert await api.ok("GET", "/api/schedules") == []
    assert not playing.done()
    told = await playing
    assert told["happenings"][-1]["how"] == "limit"
    assert not children(api)


async def test_an_account_has_four_and_others_theirs(api, tenant):
    slow, quick = {"url": f"{tenant.url}/never"}, {"url": INVALID, "document": ENDS}
    waiting = [asyncio.create_task(api.ask("POST", PLAY, json=slow)) for _ in range(4)]
    await until(lambda: tenant.asked)
    *_, headers = await api.ask("POST", PLAY, json=quick)
    await api.refused(429, "POST", PLAY, json=quick)
    await api.refused(429, "POST", CHECK, json=quick)
    assert headers["Retry-After"] == "5"
    assert kinds(await api.ok("POST", PLAY, json=quick, token=api.other)) == ["fetched", "said", "ended"]
    assert tenant.asked == 1, "of an account one runs, and the others wait"
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await until(lambda: not children(api))
    assert kinds(await api.ok("POST", PLAY, json=quick)) == ["fetched", "said", "ended"]


async def test_when_nobody_waits_any_more_the_process_is_killed(api, tenant):
    asking = asyncio.create_task(api.ask("POST", PLAY, json={"url": f"{tenant.url}/never"}))
    await until(lambda: tenant.asked)
    assert children(api)
    asking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asking
    await until(lambda: tenant.left)
    await until(lambda: not children(api))


async def test_what_takes_too_long_is_stopped(api, tenant, monkeypatch):
    monkeypatch.setattr(rehearsals, "_SECONDS", 3.0)
    refused = await api.refused(503, "POST", PLAY, json={"url": f"{tenant.url}/never"})
    assert refused["detail"] == "The application was not through after 3 seconds."
    await until(lambda: not children(api))


@pytest.mark.parametrize("does", ["print('x' * (9 << 20))", "print('secret')", "raise SystemExit('secret')", "1 / 0"])
async def test_a_process_that_a_document_took_over_harms_nobody(api, monkeypatch, capfd, does):
    monkeypatch.setattr(rehearsals, "_PROGRAM", ("-c", does))
    refused = await api.refused(500, "POST", PLAY, json={"url": INVALID, "document": ENDS})
    assert refused["detail"] == "The application could not be tried out: an error of ours."
    assert not children(api)
    assert "secret" not in "".join(capfd.readouterr())


async def test_what_a_process_has_started_ends_with_it(api, monkeypatch):
    monkeypatch.setattr(rehearsals, "_SECONDS", 3.0)
    name = f"holds its pipe {api.dsn}"
    monkeypatch.setattr(rehearsals, "_PROGRAM", ("-c", f"import os, signal  # {name}\nos.fork() or signal.pause()"))
    await api.refused(503, "POST", PLAY, json={"url": INVALID, "document": ENDS})
    await until(lambda: not [each for each in Path("/proc").glob("[0-9]*/cmdline") if name in words_of(each)])
    assert not children(api)


def words_of(path):
    """The command line of a process; nothing, when it has just ended."""
    try:
        return path.read_text()
    except OSError:
        return ""


async def test_a_script_that_no_engine_interrupts_is_ended(api):
    loops = vxml("<script>[].reverse.call({length: Math.pow(2, 53)})</script><form><block>Bye.</block></form>")
    told = await api.ok("POST", PLAY, json={"url": INVALID, "document": loops})
    assert told["happenings"][-1]["how"] == "limit"


async def test_nothing_of_a_document_is_in_a_log(api, capfd):
    document = vxml("""<form><block>secret<log>secret</log><throw event="secret" message="secret"/></block></form>""")
    for digits in ("", "secret"):
        await api.ask("POST", PLAY, json={"url": "http://secret.invalid/", "document": document, "digits": digits})
    await api.ask("POST", PLAY, json={"url": "http://secret.invalid/"})
    await api.ask("POST", CHECK, json={"url": "http://secret.invalid/", "document": "<secret"})
    out, err = capfd.readouterr()
    assert "http.answered" in out + err
    assert "secret" not in out + err


async def test_a_token_without_the_scope_tries_nothing_out(api):
    token, _ = await create_token(api.pool, "tenant", NOW, scopes=[Scope.READ, Scope.CONTROL])
    for path in (PLAY, CHECK):
        await api.refused(403, "POST", path, json={"url": INVALID, "document": ENDS}, token=token)
    assert not children(api)


async def test_a_rehearsal_knows_of_the_house_where_it_may_go_and_nothing_else(api, monkeypatch):
    for name in ("DATABASE_URL", "DATABASE_PASSWORD", "RABBITMQ_URL", "RABBITMQ_PASSWORD", "ANYTHING"):
        monkeypatch.setenv(name, "secret")
    says = "import json, os, sys; print(json.dumps([dict(os.environ), sys.dont_write_bytecode, sys.flags.safe_path]))"
    settings = ApiSettings(database_url="", database_password="", rabbitmq_url="", rabbitmq_password="",
                           outbound_allow="10.1.0.0/16", start_url_method="GET")  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        rehearsals.sys.executable, *rehearsals._PROGRAM[:2], "-c", says,
        stdout=asyncio.subprocess.PIPE, env=environment_of(settings),
    )  # fmt: skip
    environment, writes_no_bytecode, imports_from_here_only = json.loads((await process.communicate())[0])
    assert writes_no_bytecode
    assert imports_from_here_only
    assert "secret" not in environment.values()
    assert environment.items() >= {
        "ENVIRONMENT": "production", "OUTBOUND_ALLOW": "10.1.0.0/16", "START_URL_METHOD": "GET",
    }.items()  # fmt: skip
    assert environment.keys() <= {
        "ENVIRONMENT", "OUTBOUND_ALLOW", "START_URL_METHOD", "PYTHONPATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "LC_CTYPE",
    }  # fmt: skip
