"""The pages themselves: which there are, what each may load and do, and the routes to them and their files."""

from __future__ import annotations

from typing import NamedTuple

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from services.api.errors import not_found
from services.api.web.manifest import HERE
from services.api.web.static import HTML, File, Statics, send

EVENTS_DOCUMENT = "/asyncapi.json"
# Nothing but what this origin serves, no script inside a page, and no page inside another one.
_STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# The documentation's bundles write their styles into the page as they go.
_STYLED = _STRICT.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'").replace(
    "data:;", "data: blob:; font-src 'self' data:;"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Page(NamedTuple):
    """A page: its address, its file, its policy, and the files of others without which it shows nothing."""

    path: str
    file: str
    policy: str
    needs: tuple[str, ...]


CONSOLE = Page("/console", "console.html", _STRICT, ("preact-htm.js", "uplot.js", "uplot.css"))
DOCS = Page("/docs", "docs.html", _STYLED, ("scalar.js",))
EVENTS = Page("/docs/events", "events.html", _STYLED, ("redoc.js",))


def add_pages(app: web.Application) -> None:
    """Serve the pages to everybody: they hold nothing, and ask the API with the token of whoever sits before them."""
    statics = Statics()
    has_events = any(each.canonical == EVENTS_DOCUMENT for each in app.router.resources())
    app.router.add_get("/", _go_to(CONSOLE.path))
    for page in (DOCS, EVENTS, CONSOLE):
        file = page.file if page is not EVENTS or has_events else "no-events.html"
        show = _show(page, _fill(file, statics, page.needs))
        for path in (page.path, page.path + "/"):
            app.router.add_get(path, show)
    app.router.add_get(CONSOLE.path + "/{place:.+}", _show(CONSOLE, _fill(CONSOLE.file, statics, CONSOLE.needs)))
    app.router.add_get("/static/{version}/{name:.+}", _hand_out(statics))


def _fill(name: str, statics: Statics, needs: tuple[str, ...]) -> File:
    """Return a page's file with the addresses of its parts; without them, the page that says how to get them."""
    there = statics.missing.isdisjoint(needs)
    text = (HERE / "pages" / (name if there else "missing.html")).read_text(encoding="utf-8")
    return File.of(HTML, text.replace("{static}", f"/static/{statics.version}").encode())


def _show(page: Page, file: File) -> Handler:
    headers = _HEADERS | {"Content-Security-Policy": page.policy}

    async def show(request: web.Request) -> web.StreamResponse:
        return await send(request, file, headers, for_ever=False)

    return show


def _go_to(path: str) -> Handler:
    async def go(_: web.Request) -> web.Response:
        return web.Response(status=302, headers=_HEADERS | {hdrs.LOCATION: path, hdrs.CACHE_CONTROL: "no-cache"})

    return go


def _hand_out(statics: Statics) -> Handler:
    headers = _HEADERS | {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}

    async def hand_out(request: web.Request) -> web.StreamResponse:
        file = statics.find(request.match_info["name"])
        if file is None:
            raise not_found("file")
        # A page of another version, still open somewhere, gets what there is, and keeps it for this once.
        return await send(request, file, headers, for_ever=request.match_info["version"] == statics.version)

    return hand_out
