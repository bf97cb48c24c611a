"""What every carrier must do; a new one joins the fixture."""

import asyncio
import contextlib
import io
import socket
import wave
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import web

from demo.exchange import Exchange, make_exchange
from services.dialer.carriers.fates import fate_of
from services.dialer.carriers.gateway import GatewayCarrier
from services.dialer.carriers.port import CarrierError, Cause, NotAnswered, NotPlaced, Order, RepeatedAttempt
from services.dialer.carriers.simulated import SimulatedCarrier
from services.dialer.vxml.ports import HungUp, Input, RecordRequest, TransferRequest
from services.dialer.vxml.prompts import Mark, Speech
from shared.clock import Clock, Reading
from shared.domain.call_state import CalleeType


@pytest.fixture
def clock():
    real = Clock()
    return Clock(Reading(real.now(), real.monotonic(), rate=500))


@pytest.fixture
def simulated(clock):
    return SimulatedCarrier(clock, seed=7)


@contextlib.asynccontextmanager
async def serve(app):
    """Run an exchange and yield its address."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listener).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    await runner.cleanup()


@pytest.fixture(params=["simulated", "gateway"])
async def carrier(request, simulated, clock, monkeypatch):
    # A machine that stands still for a moment has been silent for half a minute of this clock.
    monkeypatch.setattr("demo.exchange._PATIENCE", timedelta(hours=1))
    if request.param == "simulated":
        yield simulated
        return
    async with serve(make_exchange(Exchange(simulated, clock))) as url:
        gateway = GatewayCarrier(url, clock)
        yield gateway
        await gateway.close()


@pytest.fixture
def order(clock):
    def ordered(ending, attempt="1-1-0", *, good_for=timedelta(hours=1)):
        return Order(attempt, clock.now() + good_for, f"+12125550{100 + int(ending)}")

    return ordered


async def test_an_answered_call_is_spoken_on_and_remembered(carrier, clock, order):
    begun = clock.now()
    call = await carrier.place(order(0))
    answered = clock.now()
    seen = await carrier.lookup("1-1-0")
    assert seen.placed_at >= begun
    assert seen.ended_at is None
    await call.play([Speech("Good morning, this is a call.")], bargein=False)
    leaving = clock.now()
    await call.disconnect()
    over = clock.now()
    await call.disconnect()
    assert call.callee_type is CalleeType.VOICE
    assert call.duration >= timedelta(seconds=1)
    seen = await carrier.lookup("1-1-0")
    assert (seen.cause, seen.callee_type) == (None, CalleeType.VOICE)
    # Whoever connects them, the answer and the end are told a moment later than they were.
    assert all(leaving - answered <= duration <= over - begun for duration in (seen.duration, call.duration))
    with pytest.raises(HungUp):
        await call.play([Speech("Too late.")], bargein=False)


@pytest.mark.parametrize(
    ("ending", "cause"),
    [(1, Cause.BUSY), (2, Cause.NO_ANSWER), (3, Cause.REJECTED), (4, Cause.UNREACHABLE), (5, Cause.INVALID)],
)
async def test_an_unanswered_call_says_why_and_so_does_the_lookup(carrier, order, ending, cause):
    with pytest.raises(NotAnswered) as end:
        await carrier.place(order(ending))
    assert end.value.cause is cause
    seen = await carrier.lookup("1-1-0")
    assert seen.cause is cause
    assert seen.ended_at > seen.placed_at


@pytest.mark.parametrize(("ending", "who"), [(7, CalleeType.ANSWERING_MACHINE), (9, CalleeType.FAX)])
async def test_who_answered_is_told(carrier, order, ending, who):
    call = await carrier.place(order(ending))
    assert call.callee_type is who


async def test_a_callee_may_hang_up_in_the_middle_of_a_prompt(carrier, order):
    call = await carrier.place(order(8))
    with pytest.raises(HungUp):
        await call.play([Speech("A very long prompt. " * 500)], bargein=False)
    assert call.duration < timedelta(seconds=600)  # that the prompt lasts
    assert (await carrier.lookup("1-1-0")).ended_at is not None


def question(text="Press one to go on, or two to leave."):
    return [Speech(text), Mark("asked")]


@pytest.fixture
async def answered(carrier, order):
    async def answered(ending):
        return await carrier.place(order(ending))

    return answered


async def test_a_key_is_heard_at_a_question(answered):
    call = await answered("00")
    assert (await call.play(question(), bargein=True)).input is None  # he waits for the end
    assert await call.listen(within=5) == Input("1")
    assert await call.listen(within=3) is None


async def test_a_key_cuts_a_prompt_short_where_it_may(answered):
    call = await answered("16")
    assert (await call.play(question(), bargein=False)).input is None
    assert (await call.play(question("A very long prompt. " * 1000), bargein=True)).input == Input("1")
    assert call.duration < timedelta(seconds=600)  # of 1200 that the prompt lasts


async def test_the_last_mark_that_was_reached_is_told(answered):
    call = await answered("16")
    question = [Speech("One."), Mark("first"), Speech("A very long prompt. " * 200), Mark("never")]
    whole = await call.play(question[:3], bargein=False)
    cut = await call.play(question, bargein=True)
    assert (whole.mark, whole.after > 60) == ("first", True)
    assert (cut.mark, cut.input, 0 <= cut.after < 10) == ("first", Input("1"), True)


async def test_keys_come_one_after_the_other_and_none_is_lost_between_two_requests(answered, clock):
    call = await answered("14")
    assert (await call.play(question(), bargein=True)).input is None
    heard = []
    for _ in "1234#":
        heard.append(await call.listen(within=5))
        await clock.sleep_for(timedelta(seconds=10))
    assert heard == [Input(key) for key in "1234#"]
    assert await call.listen(within=3) is None


async def test_keys_typed_ahead_answer_the_next_question(answered):
    call = await answered("14")
    assert await call.listen(within=5) == Input("1")
    assert (await call.play(question(), bargein=True)).input == Input("2")


async def test_keys_that_come_where_nothing_may_be_cut_short_are_lost(answered):
    call = await answered("14")
    assert await call.listen(within=5) == Input("1")
    assert (await call.play(question(), bargein=False)).input is None
    assert await call.listen(within=5) == Input("1")  # to the new question


async def test_words_are_heard(answered):
    call = await answered("17")
    assert await call.listen(within=5) == Input("yes", "voice")


@pytest.mark.parametrize("ending", ["11", "07", "09"])
async def test_silence_takes_as_long_as_it_was_waited_for(answered, clock, ending):
    call = await answered(ending)
    began = clock.now()
    assert (await call.play(question(), bargein=True)).input is None
    assert await call.listen(within=70) is None
    assert clock.now() - began >= timedelta(seconds=71)


async def test_a_callee_hangs_up_at_a_question(answered, carrier):
    call = await answered("13")
    assert (await call.play(question(), bargein=True)).input is None
    with pytest.raises(HungUp):
        await call.listen(within=60)
    assert (await carrier.lookup("1-1-0")).ended_at is not None


RECORDING = RecordRequest(beep=True, max_time=60, final_silence=3, timeout=5, dtmf_term=True, type="audio/x-wav")


def seconds_of_audio(recording):
    with wave.open(io.BytesIO(recording.audio)) as audio:
        return audio.getnframes() / audio.getframerate()


async def test_a_callee_is_recorded_until_he_presses_a_key(answered):
    call = await answered("00")
    recording = await call.record(RECORDING)
    assert (recording.term_char, recording.max_time, recording.hung_up) == ("1", False, False)
    assert seconds_of_audio(recording) == recording.duration > 1


async def test_a_recording_has_an_end(answered):
    call = await answered("00")
    recording = await call.record(replace(RECORDING, max_time=2, dtmf_term=False))
    assert (recording.duration, recording.term_char, recording.max_time) == (2, None, True)


async def test_nothing_is_recorded_of_who_says_nothing(answered):
    call = await answered("11")
    assert await call.record(RECORDING) is None


@pytest.mark.parametrize(
    ("ending", "kind", "result"),
    [
        ("00", "bridge", "far_end_disconnect"),
        ("18", "bridge", "busy"),
        ("19", "bridge", "noanswer"),
        ("19", "consultation", "noanswer"),
        ("00", "consultation", "connection.disconnect.transfer"),
        ("19", "blind", "connection.disconnect.transfer"),
    ],
)
async def test_a_transfer_has_an_outcome(answered, ending, kind, result):
    call = await answered(ending)
    outcome = await call.transfer(TransferRequest("tel:+12125550100", kind, connect_timeout=30, max_time=0))
    assert outcome.result == result
    assert bool(outcome.duration) is (result == "far_end_disconnect")
    if result == "connection.disconnect.transfer":
        with pytest.raises(HungUp):
            await call.play(question(), bargein=False)


async def test_a_bridge_has_an_end(answered):
    call = await answered("00")
    outcome = await call.transfer(TransferRequest("tel:+12125550100", "bridge", connect_timeout=30, max_time=7))
    assert (outcome.result, outcome.duration) == ("maxtime_disconnect", 7)


@pytest.mark.parametrize(
    "what",
    [
        lambda call: call.play(question(), bargein=False),
        lambda call: call.listen(within=1),
        lambda call: call.record(RECORDING),
        lambda call: call.transfer(TransferRequest("tel:+12125550100", "bridge", connect_timeout=1, max_time=1)),
    ],
    ids=["play", "listen", "record", "transfer"],
)
async def test_nothing_is_done_on_a_call_that_has_ended(answered, what):
    call = await answered("00")
    await call.disconnect()
    lasted = call.duration
    with pytest.raises(HungUp):
        await what(call)
    await call.disconnect()
    assert call.duration == lasted


async def test_a_repeated_attempt_is_refused_and_not_placed(carrier, simulated, order):
    first = asyncio.gather(carrier.place(order(0)), carrier.place(order(0)), return_exceptions=True)
    results = await first
    assert [type(r) for r in results].count(RepeatedAttempt) == 1
    assert len(simulated.placed) == 1


async def test_what_was_never_placed_is_not_known(carrier):
    assert await carrier.lookup("9-9-9") is None


async def test_an_order_that_comes_too_late_is_not_placed_and_not_remembered(carrier, simulated, order):
    with pytest.raises(NotPlaced):
        await carrier.place(order(0, good_for=timedelta()))
    assert await carrier.lookup("1-1-0") is None
    assert not simulated.placed


async def test_a_gateway_that_cannot_be_reached_rang_nobody_and_cannot_say_what_became_of_others(clock, order):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    gateway = GatewayCarrier(f"http://127.0.0.1:{port}", clock)
    with pytest.raises(NotPlaced):
        await gateway.place(order(0))
    with pytest.raises(CarrierError):
        await gateway.lookup("1-1-0")
    await gateway.close()


@pytest.mark.parametrize(
    "told",
    [
        '"placed_at": "0001-01-01T00:00:00Z", "ended_at": "2026-01-01T00:00:00Z"',
        '"placed_at": "2026-01-01T00:00:00Z", "ended_at": "9999-01-01T00:00:00Z"',
        '"placed_at": "2026-01-01T00:00:00Z", "ended_at": "2026-01-01T00:00:00Z", "duration": 2147483647.6',
    ],
)
async def test_what_a_gateway_remembers_fits_into_a_letter_or_is_not_understood(clock, told):
    """It would spoil the letter about two hundred other calls."""

    async def remember(_):
        return web.Response(text=f"{{{told}}}", content_type="application/json")

    app = web.Application()
    app.router.add_get("/calls/{attempt}", remember)
    async with serve(app) as url:
        gateway = GatewayCarrier(url, clock)
        with pytest.raises(CarrierError, match="not understood: 1 faults"):
            await gateway.lookup("1-1-0")
        await gateway.close()


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{", b"HTTP/1.1 500 No\r\n\r\n", b"x"])
async def test_a_gateway_that_breaks_off_may_have_rung(clock, order, answer):
    async def break_off(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(break_off, "127.0.0.1", 0)
    gateway = GatewayCarrier(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", clock)
    with pytest.raises(CarrierError):
        await gateway.place(order(0))
    await gateway.close()
    server.close()
    await server.wait_closed()


def test_the_mix_depends_on_seed_number_and_reference_only(clock):
    orders = [Order(f"1-1-{n}", clock.now(), f"+1646555{n:04}", message_reference=f"r{n}") for n in range(2000)]
    fates = [fate_of(each, seed=1) for each in orders]
    assert fates == [fate_of(each, seed=1) for each in orders]
    assert fates != [fate_of(each, seed=2) for each in orders]
    answered = sum(fate.cause is None for fate in fates)
    assert 0.7 < answered / len(fates) < 0.9
