"""What calls share: documents and grammars that were read, and nothing that one call could see of another."""

from __future__ import annotations

import asyncio

import pytest
import quickjs
from lxml import etree

from services.dialer.vxml.jumps import Ending
from services.dialer.vxml.library import Library, Shelf, digest
from tests.support.scripted_callee import SILENCE, SITE, call, vxml

YES = "<item>1<tag>yes</tag></item><item>2<tag>no</tag></item>"
KEYS = f'<grammar mode="dtmf" root="r" version="1.0"><rule id="r"><one-of>{YES}</one-of></rule></grammar>'


def reminder(name: str) -> str:
    return vxml(
        f"""<form><block>Hello {name}.</block><field name="coming"><prompt>Will you come?</prompt>{KEYS}
        <filled><if cond="coming == 'yes'">See you.</if><exit namelist="coming"/></filled></field></form>"""
    )


async def test_the_same_bytes_are_read_once():
    library = Library()
    for key, answer in ("1", "yes"), ("2", "no"), ("1", "yes"):
        done = await call({"start": reminder("Anna")}, key, ports={"library": library})
        assert done.ending == Ending("exit", {"coming": answer})
        assert done.line.played[:2] == ["Hello Anna.", "Will you come?"]
    assert (len(library.documents), len(library.grammars)) == (1, 1)


async def test_of_personalised_documents_each_call_hears_its_own_and_their_grammar_is_one():
    library = Library()
    for name in "Anna", "Bert", "Anna":
        done = await call({"start": reminder(name)}, "1", ports={"library": library})
        assert done.line.played == [f"Hello {name}.", "Will you come?", "See you."]
    assert (len(library.documents), len(library.grammars)) == (2, 1)


async def test_calls_at_the_same_time_share_a_document_and_nothing_else():
    library = Library()
    page = vxml(f"<var name='n' expr='0'/><form><block><assign name='n' expr='n + 1'/></block>{'<!-- -->'}"
                f"<field name='f'>{KEYS}<filled><exit expr='[n, f]'/></filled></field></form>")  # fmt: skip
    calls = [call({"start": page}, "12"[at % 2], ports={"library": library}) for at in range(20)]
    endings = [done.ending.value for done in await asyncio.gather(*calls)]
    assert endings == [[1, ["yes", "no"][at % 2]] for at in range(20)]


async def test_calls_change_nothing_of_what_they_share():
    library, page = Library(), reminder("Anna")
    key = (digest(page.encode()), SITE + "start", "")
    await call({"start": page}, "1", ports={"library": library})
    document = library.documents.get(key)
    before = etree.tostring(document.root)
    for script in "1", ["*", "2"], []:
        await call({"start": page}, script, ports={"library": library})
    assert library.documents.get(key) is document
    assert etree.tostring(document.root) == before


async def test_the_same_bytes_at_two_addresses_lead_from_each_its_own_way():
    page = vxml('<form><block><goto next="there"/></block></form>')
    pages = {
        "a/start": page,
        "b/start": page,
        "a/there": vxml("<form><block><exit expr=\"'a'\"/></block></form>"),
        "b/there": vxml("<form><block><exit expr=\"'b'\"/></block></form>"),
    }
    library = Library()
    for folder in "a", "b":
        done = await call(pages, start=f"{folder}/start", ports={"library": library})
        assert done.ending.value == folder


async def test_a_grammar_is_compiled_anew_when_a_document_that_it_refers_to_has_changed():
    page = vxml('<form><field name="f"><grammar src="main"/><filled><exit expr="f"/></filled></field></form>')
    main = '<grammar mode="dtmf" version="1.0" root="r"><rule id="r"><ruleref uri="{}"/></rule></grammar>'
    keys = '<grammar mode="dtmf" version="1.0" root="r"><rule id="r">1<tag>{}</tag></rule></grammar>'
    library = Library()

    async def heard(**others: str):
        pages = {"start": page, "main": main.format("other"), **others}
        done = await call(pages, "1", ports={"library": library})
        return done.ending.value, [request.url.removeprefix(SITE) for request in done.site.requests[2:]]

    assert await heard(other=keys.format("old")) == ("old", ["other"])
    assert await heard(other=keys.format("old")) == ("old", ["other"]), "it is asked for in each call"
    assert await heard(other=main.format("third"), third=keys.format("new")) == ("new", ["other", "third"])
    assert await heard(other=keys.format("last")) == ("last", ["other"]), "and what is not referred to is not"


async def test_what_grammar_a_document_refers_to_is_asked_for_whenever_the_document_is():
    page = """<form><field name="f"><grammar src="keys"/><noinput/><filled><goto next="{}"/></filled></field></form>
        <form id="again"><block><goto next="start"/></block></form>"""
    done = await call({"start": vxml(page.format("#again")), "keys": KEYS}, [SILENCE, "1", SILENCE, "1"])
    assert [each.url.removeprefix(SITE) for each in done.site.requests] == ["start", "keys"] * 3


async def test_grammars_differ_by_the_language_around_them_and_a_document_that_is_refused_is_kept_by_nobody():
    library = Library()
    for lang in "en", "de":
        content = f"<form><field>{KEYS}</field></form>"
        await call({"start": vxml(content, f'xml:lang="{lang}"')}, "1", ports={"library": library})
    assert len(library.grammars) == 2
    done = await call({"start": vxml("<fom/>")}, ports={"library": library})
    assert done.ending.event == "error.badfetch"
    assert len(library.documents) == 2


def test_what_was_not_asked_for_longest_goes_first():
    shelf: Shelf[str] = Shelf(3 * (8 << 10) + 10)
    for name in "abc":
        shelf.put(name, name, 0)
    assert shelf.get("a") == "a"
    shelf.put("d", "d", 0)
    assert [shelf.get(name) for name in "abcd"] == ["a", None, "c", "d"]
    shelf.put("e", "e", 1 << 20)
    assert len(shelf) == 0, "what is larger than all of it leaves nothing"


async def test_a_library_of_no_size_is_a_library():
    library = Library(0)
    done = await call({"start": reminder("Anna")}, "1", ports={"library": library})
    assert done.ending == Ending("exit", {"coming": "yes"})
    assert len(library.documents) == 0


async def test_a_call_that_runs_no_script_needs_no_engine(monkeypatch: pytest.MonkeyPatch):
    def none():
        raise AssertionError("a context was made")

    monkeypatch.setattr(quickjs, "Context", none)
    done = await call({"start": reminder("Anna")}, "1")
    assert done.ending == Ending("exit", {"coming": "yes"})


class Apart:
    """Counts what is done elsewhere."""

    def __init__(self) -> None:
        self.works = 0

    async def __call__(self, work):
        self.works += 1
        return await asyncio.to_thread(work)


LARGE = "<!--" + "x" * (64 << 10) + "-->"


@pytest.mark.parametrize(
    ("content", "works"),
    [
        ("<form><block><exit expr='1'/></block></form>", 0),
        (f"{LARGE}<form><block><exit expr='1'/></block></form>", 1),
        ("<form><block><script>var one = 1</script><exit expr='one'/></block></form>", 1),
        (
            f"<form><field>{KEYS.replace('yes', '1' * (40 << 10))}<filled><exit expr='1'/></filled></field></form>",
            3,
        ),
    ],
)
async def test_what_takes_long_is_done_elsewhere(content: str, works: int):
    apart = Apart()
    done = await call({"start": vxml(content)}, "1", ports={"apart": apart})
    assert done.ending.value == 1
    assert apart.works == works


async def test_what_goes_wrong_elsewhere_goes_wrong_here():
    for content in "<fom/>" + LARGE, "<form><block><script>throw 1</script></block></form>":
        done = await call({"start": vxml(content)}, ports={"apart": Apart()})
        assert done.ending.event in {"error.badfetch", "error.semantic"}


def turns_during(content: str) -> int:
    """Run a call, and count how often somebody else may have had a turn meanwhile."""
    return sum(1 for _ in call({"start": vxml(content)}).__await__())


def test_while_a_large_document_is_checked_others_have_their_turns():
    few = turns_during("<form><block><exit/>" + "<prompt/>" * 10 + "</block></form>")
    assert turns_during("<form><block><exit/>" + "<prompt/>" * 10_000 + "</block></form>") >= few + 50


def test_after_each_event_others_have_their_turns():
    events = "".join(f'<block><throw event="e{at}"/></block>' for at in range(20))
    quiet = turns_during("<form>" + "<block/>" * 20 + "</form>")
    assert turns_during(f'<form><catch event="e"/><catch event="."/>{events}</form>') >= quiet + 20


async def test_a_property_that_is_set_twice_has_the_last_value_in_every_call():
    properties = '<property name="timeout" value="{}s"/>'
    page = vxml(f"{properties.format(7)}{properties.format(8)}<form><field>{KEYS}</field></form>")
    library = Library()
    for _ in range(2):
        done = await call({"start": page}, "1", ports={"library": library})
        assert done.line.waited[0] == 8
