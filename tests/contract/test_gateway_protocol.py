"""What a dialer asks of a gateway, and what it makes of the answers: those of one that only speaks, and of none."""

from __future__ import annotations

import contextlib
import json
import socket
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import web

from services.dialer.carriers.gateway import GatewayCarrier
from services.dialer.carriers.gateway_protocol import PromptRequest, told
from services.dialer.carriers.port import CarrierError, Order
from services.dialer.vxml.ports import HungUp, Input, Played, RecordRequest, TransferRequest, Unsupported
from services.dialer.vxml.prompts import Audio, Break, Mark, Speech
from shared.clock import Clock, Reading

PIECES = (
    Speech("Good morning.", "en-US", "female", rate="slow"),
    Audio("http://application.test/a.wav", (Speech("Hello."), Break(0.5)), timeout=2.0),
    Break(1.5),
    Audio("recording:1", body=b"RIFF"),
    Mark("end"),
)
RECORDING = RecordRequest(beep=True, max_time=60, final_silence=3, timeout=5, dtmf_term=True, type="audio/x-wav")
TRANSFER = TransferRequest("tel:+12125550100", "bridge", connect_timeout=30, max_time=0, aai="ticket 7")


class Gateway:
    """Answers every request of a conversation with what was prepared for it."""

    def __init__(self, status=204, body=b""):
        self.status, self.body = status, body if isinstance(body, bytes) else json.dumps(body).encode()
        self.asked = []

    async def place(self, _):
        return web.json_response({"callee_type": "voice"})

    async def converse(self, request):
        self.asked.append((request.match_info["what"], await request.json()))
        return web.Response(status=self.status, body=self.body)

    async def hang_up(self, _):
        self.asked.append(("hang up", None))
        return web.Response(status=204)


@contextlib.asynccontextmanager
async def on_a_call(gateway, *, rate=500):
    clock = Clock(Reading(Clock().now(), Clock().monotonic(), rate=rate))
    app = web.Application()
    app.add_routes(
        [
            web.post("/calls", gateway.place),
            web.post("/calls/{attempt}/{what}", gateway.converse),
            web.delete("/calls/{attempt}", gateway.hang_up),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listener).start()
    carrier = GatewayCarrier(f"http://127.0.0.1:{listener.getsockname()[1]}", clock)
    try:
        yield await carrier.place(Order("1-1-0", clock.now() + timedelta(hours=1), "+12125550100"))
    finally:
        await carrier.close()
        await runner.cleanup()


async def test_a_prompt_is_told_as_pieces_and_as_one_text_for_gateways_that_only_speak():
    gateway = Gateway()
    async with on_a_call(gateway) as call:
        assert (await call.play(PIECES, bargein=True)).input is None
    (what, asked), *_ = gateway.asked
    assert (what, asked["text"], asked["bargein"]) == ("prompts", "Good morning. Hello.", True)
    assert asked["pieces"][0] == {
        "type": "speech", "text": "Good morning.", "lang": "en-US", "voice": "female", "rate": "slow",
    }  # fmt: skip
    assert PromptRequest.model_validate(asked).read() == PIECES


def test_a_dialer_that_only_sends_text_is_understood():
    assert PromptRequest.model_validate({"text": "Hello."}).read() == (Speech("Hello."),)


@pytest.mark.parametrize(
    ("told", "heard"),
    [
        ({"text": "#"}, Input("#")),
        ({"text": "yes please", "mode": "voice", "confidence": 0.4}, Input("yes please", "voice", 0.4)),
        (None, None),
    ],
)
async def test_what_is_heard_is_told_by_prompts_and_inputs_alike(told, heard):
    async with on_a_call(Gateway(200, {"input": told})) as call:
        assert (await call.play(PIECES, bargein=True)).input == heard
        assert await call.listen(within=1) == heard


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_a_gateway_that_cannot_listen_hears_silence_and_knows_no_record_and_no_transfer(status):
    gateway = Gateway(status)
    async with on_a_call(gateway) as call:
        lasted = call.duration
        assert await call.listen(within=60) is None
        assert call.duration - lasted >= timedelta(seconds=60)
        assert len(gateway.asked) == 1
        with pytest.raises(Unsupported, match="record"):
            await call.record(RECORDING)
        with pytest.raises(Unsupported, match="transfer"):
            await call.transfer(TRANSFER)


async def test_a_long_wait_is_made_of_short_requests():
    gateway = Gateway(200, {"input": None})
    async with on_a_call(gateway) as call:
        assert await call.listen(within=60) is None
        assert await call.listen(within=0) is None
    assert [asked["within"] for _, asked in gateway.asked] == [25, 25, 10, 0]


async def test_what_is_to_be_recorded_and_transferred_is_told():
    gateway = Gateway(200, {"recording": None, "result": "busy"})
    async with on_a_call(gateway) as call:
        assert await call.record(RECORDING) is None
        assert (await call.transfer(TRANSFER)).result == "busy"
    assert gateway.asked == [
        (
            "recordings",
            {"beep": True, "max_time": 60, "final_silence": 3, "timeout": 5, "dtmf_term": True, "type": "audio/x-wav"},
        ),
        (
            "transfers",
            {
                "destination": "tel:+12125550100",
                "type": "bridge",
                "connect_timeout": 30,
                "max_time": 0,
                "aai": "ticket 7",
                "audio": None,
            },
        ),
    ]


async def test_the_last_mark_is_told_and_a_gateway_that_only_speaks_tells_none():
    async with on_a_call(Gateway(200, {"input": None, "mark": "end", "after": 1.5})) as call:
        assert await call.play(PIECES, bargein=True) == Played(None, "end", 1.5)
    async with on_a_call(Gateway()) as call:
        assert await call.play(PIECES, bargein=True) == Played()


async def test_a_recording_comes_as_base64():
    told = {"audio": "UklGRg==", "duration": 1.5, "hung_up": True}
    async with on_a_call(Gateway(200, {"recording": told})) as call:
        recording = await call.record(RECORDING)
        assert (recording.audio, recording.duration, recording.hung_up) == (b"RIFF", 1.5, True)
        with pytest.raises(HungUp):
            await call.play(PIECES, bargein=False)


async def test_410_is_the_end_of_the_call():
    gateway = Gateway(410)
    async with on_a_call(gateway) as call:
        for _ in "twice":
            with pytest.raises(HungUp):
                await call.listen(within=1)
        await call.disconnect()
        await call.disconnect()
    assert [what for what, _ in gateway.asked] == ["inputs", "hang up"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b""),
        (302, b""),
        (200, b""),
        (200, b"[]"),
        (200, {}),
        (200, {"input": {"text": "12"}}),
        (200, {"input": {"text": "", "mode": "voice"}}),
        (200, {"input": {"text": "yes", "mode": "voice", "confidence": 2}}),
        (200, {"recording": {"audio": "UklGR", "duration": 1}, "result": "of no kind"}),
        (200, {"recording": {"audio": "", "duration": -1}, "result": "busy", "duration": -1}),
    ],
)
async def test_an_answer_of_no_kind_is_a_fault_of_the_carrier(status, body):
    async with on_a_call(Gateway(status, body)) as call:
        for what in (
            call.play(PIECES, bargein=True),
            call.listen(within=1),
            call.record(RECORDING),
            call.transfer(TRANSFER),
        ):
            with pytest.raises(CarrierError):
                await what


class Listening:
    """Whoever hears keys holds the grammars that are active: to copy them takes a tenth of a second."""

    def ends(self, _):
        return True

    def __deepcopy__(self, _):
        raise AssertionError("it was copied")


@pytest.mark.parametrize("request_", [RECORDING, TRANSFER])
def test_who_listens_meanwhile_is_not_told_to_a_gateway_and_not_copied_for_it(request_):
    assert told(replace(request_, ends=Listening().ends)) == told(request_)
    assert "ends" not in told(request_)
