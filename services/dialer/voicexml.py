"""Reading VoiceXML from strangers: is it a document we can run, and what does its first dialog say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

MAX_BYTES = 1 << 20
_MAX_DEPTH = 64
_MAX_NODES = 20_000
_MAX_ATTRIBUTES = 256  # of one element
_DIALOGS = frozenset({"form", "menu"})
# What is spoken stands in these; what stands in handlers for the callee's silence or errors is not.
_SPOKEN = frozenset({"prompt", "audio", "block"})
_NOT_SPOKEN = frozenset(
    {"catch", "noinput", "nomatch", "help", "error", "filled", "grammar", "script", "option", "desc", "if", "choice"}
)


class NotVoiceXml(Exception):
    """The document cannot be run; the text says why, without repeating any of it."""


@dataclass(slots=True)
class _Reader:
    """The handlers of one parse."""

    path: list[str] = field(default_factory=list)
    nodes: int = 0
    dialogs: int = 0
    prompts: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rsplit(":", 1)[-1]
        self.nodes += 1
        if self.nodes > _MAX_NODES or len(self.path) >= _MAX_DEPTH or len(attributes) > _MAX_ATTRIBUTES:
            raise NotVoiceXml("the document is too large or nested too deeply")
        if not self.path and name != "vxml":
            raise NotVoiceXml("the root element is not vxml")
        if name in _DIALOGS and len(self.path) == 1:
            self.dialogs += 1
        if name in _SPOKEN:
            self._cut()
        self.path.append(name)

    def end(self, _tag: str) -> None:
        if self.path[-1] in _SPOKEN:
            self._cut()
        self.path.pop()

    def words(self, data: str) -> None:
        if self.dialogs == 1 and self._speaks():
            self.text.append(data)

    def _speaks(self) -> bool:
        inside = self.path[1:]
        return not _NOT_SPOKEN.intersection(inside) and not _SPOKEN.isdisjoint(inside)

    def _cut(self) -> None:
        if spoken := " ".join("".join(self.text).split()):
            self.prompts.append(spoken)
        self.text.clear()


def read_prompts(document: bytes) -> tuple[str, ...]:
    """Return what the first dialog says, in document order; the text inside an audio is its fallback.

    Raises:
        NotVoiceXml: it is not XML, its root is not `vxml`, it has a DOCTYPE, or it is too large or too deep.
    """
    if len(document) > MAX_BYTES:
        raise NotVoiceXml("the document is too large or nested too deeply")
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True  # else each line is a call of its own, and a document of blank lines takes seconds
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.words
    # Without a DOCTYPE there are no entities to blow up and nothing to fetch; the others are a second bolt.
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.EntityDeclHandler = _refuse_doctype
    parser.ExternalEntityRefHandler = _refuse_doctype
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        raise NotVoiceXml(f"it is not well-formed XML (line {error.lineno})") from None
    except (LookupError, ValueError):
        raise NotVoiceXml("its encoding is not known") from None
    return tuple(reader.prompts)


def _refuse_doctype(*_: object) -> NoReturn:
    raise NotVoiceXml("a DOCTYPE is not allowed")
