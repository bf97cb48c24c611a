"""Lists of numbers: every way to send them, every way they can be bad, and nothing stored by halves."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import quopri

import aiohttp
import pytest

from tests.integration.test_api_operations import URL, WINDOWS, serve, stock

QUEUE = "SELECT seq, phone, ani, message_reference FROM calls ORDER BY seq"
ADD = "/api/campaigns/add-calls"


@pytest.fixture
async def api(database):
    async with serve(database) as client:
        await stock(client)
        client.number = await client.campaign()
        yield client


def form(number, text, *, name="numbers.csv", field="phone_numbers", **more):
    data = aiohttp.FormData()
    for key, value in ({"campaign_id": str(number)} | more).items():
        data.add_field(key, value)
    data.add_field(field, text, filename=name)
    return data


def many(count):
    return [f"tel:+1222{place:07d}; ani=7778889999, r{place}" for place in range(2_000_000, 2_000_000 + count)]


async def test_a_json_array_is_appended_and_announced(api):
    sent = ["tel:+12223334444; ani=7778889999, march", "tel:+14443332222"]
    answer = await api.ok("POST", ADD, json={"campaign_id": api.number, "phone_numbers": sent})
    assert answer == {"status": "success", "response": {"id": api.number, "added": 2}}
    again = await api.ok("POST", ADD, json={"campaign_id": api.number, "phone_numbers": [", ".join(sent)]})
    assert again["response"]["added"] == 2
    first = (1, "+12223334444", "+17778889999", "march")
    assert await api.rows(QUEUE) == [
        first,
        (2, "+14443332222", None, None),
        (3, *first[1:]),
        (4, "+14443332222", None, None),
    ]
    assert await api.letters() == [("calls.added.v1", {"campaign_id": api.number, "added": 2})] * 2
    assert (await api.ok("GET", f"/api/campaigns/{api.number}"))["calls"] == 4


@pytest.mark.parametrize("name", ["numbers.csv", "NUMBERS.TXT"])
async def test_a_file_may_come_from_a_spreadsheet(api, name):
    text = (
        '\ufeffPhone,Reference\r\n\r\n"tel:+12223334444; ani=7778889999",march\r\n'
        '+1 444 333 2222,,\r\n"tel:+12223334445, x"\r\n'
    )
    answer = await api.ok("POST", ADD, data=form(api.number, text.encode(), name=name))
    assert answer["response"]["added"] == 3
    assert await api.rows(QUEUE) == [
        (1, "+12223334444", "+17778889999", "march"),
        (2, "+14443332222", None, None),
        (3, "+12223334445", None, "x"),
    ]


def encoded_form(number, text, encoding, *, file=True):
    """A form as a mail library writes it: its last part in a transfer encoding."""
    name = 'name="phone_numbers"' + ('; filename="n.csv"' if file else "")
    head = f"--x\r\nContent-Disposition: form-data; {name}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    first = f'--x\r\nContent-Disposition: form-data; name="campaign_id"\r\n\r\n{number}\r\n'
    return {
        "data": first.encode() + head.encode() + text + b"\r\n--x--\r\n",
        "headers": {"Content-Type": "multipart/form-data; boundary=x"},
    }


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("base64", base64.encodebytes),
        ("BASE64", base64.b64encode),
        ("quoted-printable", quopri.encodestring),
        ("8bit", bytes),
    ],
)
async def test_a_part_may_come_in_an_encoding_made_for_mail(api, encoding, encode):
    text = "\n".join([*many(5000), "2223334444, =3D ü ="]).encode()
    answer = await api.ok("POST", ADD, **encoded_form(api.number, encode(text), encoding))
    assert answer["response"]["added"] == 5001
    (last,) = await api.rows("SELECT message_reference FROM calls WHERE seq = 5001")
    assert last == ("=3D ü =",)
    one = encoded_form(api.number, encode(b"2223334444"), encoding, file=False)
    assert (await api.ok("POST", ADD, **one))["response"]["added"] == 1


async def test_a_part_in_an_encoding_nobody_reads_is_named(api):
    sent = encoded_form(api.number, b"x", "x-uuencode")
    refused = await api.refused(422, "POST", ADD, **sent, field="phone_numbers")
    assert "base64" in refused["errors"][0]["detail"]
    broken = encoded_form(api.number, b"MjIyM", "base64")
    await api.refused(422, "POST", ADD, **broken, field="phone_numbers")
    assert await api.rows(QUEUE) == []


@pytest.mark.parametrize(
    "sent",
    [
        {"data": {"phone_numbers": json.dumps(["2223334444", "2223334445"])}},
        {"data": [("phone_numbers", "2223334444"), ("phone_numbers", "2223334445")]},
        {"data": [("phone_numbers[]", "2223334444"), ("phone_numbers[]", "2223334445")]},
        {"json": {"phone_numbers": "tel:2223334444, tel:2223334445"}},
    ],
)
async def test_numbers_come_as_text_too(api, sent):
    answer = await api.ok("POST", f"{ADD}?campaign_id={api.number}", **sent)
    assert answer["response"]["added"] == 2


async def test_a_large_json_body_streams(api):
    body = {"phone_numbers": many(20_000), "campaign_id": api.number}
    assert (await api.ok("POST", ADD, json=body))["response"]["added"] == 20_000
    assert await api.rows("SELECT count(*), max(seq), max(message_reference) FROM calls") == [
        (20_000, 20_000, "r2019999")
    ]
    bad = dict(body, phone_numbers=[*many(5000), {"deep": ["x"]}, 5])
    answer = await api.refused(422, "POST", ADD, json=bad)
    assert answer["errors"] == [{"line": line, "detail": "An entry must be a string."} for line in (5001, 5002)]
    raw = json.dumps(body)[:-1]
    for broken in (raw, raw + ', "campaign_id": 1}', raw + "} x"):
        await api.refused(400, "POST", ADD, data=broken, headers={"Content-Type": "application/json"})
    assert await api.rows("SELECT count(*) FROM calls") == [(20_000,)]


async def test_a_new_campaign_takes_its_numbers_or_is_not_made(api):
    fields = {
        "start_date": "2026-01-01",
        "end_date": "2026-01-02",
        "schedule": "3wkdays",
        "profiles": json.dumps(WINDOWS),
        "start_url": URL,
    }
    data = form(1, b"2223334444\n2223334445\n", **fields)
    data._fields = [one for one in data._fields if one[0]["name"] != "campaign_id"]
    made = await api.ok("POST", "/api/campaigns", data=data)
    assert made["response"] == {"id": api.number + 1, "added": 2}
    await api.refused(422, "POST", "/api/campaigns", json=fields | {"profiles": WINDOWS, "phone_numbers": ["x"]})
    assert len(await api.ok("GET", "/api/campaigns")) == 2
    assert await api.rows("SELECT count(*) FROM calls") == [(2,)]
    assert await api.rows("SELECT count(*) FROM pacing") == [(2,)]


async def test_bad_lines_refuse_the_whole_list(api):
    lines = ["2223334444"] * 3000 + ["123", "tel:+12223334444; foo=1"] * 60 + ["2223334445"] * 3000
    answer = await api.refused(422, "POST", ADD, data=form(api.number, "\n".join(lines)))
    assert answer["invalid"] == 120
    assert len(answer["errors"]) == 100
    assert answer["errors"][0]["line"] == 3001
    assert "123" not in json.dumps(answer["errors"][0]["detail"])
    assert await api.rows(QUEUE) == []
    assert await api.letters() == []
    assert (await api.ok("GET", f"/api/campaigns/{api.number}"))["calls"] == 0


async def test_bad_lines_are_skipped_on_demand(api):
    data = form(api.number, "2223334444\nbad 1\n2223334445\n", on_invalid="skip")
    answer = (await api.ok("POST", ADD, data=data))["response"]
    assert (answer["added"], answer["invalid"], answer["errors"][0]["line"]) == (2, 1, 2)
    assert [row[0] for row in await api.rows(QUEUE)] == [1, 2]
    data = form(api.number, "bad 1\nbad 2", on_invalid="skip")
    refused = await api.refused(422, "POST", ADD, data=data)
    assert refused["invalid"] == 2
    assert "on_invalid" not in refused["detail"]
    await api.refused(422, "POST", ADD, data=form(api.number, "x", on_invalid="maybe"), field="on_invalid")


@pytest.mark.parametrize(
    ("content", "name", "field"),
    [
        (b"", "a.csv", "phone_numbers"),
        (b"phone\n\n", "a.csv", "phone_numbers"),
        (b"2223334444\n\xff\xfe\n", "a.csv", "phone_numbers"),
        (b"2223334444\n\x00\n", "a.txt", "phone_numbers"),
        ("2223334444\n".encode("utf-16"), "a.txt", "phone_numbers"),
        (b"2223334444\n", "a.xlsx", "phone_numbers"),
    ],
)
async def test_files_that_are_no_lists(api, content, name, field):
    await api.refused(422, "POST", ADD, data=form(api.number, content, name=name), field=field)
    assert await api.rows(QUEUE) == []


async def test_a_line_without_an_end_is_one_bad_line(api):
    answer = await api.refused(422, "POST", ADD, data=form(api.number, "2223334444\n" + "1" * 500_000 + "\nx1"))
    assert [error["line"] for error in answer["errors"]] == [2, 3]


@pytest.mark.parametrize("numbers", [[], "", None, 5, {}, {"a": 1}])
async def test_what_is_no_list_of_numbers(api, numbers):
    body = {"campaign_id": api.number, "phone_numbers": numbers}
    await api.refused(422, "POST", ADD, json=body, field="phone_numbers")


@pytest.mark.parametrize("entry", ["", " ", 5, None, True, [], "x", "tel:", "\ud800", "2223334444, a\x01b", "1" * 40])
async def test_what_is_no_entry(api, entry):
    body = json.dumps({"campaign_id": api.number, "phone_numbers": ["2223334444", entry]})
    status, answer, _ = await api.ask("POST", ADD, data=body)
    assert status in (400, 422)
    assert answer["errors"][0].get("line") == 2 or status == 400
    assert await api.rows(QUEUE) == []


async def test_a_reference_with_every_awkward_sign_arrives(api):
    reference = "a\\b\\N 'q' \"z\" ü 😀 \\."
    body = {"campaign_id": api.number, "phone_numbers": ["2223334444, " + reference, "2223334444, \\N"]}
    await api.ok("POST", ADD, json=body)
    assert [row[3] for row in await api.rows(QUEUE)] == [reference, "\\N"]


async def test_numbers_are_required_and_go_to_a_campaign_of_ones_own(api):
    await api.refused(422, "POST", ADD, json={"campaign_id": api.number}, field="phone_numbers")
    await api.refused(422, "POST", ADD, json={"phone_numbers": ["2223334444"]}, field="campaign_id")
    body = {"campaign_id": api.number, "phone_numbers": ["2223334444"]}
    await api.refused(404, "POST", ADD, json=body, token=api.other)
    await api.refused(404, "POST", ADD, json=body | {"campaign_id": 999})
    await api.refused(422, "PATCH", f"/api/campaigns/{api.number}", json=body, field="phone_numbers")
    assert await api.rows(QUEUE) == []


async def test_too_much_is_413(api):
    await api.refused(413, "POST", ADD, data=form(api.number, io.BytesIO(b"2223334444\n" * 500_000)))
    await api.refused(413, "POST", ADD, data=form(api.number, b"1", more="x" * 5000))
    await api.refused(413, "POST", "/api/schedules", data={"nickname": "x" * 5000})
    for text in ("1" * 200_000, '"' * 200_000):
        body = json.dumps({"campaign_id": api.number, "phone_numbers": text})
        await api.refused(413, "POST", ADD, data=body)


async def test_imports_into_one_campaign_queue_up(api):
    async def add():
        return await api.ok("POST", ADD, json={"campaign_id": api.number, "phone_numbers": many(3000)})

    answers = await asyncio.gather(*(add() for _ in range(6)))
    assert [answer["response"]["added"] for answer in answers] == [3000] * 6
    assert await api.rows("SELECT count(*), min(seq), max(seq) FROM calls") == [(18_000, 1, 18_000)]
    # The lists did not mix: each stretch of 3000 begins and ends with the same entries.
    assert await api.rows("SELECT count(*) FROM calls WHERE seq % 3000 = 1 AND message_reference = 'r2000000'") == [
        (6,)
    ]
