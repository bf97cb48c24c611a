"""The client against a server that fails in every way a moment's wait may mend, and in some it does not."""

import contextlib
import json

import pytest
from aiohttp import web

import paceline
from paceline.errors import Conflict, Failed, NotReached, NotUnderstood, TooMany, Unauthorized

PATIENCE = paceline.Patience(tries=4, first=0.001, longest=0.01)
TOKEN = "pl_0123456789abcdef_a-secret"
IN_PROGRESS = {"type": "urn:paceline:problem:in-progress", "detail": "A request with this key is under way."}
IN_USE = {"type": "urn:paceline:problem:in-use", "detail": "The schedule is applied to a campaign."}
DONE = {"status": "success", "response": {"id": 1, "added": 3}}
CUT, CUT_IN_ANSWER = object(), object()


class House:
    """A server that answers as it was told, one answer after the other, and keeps what it was sent."""

    def __init__(self):
        self.answers, self.asked = [], []

    async def answer(self, request):
        body = await request.read()
        if request.content_type == "multipart/form-data":
            boundary = request.content_type and request.headers["Content-Type"].partition("boundary=")[2]
            body = body.replace(boundary.encode(), b"BOUNDARY")
        self.asked.append((request, body))
        following = self.answers.pop(0)
        if following is CUT:
            request.transport.abort()
            return web.Response()
        if following is CUT_IN_ANSWER:
            answer = web.StreamResponse(headers={"Content-Length": "1000"})
            await answer.prepare(request)
            await answer.write(b'{"status": ')
            request.transport.abort()
            return answer
        if callable(following):
            return await following(request)
        status, content, *headers = following
        return web.json_response(content, status=status, headers=headers[0] if headers else None)

    def header(self, name):
        return [request.headers.get(name) for request, _ in self.asked]


@contextlib.asynccontextmanager
async def served(house):
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", house.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
    finally:
        await runner.cleanup()


@pytest.fixture
async def house():
    return House()


@pytest.fixture
async def client(house):
    async with served(house) as url, paceline.Client(url, TOKEN, patience=PATIENCE) as client:
        yield client


@pytest.mark.parametrize(
    "failure",
    [CUT, CUT_IN_ANSWER, (503, {}), (502, {}), (429, {}, {"Retry-After": "0"}), (408, {}), (409, IN_PROGRESS)],
    ids=["cut", "cut in the answer", "503", "502", "429", "408", "under way"],
)
async def test_a_write_is_sent_again_the_same_to_the_last_byte_under_its_key(house, client, failure):
    house.answers = [failure, failure, (200, DONE)]
    await client.campaigns.start(1)
    assert len(house.asked) == 3
    (key,) = set(house.header("Idempotency-Key"))
    assert key
    assert {body for _, body in house.asked} == {b'{"campaign_id": 1}'}


async def test_a_request_that_is_under_way_is_waited_for_however_long_it_takes(house, client):
    house.answers = [CUT, *[(409, IN_PROGRESS, {"Retry-After": "0"})] * 20, (200, DONE)]
    assert (await client.campaigns.add_calls(1, ["2125550100"])).added == 3
    assert len(set(house.header("Idempotency-Key"))) == 1


async def test_two_writes_have_two_keys_and_a_read_has_none(house, client):
    house.answers = [(200, DONE), (200, DONE), (200, [])]
    await client.campaigns.start(1)
    await client.campaigns.start(1)
    assert [each async for each in client.schedules.list()] == []
    one, other, none = house.header("Idempotency-Key")
    assert one != other
    assert none is None


async def numbers():
    for last in range(3):
        yield f"tel:+1212555010{last}; ani=6175550199, ünïcode {last}"


@pytest.mark.parametrize("kind", ["path", "file", "list", "async"])
async def test_a_list_of_numbers_is_sent_again_whole_whatever_it_comes_from(house, client, tmp_path, kind):
    lines = [entry async for entry in numbers()]
    path = tmp_path / "list.txt"
    path.write_text("\n".join(lines) + "\n")
    with path.open("rb") as file:
        given = {"path": path, "file": file, "list": lines, "async": numbers()}[kind]
        house.answers = [(503, {}), CUT, (200, DONE)]
        seen = []
        added = await client.campaigns.add_calls(7, given, on_progress=lambda sent, total: seen.append((sent, total)))
    assert added.added == 3
    assert len(set(house.header("Idempotency-Key"))) == 1
    (body,) = {body for _, body in house.asked}
    assert path.read_bytes() in body
    assert body.count(b"BOUNDARY") == 4
    assert body.endswith(b"\r\n--BOUNDARY--\r\n")
    assert seen == [(path.stat().st_size, path.stat().st_size)] * 3


async def test_an_entry_with_a_line_break_is_no_entry(house, client):
    with pytest.raises(ValueError, match="line break"):
        await client.campaigns.add_calls(7, ["tel:+12125550100, a\nb"])
    assert not house.asked


async def test_patience_ends(house, client):
    house.answers = [(503, {"detail": "The database cannot be reached now; try again."})] * 4
    with pytest.raises(Failed, match="database"):
        await client.campaigns.get(1)
    assert len(house.asked) == 4


async def test_who_must_wait_longer_than_one_is_patient_is_told_at_once(house, client):
    house.answers = [(429, {"detail": "Too many requests."}, {"Retry-After": "30"})]
    with pytest.raises(TooMany):
        await client.campaigns.get(1)


@pytest.mark.parametrize(("status", "problem", "kind"), [(409, IN_USE, Conflict), (401, {}, Unauthorized)])
async def test_what_would_be_answered_alike_is_asked_once(house, client, status, problem, kind):
    house.answers = [(status, problem)]
    with pytest.raises(kind):
        await client.schedules.delete(1)
    assert len(house.asked) == 1


async def test_nobody_at_home_is_a_sentence_without_the_token():
    async with served(House()) as url:
        pass
    async with paceline.Client(url, TOKEN, patience=PATIENCE) as client:
        with pytest.raises(NotReached, match=r"was not reached in 4 tries") as raised:
            await client.campaigns.get(1)
    assert "secret" not in f"{raised.value!r} {client!r}"


async def test_pages_are_followed_also_over_an_empty_one(house, client):
    house.answers = [
        (200, [{"id": 1, "nickname": None, "days": ["mon"]}], {"Link": '</api/schedules?after=1>; rel="next"'}),
        (200, [], {"Link": '</api/schedules?after=9>; rel="next"'}),
        (200, [{"id": 10, "nickname": "x", "days": ["tue"]}]),
    ]
    assert [each.id async for each in client.schedules.list()] == [1, 10]
    assert [request.path_qs for request, _ in house.asked] == [
        "/api/schedules?limit=1000",
        "/api/schedules?after=1",
        "/api/schedules?after=9",
    ]


@pytest.mark.parametrize("content", [[{"id": "x"}], {"a": 1}, None])
async def test_an_answer_that_is_not_the_houses_is_a_sentence(house, client, content):
    house.answers = [(200, content)]
    with pytest.raises(NotUnderstood):
        assert not [each async for each in client.schedules.list()]


async def test_a_page_of_something_else_is_no_house(house, client):
    async def html(_):
        return web.Response(text="<h1>Welcome to nginx!</h1>", content_type="text/html")

    house.answers = [html]
    with pytest.raises(NotReached, match="is it the right address"):
        await client.campaigns.get(1)


def event(seq):
    cloud = {"specversion": "1.0", "id": f"e{seq}", "source": "/campaigns/1", "type": "call.completed.v1", "data": {}}
    return f"id: {seq}\nevent: call.completed.v1\ndata: {json.dumps(cloud)}\n\n".encode()


def stream(*pieces, cut=False):
    async def answer(request):
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
        if cut:
            request.transport.abort()
        return response

    return answer


async def test_events_go_on_where_they_broke_off_each_once(house, client):
    house.answers = [
        stream(b": welcome\n\n", event(4), event(5)[:20], cut=True),
        (503, {}),
        stream(event(5), event(6)),
        CUT,
        stream(event(7)),
    ]
    seen = []
    async for each in client.events(campaign_id=1, after=3):
        seen.append(each.seq)
        if each.seq == 7:
            break
    assert seen == [4, 5, 6, 7]
    assert house.header("Last-Event-ID") == ["3", "4", "4", "6", "6"]
    assert {request.path for request, _ in house.asked} == {"/api/campaigns/1/events"}


async def test_a_stream_that_cannot_be_had_again_ends_with_a_sentence(house, client):
    house.answers = [stream(event(1)), *[stream()] * 4]
    with pytest.raises(NotReached, match="stream of events"):
        assert [each.seq async for each in client.events()] == [1]
