"""The pages as files: which there are, what is said with each, and how the files of others come and are checked."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import io
import os
import socket
import tarfile
from base64 import b64encode

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from services.api.app import build
from services.api.errors import error_middleware
from services.api.settings import ApiSettings
from services.api.web import fetching, static
from services.api.web.fetching import NotFetched, fetch, list_missing, unpack
from services.api.web.manifest import Package, Packed, read_manifest
from services.api.web.pages import add_pages
from services.api.web.static import Statics
from shared.clock import Clock
from shared.db.pool import Database
from shared.runtime.service import Platform
from tests.support.waiting import until

PAGES = ("/console", "/console/", "/console/campaigns/1", "/docs", "/docs/events")


@pytest.fixture
def vendor(tmp_path, monkeypatch):
    """A folder in which every file of others is, each with its name in it."""
    for package in read_manifest():
        for file in package.files:
            (tmp_path / file.name).write_bytes(file.name.encode() * 9999)
            (tmp_path / f"{file.name}.gz").write_bytes(gzip.compress(file.name.encode() * 9999))
    monkeypatch.setattr(static, "FOLDER", tmp_path)
    return tmp_path


class AsInTheHouse(TestServer):
    """A handler goes on when its client has gone."""

    async def _make_runner(self, **how):
        return await super()._make_runner(**(how | {"handler_cancellation": False}))


async def describe_events(_):
    return web.json_response({})


async def open_pages(*, events=False):
    app = web.Application(middlewares=[error_middleware(Clock())])
    if events:
        app.router.add_get("/asyncapi.json", describe_events)
    add_pages(app)
    return TestClient(AsInTheHouse(app, skip_url_asserts=True), auto_decompress=False)


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_loads_nothing_from_elsewhere_and_stands_in_no_frame(vendor, path):
    async with await open_pages() as http, http.get(path) as answer:
        assert answer.status == 200
        policy = dict(each.strip().split(" ", 1) for each in answer.headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert policy["script-src"] == policy["connect-src"] == "'self'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Request-ID"]
        assert answer.headers["Cache-Control"] == "no-cache"
        assert "://" not in gzip.decompress(await answer.read()).decode()


async def test_the_console_may_not_even_write_styles_into_itself(vendor):
    async with await open_pages() as http, http.get("/console") as answer:
        assert "unsafe" not in answer.headers["Content-Security-Policy"]


async def test_the_root_leads_to_the_console(vendor):
    async with await open_pages() as http, http.get("/", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, "/console")


async def test_every_file_a_page_names_is_there(vendor):
    async with await open_pages(events=True) as http:
        for path in PAGES:
            async with http.get(path, headers={"Accept-Encoding": "identity"}) as answer:
                page = await answer.text()
            named = [piece.split('"')[0] for piece in page.split('="/static/')[1:]]
            assert named
            for name in named:
                async with http.get(f"/static/{name}") as answer:
                    assert answer.status == 200, name


async def test_a_file_is_kept_for_ever_under_its_version_and_asked_again_under_another(vendor):
    version = Statics().version
    async with await open_pages() as http:
        async with http.get(f"/static/{version}/console/app.js") as answer:
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            tag = answer.headers["ETag"]
        async with http.get("/static/0123456789abcdef/console/app.js") as answer:
            assert answer.headers["Cache-Control"] == "no-cache"
        async with http.get(f"/static/{version}/console/app.js", headers={"If-None-Match": tag}) as answer:
            assert (answer.status, await answer.read()) == (304, b"")


async def test_a_version_changes_with_any_file(vendor, monkeypatch):
    before = Statics().version
    (vendor / "uplot.css.gz").unlink()
    assert Statics().version != before


@pytest.mark.parametrize("accepted", ["gzip", "identity"])
async def test_a_file_comes_whole_packed_or_not_and_a_head_says_how_long_it_is(vendor, accepted):
    path, headers = f"/static/{Statics().version}/vendor/scalar.js", {"Accept-Encoding": accepted}
    async with await open_pages() as http:
        async with http.get(path, headers=headers) as answer:
            body = await answer.read()
            length = answer.headers["Content-Length"]
            assert answer.headers["Vary"] == "Accept-Encoding"
        async with http.head(path, headers=headers) as answer:
            assert (answer.headers["Content-Length"], await answer.read()) == (length, b"")
    assert len(body) == int(length)
    assert (gzip.decompress(body) if accepted == "gzip" else body) == b"scalar.js" * 9999


async def test_a_reader_who_goes_away_is_no_failure(vendor):
    (vendor / "scalar.js.gz").write_bytes(gzip.compress(os.urandom(8 << 20), 0))
    path = f"/static/{Statics().version}/vendor/scalar.js"
    with capture_logs() as logged:
        async with await open_pages() as http:
            reader, writer = await asyncio.open_connection("127.0.0.1", http.port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n".encode())
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            writer.transport.abort()
            await until(lambda: logged)
    assert [(each["event"], each["status"]) for each in logged] == [("http.answered", 200)]


@pytest.mark.parametrize(
    "path",
    [
        "/static/x/../../../../../../etc/passwd",
        "/static/x/%2e%2e/%2e%2e/%2e%2e/pyproject.toml",
        "/static/x/console/..%2f..%2fpages.py",
        "/static/x//etc/passwd",
        "/static/x/pages.py",
        "/static/x/assets.json",
        "/static/x/vendor/axe.js",
        "/static/x/pages/console.html",
    ],
)
async def test_there_is_no_way_to_another_file(vendor, path):
    async with (
        await open_pages() as http,
        http.session.get(http.make_url("/").human_repr().rstrip("/") + path) as answer,
    ):
        assert answer.status == 404
        assert answer.headers["Content-Type"] == "application/problem+json"


async def test_without_the_files_of_others_a_page_says_how_to_get_them(vendor):
    (vendor / "scalar.js.gz").unlink()
    async with await open_pages() as http:
        for path, missing in (("/docs", True), ("/console", False)):
            async with http.get(path, headers={"Accept-Encoding": "identity"}) as answer:
                assert ("./run assets" in await answer.text()) is missing


async def test_events_are_shown_when_the_house_describes_them(vendor):
    for events, words in ((True, "<redoc"), (False, "no events to read about")):
        asked = {"headers": {"Accept-Encoding": "identity"}}
        async with await open_pages(events=events) as http, http.get("/docs/events", **asked) as answer:
            assert words in await answer.text()


@pytest.mark.parametrize("pages", [True, False])
async def test_a_house_may_have_no_pages(pages):
    platform = Platform(Clock(), Database("postgresql://nowhere", name="pages"), None, None)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        service = build(ApiSettings(pages=pages), platform, listener)
    paths = {each.canonical for each in service.workers[0]._app.router.resources()}
    assert ("/console" in paths) is pages
    assert "/api/campaigns" in paths


def tarball(**files):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def listed(content, *, sha256=None, integrity=None):
    integrity = integrity or "sha512-" + b64encode(hashlib.sha512(content).digest()).decode()
    wanted = Packed("a.js", "a.js", sha256 or hashlib.sha256(b"good").hexdigest())
    return Package("a", "1.0.0", "MIT", integrity, only_tests=False, files=(wanted,))


def test_what_is_fetched_is_what_is_listed(tmp_path):
    content = tarball(**{"a.js": b"good"})
    unpack(listed(content), content, tmp_path)
    assert (tmp_path / "a.js").read_bytes() == gzip.decompress((tmp_path / "a.js.gz").read_bytes()) == b"good"


@pytest.mark.parametrize("wrong", [{"sha256": "0" * 64}, {"integrity": "sha512-" + "A" * 86 + "=="}])
def test_what_is_not_what_is_listed_is_not_kept(tmp_path, wrong):
    content = tarball(**{"a.js": b"good"})
    with pytest.raises(NotFetched, match=r"is not what assets\.json lists"):
        unpack(listed(content, **wrong), content, tmp_path)
    assert not list(tmp_path.iterdir())


def test_without_npm_it_is_said_what_brings_one(tmp_path, monkeypatch):
    monkeypatch.setattr(fetching.shutil, "which", lambda _: None)
    with pytest.raises(NotFetched, match=r"\./run assets"):
        fetch(folder=tmp_path)


def test_what_is_there_and_right_is_not_fetched_again(tmp_path, monkeypatch):
    content = tarball(**{"a.js": b"good"})
    monkeypatch.setattr(fetching, "read_manifest", lambda: [listed(content)])
    monkeypatch.setattr(fetching.shutil, "which", lambda _: None)
    unpack(listed(content), content, tmp_path)
    assert fetch(folder=tmp_path) == []
    (tmp_path / "a.js").write_bytes(b"bad")
    assert [each.name for each in list_missing(folder=tmp_path)] == ["a"]
