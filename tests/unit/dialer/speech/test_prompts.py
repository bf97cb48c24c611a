"""Prompts ready for a line: spoken once for all who ask, whoever of them goes."""

from __future__ import annotations

import asyncio
from dataclasses import fields, replace
from datetime import timedelta

import pytest

from services.dialer.speech.g711 import encode
from services.dialer.speech.prompt_files import PromptFiles
from services.dialer.speech.prompts import Prompts, name_of
from services.dialer.speech.synthesiser import CannotSay
from services.dialer.vxml.prompts import Speech
from shared.clock import Clock
from tests.support.sound import Engine, tone

HELLO = Speech("Hello.", "en-US")


class Slow(Engine):
    """Speaks when it is let."""

    def __init__(self, **about):
        super().__init__(**about)
        self.begun = asyncio.Event()
        self.let = asyncio.Event()

    async def say(self, speech):
        self.begun.set()
        await self.let.wait()
        return await super().say(speech)


@pytest.fixture
def files(tmp_path):
    return PromptFiles(tmp_path, max_bytes=1 << 24, max_age=timedelta(days=1), clock=Clock())


@pytest.mark.parametrize("encoding", ["PCMU", "PCMA"])
async def test_a_prompt_is_what_the_engine_said(encoding):
    assert await Prompts(Engine()).ready(HELLO, encoding) == encode(tone(440, 1.0), encoding)


async def test_it_is_spoken_once(files):
    engine = Engine()
    prompts = Prompts(engine, files)
    assert await prompts.ready(HELLO, "PCMU") == await prompts.ready(HELLO, "PCMU")
    await Prompts(engine, files).ready(HELLO, "PCMU")  # another process
    assert engine.said == ["Hello."]
    await prompts.ready(HELLO, "PCMA")
    assert engine.said == ["Hello.", "Hello."]


async def test_many_calls_at_once_wait_for_one():
    engine = Slow()
    prompts = Prompts(engine)
    calls = [asyncio.create_task(prompts.ready(HELLO, "PCMU")) for _ in range(50)]
    await engine.begun.wait()
    engine.let.set()
    assert len(set(await asyncio.gather(*calls))) == 1
    assert engine.said == ["Hello."]


async def test_when_the_call_that_asked_first_goes_another_goes_on():
    engine = Slow()
    prompts = Prompts(engine)
    first, *others = [asyncio.create_task(prompts.ready(HELLO, "PCMU")) for _ in range(5)]
    await engine.begun.wait()
    first.cancel()
    engine.let.set()
    assert len(set(await asyncio.gather(*others))) == 1
    assert engine.said == ["Hello."]


async def test_a_call_that_waits_may_go():
    engine = Slow()
    prompts = Prompts(engine)
    first, second, third = [asyncio.create_task(prompts.ready(HELLO, "PCMU")) for _ in range(3)]
    await engine.begun.wait()
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    engine.let.set()
    assert await first == await third


async def test_a_failure_is_everybodys_and_nobody_elses_afterwards():
    engine = Slow(cannot=("Hello.",))
    prompts = Prompts(engine)
    calls = [asyncio.create_task(prompts.ready(HELLO, "PCMU")) for _ in range(3)]
    await engine.begun.wait()
    engine.let.set()
    assert [type(each) for each in await asyncio.gather(*calls, return_exceptions=True)] == [CannotSay] * 3
    engine._cannot = ()
    assert await prompts.ready(HELLO, "PCMU")


async def test_the_memory_holds_so_much_and_the_latest():
    engine = Engine()
    prompts = Prompts(engine, memory=20_000)
    for text in ("a", "b", "a", "c", "a", "b"):
        await prompts.ready(Speech(text), "PCMU")
    assert engine.said == ["a", "b", "c", "b"]


async def test_a_prompt_larger_than_the_memory_is_given_to_all_the_same():
    engine = Slow()
    prompts = Prompts(engine, memory=100)
    calls = [asyncio.create_task(prompts.ready(HELLO, "PCMU")) for _ in range(3)]
    await engine.begun.wait()
    engine.let.set()
    assert [len(each) for each in await asyncio.gather(*calls)] == [8000] * 3
    assert engine.said == ["Hello."]


def test_all_that_can_be_heard_is_in_a_prompts_name():
    names = {name_of(("e", "1"), HELLO, "PCMU"), name_of(("e", "1"), HELLO, "PCMA"), name_of(("e", "2"), HELLO, "PCMU")}
    names |= {name_of(("e", "1"), replace(HELLO, **{each.name: "x"}), "PCMU") for each in fields(Speech)}
    names.add(name_of(("e", "1"), Speech("Hello.en-US"), "PCMU"))
    assert len(names) == 3 + len(fields(Speech)) + 1
    assert name_of(("e", "1"), Speech("Hello.", "en-US"), "PCMU") in names
