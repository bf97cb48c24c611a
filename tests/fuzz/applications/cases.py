"""One attack: an application of some pages, who answers, and how hostile all of it is; made of a seed and a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from services.dialer.carriers.callee_script import Script
from tests.fuzz.applications.callees import turns
from tests.fuzz.applications.documents import Author
from tests.fuzz.applications.grammars import grammar
from tests.fuzz.applications.scripts import UNSTOPPABLE, script
from tests.fuzz.applications.tree import Node, read

_ROOT = Path(__file__).parents[3]
_PAGES = ("one.vxml", "two.vxml", "root.vxml", "data.xml", "script.js", "g0.grxml", "g1.grxml")
_WILDNESS = (0.02, 0.05, 0.1, 0.3)
Page = Node | bytes


@dataclass(frozen=True)
class Case:
    """All of one session; `mark` is what nobody else may ever see."""

    name: str
    mark: str
    pages: dict[str, Page]
    callee: Script
    wild: float

    @property
    def bodies(self) -> dict[str, bytes]:
        return {name: page if isinstance(page, bytes) else page.written().encode() for name, page in self.pages.items()}

    def told(self) -> str:
        """Return it as whoever mends what it found wants to read it."""
        pages = "\n".join(
            f"--- {name}\n{body.decode('utf-8', 'backslashreplace')}" for name, body in self.bodies.items()
        )
        return f"{self.name}, {self.callee}, wild {self.wild}\n{pages}"

    def with_pages(self, pages: dict[str, Page]) -> Case:
        return replace(self, pages=pages)


def models(folders: Sequence[Path] = ()) -> list[bytes]:
    """Return the documents whose mutations are tried, too: of the examples, of the tests, and of named folders."""
    paths = [*(_ROOT / "examples" / "applications").glob("*.vxml"), *(_ROOT / "tests" / "unit").rglob("*.vxml")]
    paths += [
        path for folder in folders for kind in ("*.vxml", "*.txml", "*.grxml") for path in sorted(folder.rglob(kind))
    ]
    return [path.read_bytes() for path in sorted(paths)]


def case_of(seed: int, number: int, documents: Sequence[bytes], *, unstoppable: bool = False) -> Case:
    """Return the case of a number: the same for the same seed and documents."""
    dice = Random(f"{seed}:{number}")
    mark = f"mark{number}x"
    wild = dice.choice(_WILDNESS)
    author = Author(dice, mark, _PAGES, wild=wild)
    pages: dict[str, Page] = {"one.vxml": author.document()}
    if documents and dice.random() < 0.25:
        pages["one.vxml"] = _mutated(dice, dice.choice(documents), author)
    for name in _PAGES[1:]:
        if dice.random() < 0.6:
            pages[name] = _page(dice, name, author)
    if dice.random() < wild / 4:
        name = dice.choice(sorted(pages))
        pages[name] = _damaged(dice, Case("", mark, pages, Script(()), wild).bodies[name])
    if unstoppable and dice.random() < 0.002:
        pages["script.js"] = dice.choice(UNSTOPPABLE).encode()
    return Case(f"--seed {seed} --only {number}", mark, pages, turns(dice), wild)


def _page(dice: Random, name: str, author: Author) -> Page:
    if name.endswith(".js"):
        return script(dice, author.mark, wild=author.wild).encode("utf-8", "replace")
    if name.endswith(".grxml"):
        return grammar(dice, author.mark, _PAGES, wild=author.wild)
    if name == "data.xml":
        return _data(dice, author.mark)
    page = author.document(most=60)
    if name == "root.vxml":
        page.attributes.pop("application", None)
    return page


def _data(dice: Random, mark: str) -> Page:
    if dice.random() < 0.2:
        sections = b"<![CDATA[ ?> <!-- ]] ]]><!-- <![CDATA[ --><?x <![CDATA[?>" * dice.choice((0, 1, 500))
        return b'<?access-control allow="*"?><a><b c="1">' + mark.encode() + b"</b>" + sections + b"</a>"
    inner: list[Node | str] = [mark]
    for _ in range(dice.choice((1, 3, 60, 70))):
        inner = [Node(dice.choice("abc"), {"xmlns:p": "urn:p", "p:q": "1"}, inner)]
    return Node("r", {}, inner * dice.choice((1, 2, 30)))


def _mutated(dice: Random, body: bytes, author: Author) -> Page:
    """Return a document with some of its elements gone, doubled, moved, or replaced by others."""
    root = read(body)
    if root is None or dice.random() < 0.2:
        return _damaged(dice, body)
    for _ in range(dice.randrange(1, 5)):
        parents = [node for node in root.walk() if any(isinstance(each, Node) for each in node.content)]
        if not parents:
            break
        parent = dice.choice(parents)
        at = dice.choice([at for at, each in enumerate(parent.content) if isinstance(each, Node)])
        child = parent.content[at]
        assert isinstance(child, Node)
        match dice.randrange(4):
            case 0:
                del parent.content[at]
            case 1:
                dice.choice(parents).content.append(child.copy())
            case 2:
                author.left = 20
                name = dice.choice(
                    ("block", "field", "catch", "if", "script", "prompt", "goto", "submit", "filled", child.name)
                )
                parent.content[at] = author.element(name, 4) if name in author_knows() else child
            case _:
                if child.attributes:
                    key = dice.choice(sorted(child.attributes))
                    child.attributes[key] = author.value(child.name, key)
    return root


def author_knows() -> frozenset[str]:
    return frozenset({"block", "field", "catch", "if", "script", "prompt", "goto", "submit", "filled"})


def _damaged(dice: Random, body: bytes) -> bytes:
    document = bytearray(body or b" ")
    for _ in range(dice.randrange(1, 5)):
        at = dice.randrange(len(document) or 1)
        match dice.randrange(4):
            case 0:
                document[at : at + 1] = bytes([dice.randrange(256)])
            case 1:
                del document[at : at + dice.randrange(20)]
            case 2:
                other = dice.randrange(len(document) or 1)
                document[at:at] = document[other : other + dice.randrange(60)]
            case _:
                document[at:at] = dice.choice(
                    (b"&#0;", b"&#xD800;", b"&x;", b"<![CDATA[", b"]]>", b"<!DOCTYPE a [", b"<?xml ", b"\0", b"<!--")
                )
    return bytes(document)
