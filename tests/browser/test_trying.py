"""An application is tried out in the console: whoever sits there is the callee, by keyboard or finger, and goes on."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from services.api.scopes import Scope
from services.api.tokens import create_token
from tests.support.browsing import DESK, PHONE, visit
from tests.support.scripted_callee import vxml

LOOKS = pytest.mark.parametrize(("scheme", "window"), [("light", DESK), ("dark", PHONE)], ids=["light", "dark"])
TALKS = vxml("""<form id="start"><field name="said"><prompt>Well?</prompt><option dtmf="1">yes</option>
<noinput>Hello?<reprompt/></noinput><filled><log label="heard" expr="said"/>
<prompt><audio src="bye.wav">Bye</audio></prompt><exit namelist="said"/></filled></field></form>""")
FAULTY = """<?xml version="1.0"?>
<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml">
  <form>
    <block>
      <goto/>
      <goto next="#nowhere"/>
    </block>
  </form>
</vxml>
"""


def talk(visitor):
    return visitor.page.get_by_role("log", name="The conversation")


async def call_document(visitor, document):
    await visitor.go("/console/try")
    await visitor.press("A document")
    await visitor.fill(document=document)
    await visitor.press("Call")
    await visitor.sees("It waits for an answer")


@LOOKS
async def test_a_call_goes_on_with_every_answer_and_keeps_nobody_out(browser, house, tenant, scheme, window):
    async with visit(browser, house.url, token=tenant.token, color_scheme=scheme, viewport=window) as visitor:
        await visitor.go("/console/try")
        await visitor.sees("what the application submits is really submitted")
        await visitor.fill(url=f"{house.tenant}/start?application=reminder", reference="order 4711")
        await visitor.page.keyboard.press("Enter")
        await visitor.sees("It waits for an answer", "Press 3 to hear this again.")
        await visitor.check_access()
        await visitor.check_width()
        await visitor.page.keyboard.type("9x")  # x is no key of a telephone
        await expect(visitor.page.locator("#keys")).to_have_value("9")
        await visitor.page.keyboard.press("Enter")
        await visitor.sees("3 s of silence", "nomatch", "Press 3 to hear this again.")
        await visitor.check_access()
        await visitor.page.keyboard.type("1")
        await visitor.page.keyboard.press("Enter")
        await visitor.sees("It came to its end", "confirmed", "Over after")
        await expect(talk(visitor)).to_be_focused()
        await expect(talk(visitor).locator("kbd")).to_have_text(["9", "1"])
        await visitor.page.get_by_text("The same in a terminal").click()
        await visitor.sees(
            f"paceline vxml play '{house.tenant}/start?application=reminder' --digits '9,1' --reference 'order 4711'"
        )
        await visitor.check_access()
        await visitor.check_width()


async def test_the_callee_has_keys_words_silence_and_may_hang_up(browser, house, tenant):
    async with visit(browser, house.url, token=tenant.token) as visitor:
        await call_document(visitor, TALKS)
        await visitor.press("Say nothing")
        await visitor.sees("5 s of silence", "noinput", "Hello?")
        await visitor.fill(words='"yes"')
        await visitor.press("Say")
        await visitor.sees("“yes”", "heard", "or else: Bye", "It came to its end")
        await expect(talk(visitor).get_by_label("What it gave")).to_contain_text('"said": "yes"')
        await visitor.check_access()
        await visitor.press("Take the last answer back")
        await visitor.sees("It waits for an answer", "Hello?")
        await visitor.press("Hang up")
        await visitor.sees("The callee hung up")
        await visitor.press("Start again")
        await visitor.sees("It waits for an answer")
        await expect(talk(visitor).get_by_text("Hello?")).to_have_count(0)
        await visitor.page.get_by_label("Cut the prompt short").check()
        for key in ("1", "#"):
            await visitor.press(key)
        await visitor.page.get_by_role("button", name="Delete the last key").click()
        await visitor.page.get_by_role("button", name="Press 1").click()
        await visitor.sees("cuts in", "It came to its end")


async def test_what_is_fetched_is_folded(browser, house, tenant):
    async with visit(browser, house.url, token=tenant.token) as visitor:
        await call_document(visitor, TALKS)
        address = talk(visitor).get_by_text("http://document.invalid/start.vxml")
        await expect(address).to_be_hidden()
        await visitor.page.get_by_text("Fetched start.vxml").click()
        await expect(address).to_be_visible()
        await visitor.check_access()


@LOOKS
async def test_faults_stand_beside_the_lines_of_a_document(browser, house, tenant, scheme, window):
    async with visit(browser, house.url, token=tenant.token, color_scheme=scheme, viewport=window) as visitor:
        await visitor.go("/console/try")
        await visitor.press("A document")
        await visitor.press("Check")
        await visitor.sees("No faults were found.")
        await visitor.fill(document=FAULTY)
        await visitor.press("Check")
        await visitor.sees("2 faults", "The document is refused", "needs exactly one of")
        await expect(visitor.page.locator(".gutter .refused")).to_have_text("5")
        await expect(visitor.page.locator(".gutter .thrown")).to_have_text("6")
        await visitor.check_access()
        await visitor.check_width()
        await visitor.press("Line 6")
        selected = "(({ value, selectionStart, selectionEnd }) => value.slice(selectionStart, selectionEnd))"
        assert (await visitor.page.evaluate(f"{selected}(document.activeElement)")).strip() == '<goto next="#nowhere"/>'
        await visitor.press("Call")
        await visitor.sees("An error ended it", "error.badfetch")
        await visitor.check_access()


async def test_a_campaign_leads_to_its_application(browser, house, tenant):
    async with visit(browser, house.url, token=tenant.token) as visitor:
        await visitor.go("/console/schedules")
        await visitor.page.get_by_role("link", name="Try out").click()
        await visitor.press(f"{house.tenant}/start")
        await expect(visitor.page.locator("#url")).to_have_value(f"{house.tenant}/start")
        await visitor.go(f"/console/campaigns/{tenant.waiting}")
        await visitor.page.get_by_role("link", name="Try it").click()
        await visitor.sees("Try an application")
        await expect(visitor.page.locator("#url")).to_have_value(f"{house.tenant}/start")
        await visitor.press("An answering machine")
        await visitor.press("Call")
        await visitor.page.get_by_text("Application").first.wait_for()


async def test_what_cannot_be_tried_is_said_beside_the_address(browser, house, tenant):
    async with visit(browser, house.url, token=tenant.token, refused=(422,)) as visitor:
        await visitor.go("/console/try")
        await visitor.fill(url="https://user@example.com/start.vxml")
        await visitor.press("Call")
        await visitor.sees("Must not hold a user name or password.", "What is wrong stands beside the field.")
        await visitor.fill(url=f"{house.tenant}/nothing")
        await visitor.press("Check")
        await visitor.sees("Answered with HTTP status 404.")
        await visitor.check_access()


async def test_a_token_that_may_not_is_told(browser, house):
    token, _ = await create_token(house._database, "only-reads", house.clock.now(), scopes=[Scope.READ])
    async with visit(browser, house.url, token=token, refused=(403,)) as visitor:
        await visitor.go(f"/console/try?url={house.tenant}/start")
        await visitor.press("Call")
        await visitor.sees("needs the scope `write`")
