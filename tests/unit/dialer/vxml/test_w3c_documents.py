"""The W3C's own test documents, where they are at hand: the environment variable W3C_VXML_IR names their folder.

They are read, never copied. What the W3C leaves to the runner, its `conf:` elements, is turned into VoiceXML here; a
callee says what they tell him to say.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from services.dialer.vxml.documents import SRGS, VXML
from services.dialer.vxml.interpreter import interpret
from services.dialer.vxml.ports import (
    FetchFailed,
    FetchRequest,
    FetchResponse,
    Input,
    Played,
    Recording,
    RecordRequest,
    TransferOutcome,
    TransferRequest,
)
from services.dialer.vxml.prompts import Piece
from services.dialer.vxml.quickjs_engine import QuickJs
from tests.support.scripted_callee import HANG_UP, SILENCE, SITE, Line

CONF = "{http://www.w3.org/2002/vxml-conformance}"
VARIABLE = "W3C_VXML_IR"
# What a callee is told to do, as his prompts say it.
DONE = {
    "speech": "(say {})",
    "nomatch": "(say {})",
    "dtmf": "(key {})",
    "noinput": SILENCE,
    "hangup": HANG_UP,
    "recording": "(is recorded)",
}
TOLD = re.compile(r"\((?:say|key) [^)]*\)|" + re.escape(HANG_UP) + "|" + re.escape(SILENCE))

# What a document does not say to its runner: what becomes of a transfer, and what the callee does unasked.
TRANSFERS = {"301": "busy", "302": "network_busy"}
CALLEES = {"523": [SILENCE, SILENCE, "[delta]"]}
# A person listens to these: what must have been played, in this order; 165 must end and say nothing of a failure.
LISTENED = {name: ["alpha", "bravo", "charlie", "delta"] for name in ("216", "217", "219")}
LISTENED |= {"1162": ["pass"], "369": [f"<{SITE}369.wav>", "pass"], "assert165": []}
# Documents that others refer to, and that are not among them.
MISSING = {
    "appRootDoc.vxml": '<vxml version="2.0"><var name="appRootVar" expr="1"/></vxml>',
    "assert185-b.vxml": """<vxml version="2.0"><form id="form3"><block><exit expr="'pass'"/></block></form></vxml>""",
}
# Whoever carried the documents here has renamed them, their namespace with them.
DAMAGE = (b"http://www.w3.org/2001/txml", VXML.encode())
FAILING = {
    "432": "It counts on an event counter that outlives a goto of its own document; by section 5.2.2 'form-level and "
    "menu-level event counters are reset each time the <menu> or <form> is re-entered', its items' ones, too",
}


def transformed(page: bytes) -> bytes:
    """Return a document in plain VoiceXML; what its callee is to do is told to him by its prompts."""
    root = etree.fromstring(page.replace(*DAMAGE), etree.XMLParser(remove_comments=True))
    for element in list(root.iter(f"{CONF}*")):
        value = element.get("value") or "something else"
        match element.tag.removeprefix(CONF):
            case "pass":
                _become(element, "exit", expr="'pass'")
            case "fail":
                _become(
                    element, "exit", expr=f"'fail: ' + ({element.get('expr') or repr(element.get('reason') or '')})"
                )
            case "comment":
                _become(element, "log")
            case name if name in DONE:
                _become(element, "prompt", text=DONE[name].format(value))
            case "phrase" | "grammar":
                _grammar(element)
    return etree.tostring(root)


def _become(element: etree._Element, name: str, text: str | None = None, **attributes: str) -> None:
    element.attrib.clear()
    element.tag = f"{{{VXML}}}{name}"
    element.text = text if text is not None else element.text
    element.attrib.update(attributes)


def _grammar(element: etree._Element) -> None:
    """A grammar of one utterance, and what it means: a text, or the values of some keys."""
    utterance, meaning = element.get("utterance", ""), element.get("interp")
    keys = [(key.get("name"), key.get("value")) for key in element.iter(f"{CONF}key")]
    if element.tag.endswith("phrase"):
        before = element.getprevious()
        parent = element.getparent()
        if before is None:
            parent.text = (parent.text or "") + utterance
        parent.remove(element)
        return
    element[:] = []
    _become(element, "grammar", text="", mode="voice", root="said", version="1.0")
    element.tag = f"{{{SRGS}}}grammar"
    element.set("tag-format", "semantics/1.0" if keys else "semantics/1.0-literals")
    rule = etree.SubElement(element, f"{{{SRGS}}}rule", id="said")
    item = etree.SubElement(rule, f"{{{SRGS}}}item")
    item.text = utterance
    if keys or meaning:
        tag = etree.SubElement(item, f"{{{SRGS}}}tag")
        tag.text = "".join(f"out.{name}={value!r};" for name, value in keys) or meaning


class Told(Line):
    """A callee who does what the prompts tell him, and else says nothing, or lets himself be recorded."""

    async def play(self, pieces: Sequence[Piece], *, bargein: bool) -> Played:
        heard = len(self.played)
        played = await super().play(pieces, bargein=bargein)
        for words in self.played[heard:]:
            self.script += [turn for told in TOLD.findall(words) for turn in turns(told)]
        return played

    async def record(self, request: RecordRequest) -> Recording | None:
        told = self.script[:1]
        if told == [SILENCE]:
            self.recordings = [None]
        elif told == [HANG_UP]:
            self.recordings = [Recording(b"RIFF", 2.0, request.type, hung_up=True)]
        elif told and len(told[0]) == 1 and request.ends is None and request.dtmf_term:
            self.recordings = [Recording(b"RIFF", 2.0, request.type, term_char=told[0])]
        else:
            self.recordings = self.recordings or [Recording(b"RIFF", 2.0, request.type)]
            return await super().record(request)
        del self.script[0]
        return await super().record(replace(request, ends=None))

    async def transfer(self, request: TransferRequest) -> TransferOutcome:
        if self.script[:1] == [HANG_UP]:
            del self.script[0]
            return TransferOutcome("connection.disconnect.hangup")
        self.transfers = self.transfers or ["connection.disconnect.transfer" if request.type == "blind" else "noanswer"]
        return await super().transfer(request)

    async def listen(self, *, within: float) -> Input | None:
        self.script = self.script or [SILENCE]
        return await super().listen(within=within)


def turns(told: str) -> list[str]:
    """Return what a callee does who is told so: words at once, keys one by one."""
    if told.startswith("(say "):
        return [f"[{told[5:-1]}]"]
    return [key for key in told[5:-1] if not key.isspace()] if told.startswith("(key ") else [told]


class Folder:
    """The documents, as they are named in links: `.vxml`, or as they are."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def fetch(self, request: FetchRequest) -> FetchResponse:
        name = request.url.partition("?")[0].rpartition("/")[2]
        if name in MISSING:
            return FetchResponse(request.url, 200, "", MISSING[name].encode())
        for candidate in (name, name.replace(".vxml", ".txml")):
            path = self.folder / candidate
            if path.is_file():
                body = path.read_bytes()
                return FetchResponse(request.url, 200, "", transformed(body) if path.suffix == ".txml" else body)
        raise FetchFailed("http.404", "it is not in the folder")


def starts(folder: Path) -> list[str]:
    """Return the documents that no other one refers to: where tests begin."""
    pages = {path.name: path.read_text(encoding="utf-8", errors="replace") for path in folder.glob("*.txml")}
    referred = {
        name
        for name in pages
        if any(
            re.search(rf"\b{re.escape(Path(name).stem)}\.[tv]xml", text)
            for other, text in pages.items()
            if other != name
        )
    }
    return sorted(set(pages) - referred)


async def verdict(folder: Path, name: str) -> tuple[bool, str]:
    """Run one test; return whether it passed, and what there is to say."""
    test = Path(name).stem
    line = Told(script=list(CALLEES.get(test, [])), transfers=[TRANSFERS[test]] if test in TRANSFERS else [])
    ending = await interpret(SITE + name, fetcher=Folder(folder), platform=line, engine=QuickJs())
    if test in LISTENED:
        said = " ".join(line.played)
        places = [said.find(words) for words in LISTENED[test]]
        has_failed = str(ending.value).startswith("fail") or ending.how != "exit"
        return not has_failed and -1 not in places and places == sorted(places), f"{ending} after {line.played}"
    return (ending.how, ending.value) == ("exit", "pass"), f"{ending} after {line.played[-3:]}"


FOLDER = Path(os.environ[VARIABLE]) if VARIABLE in os.environ else None
TESTS = starts(FOLDER) if FOLDER else []


@pytest.mark.skipif(FOLDER is None, reason=f"{VARIABLE} names no folder with the W3C's documents: none is tried")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name, marks=pytest.mark.xfail(reason=FAILING[Path(name).stem]) if Path(name).stem in FAILING else ()
        )
        for name in TESTS
    ],
)
async def test_a_document_of_the_w3c_passes(name: str):
    assert FOLDER is not None
    passed, said = await verdict(FOLDER, name)
    assert passed, said
