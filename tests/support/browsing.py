"""A real browser on our pages: what it may not do there is watched on every page, and told at the end."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, async_playwright

from services.api.web.fetching import NotFetched, fetch
from services.api.web.manifest import FOLDER
from tests.support.servers import NoServerError

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 780}
_PATIENCE_MS = 15_000
_REFUSED = re.compile(r"Failed to load resource: the server responded with a status of (\d{3})")
# What a check of accessibility finds, in a line for each: the rule, and where.
_AXE = """async (within) => (await axe.run(within ?? document)).violations.flatMap(
    ({ id, help, nodes }) => nodes.map(
        ({ html, any }) => `${id} (${help}): ${html.slice(0, 160)} ${any[0]?.message ?? ""}`))"""


def find_chromium() -> str:
    """Return the path of a browser (CHROMIUM names another one), with the files of the pages fetched.

    Raises:
        NoServerError: there is none, or the files cannot be had.
    """
    named = os.environ.get("CHROMIUM")
    path = named or next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        raise NoServerError("no Chromium is installed (Debian, Ubuntu: apt install chromium), and CHROMIUM names none")
    try:
        fetch(with_tests=True)
    except NotFetched as error:
        raise NoServerError(f"the pages' files are not here: {error}") from error
    return path


@contextlib.asynccontextmanager
async def open_browser(path: str) -> AsyncIterator[Browser]:
    """Run the browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Visitor:
    """Somebody before a page of ours, and all that went wrong there."""

    page: Page
    origin: str
    faults: list[str] = field(default_factory=list)
    refusals: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(_PATIENCE_MS)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.faults.append(f"error on {self.page.url}: {error}"))
        self.page.on("request", self._see)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        refused = _REFUSED.match(message.text)
        if refused and "/api/" in message.location.get("url", ""):
            self.refusals.append(
                int(refused[1])
            )  # a browser calls every refusal an error: the story says which it expects
        else:
            self.faults.append(f"{message.type} on {self.page.url}: {message.text}")

    def _see(self, request: Request) -> None:
        if not request.url.startswith((self.origin + "/", "data:", "blob:" + self.origin)):
            self.faults.append(f"request to another origin on {self.page.url}: {request.url}")

    async def go(self, path: str) -> None:
        """Open a page of the house."""
        await self.page.goto(self.origin + path)

    async def fill(self, **fields: str) -> None:
        """Write into fields, by their ids."""
        for name, text in fields.items():
            await self.page.locator(f"#{name}").fill(text)

    async def press(self, name: str, **how: Any) -> None:
        """Press the one button of this name."""
        await self.page.get_by_role("button", name=name, exact=True, **how).click()

    async def sees(self, *texts: str, within: float = _PATIENCE_MS) -> None:
        """Wait until each text is to be seen."""
        for text in texts:
            await self.page.get_by_text(text).locator("visible=true").first.wait_for(timeout=within)

    async def check_access(self, within: str | None = None) -> None:
        """Nothing on the page, or within an element of it, keeps anybody out."""
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate((FOLDER / "axe.js").read_text(encoding="utf-8"))
        found = await self.page.evaluate(_AXE, within)
        assert not found, "\n".join([f"{self.page.url} keeps people out:", *found])

    async def check_width(self) -> None:
        """Nothing makes the page wider than its window."""
        wide = await self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{self.page.url} is {wide} px wider than its window"


@contextlib.asynccontextmanager
async def visit(
    browser: Browser, origin: str, *, token: str | None = None, refused: tuple[int, ...] = (), **context: Any
) -> AsyncIterator[Visitor]:
    """Bring somebody to a house, signed in when there is a token; no page may have had a fault in the end.

    `refused` are the statuses with which the API says no in this story.
    """
    held: BrowserContext = await browser.new_context(**{"viewport": DESK, "reduced_motion": "reduce", **context})
    if token:
        await held.add_init_script(f"sessionStorage.setItem('paceline.token', '{token}')")
    visitor = Visitor(await held.new_page(), origin)
    try:
        yield visitor
    finally:
        await held.close()
    assert not visitor.faults, "\n".join(visitor.faults)
    assert set(visitor.refusals) == set(refused)
