"""What a prompt says, as a play list: speech with its voice, audio with its fallback, silence and marks.

VoiceXML 2.0, 4.1 and SSML 1.0. Expressions are evaluated here, once, when a prompt is queued: what is played is data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeAlias
from urllib.parse import urljoin

from lxml import etree

from services.dialer.vxml.documents import XML, name_of
from services.dialer.vxml.say_as import spoken
from services.dialer.vxml.values import seconds

_LANG, _BASE = f"{{{XML}}}lang", f"{{{XML}}}base"
_PAUSES = {"none": 0.0, "x-weak": 0.1, "weak": 0.25, "medium": 0.5, "strong": 0.75, "x-strong": 1.0}
# A loop in a prompt makes it as long as an array, and loops in loops as long as nobody listens.
MAX_PARTS = 20_000
MAX_CHARACTERS = 100_000


@dataclass(frozen=True, slots=True)
class Speech:
    """Words to be synthesised, in a language and, where the prompt says so, by a voice and with SSML's prosody."""

    text: str
    lang: str = ""
    voice: str = ""  # its name, or else its gender
    rate: str = ""
    pitch: str = ""
    volume: str = ""


@dataclass(frozen=True, slots=True)
class Audio:
    """A file to be played, and what is played when it cannot be had; seconds (VoiceXML 2.0, 4.1.3 and 6.1).

    With a `body` it is a recording of this call: that is played, and `src` is its name alone (2.3.6).
    """

    src: str
    fallback: tuple[Piece, ...] = ()
    timeout: float | None = None
    max_age: float | None = None
    max_stale: float | None = None
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Break:
    """Silence."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A place that is told when it is reached (VoiceXML 2.1, 4)."""

    name: str


Piece: TypeAlias = "Speech | Audio | Break | Mark"


class PromptTooLong(Exception):
    """A prompt's loops make it longer than anybody would hear."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of a menu or an option of a field, as `enumerate` tells it: its words, and its keys if it has any."""

    words: str
    dtmf: str = ""


class Evaluator(Protocol):
    """The variables that a prompt's expressions see; what it raises goes through."""

    def text(self, expression: str) -> str:
        """Return a value as ECMAScript makes a string of it."""

    def value(self, expression: str) -> object:
        """Return a value; None when it is undefined."""

    def recording(self, name: str) -> bytes | None:
        """Return the recording that a value stands for; None when it is an address."""

    def each(self, item: str, array: str) -> Iterator[None]:
        """Bind a variable to one element of an array after the other (VoiceXML 2.1, 6)."""

    def choices(self, element: etree._Element) -> Iterator[Choice]:
        """Yield what an `enumerate` tells, each with `_prompt` and `_dtmf` bound to it (VoiceXML 2.0, 2.2.4)."""


@dataclass(frozen=True, slots=True)
class Style:
    """How what is in an element is spoken, and what its addresses are relative to."""

    base: str = ""
    lang: str = ""
    voice: str = ""
    rate: str = ""
    pitch: str = ""
    volume: str = ""

    def inside(self, element: etree._Element) -> Style:
        """Return the style of an element's content."""
        if not element.keys():
            return self
        wanted = {"lang": element.get(_LANG)}
        if base := element.get(_BASE):
            wanted["base"] = _address(self.base, base)
        match name_of(element):
            case "voice":
                wanted["voice"] = element.get("name") or element.get("gender")
            case "prosody":
                wanted |= {name: element.get(name) for name in ("rate", "pitch", "volume")}
        changed = {name: value for name, value in wanted.items() if value is not None}
        return replace(self, **changed) if changed else self


def play_list(parts: tuple[etree._Element | str, ...], evaluator: Evaluator, style: Style) -> tuple[Piece, ...]:
    """Return what elements and texts that stand beside each other say; nothing when they are blank.

    Raises:
        PromptTooLong: it has more than MAX_PARTS parts or MAX_CHARACTERS characters.
    """
    writer = _Writer(evaluator)
    for part in parts:
        if isinstance(part, str):
            writer.say(part, style)
        else:
            writer.render(part, style)
    return writer.finished()


@dataclass(slots=True)
class _Writer:
    """One play list as it grows: words are gathered until something else, or another voice, follows them."""

    evaluator: Evaluator
    pieces: list[Piece] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    style: Style = field(default_factory=Style)
    parts: int = 0
    characters: int = 0

    def finished(self) -> tuple[Piece, ...]:
        self.cut()
        return tuple(self.pieces)

    def say(self, text: str, style: Style) -> None:
        if style != self.style:
            self.cut()
            self.style = style
        self.characters += len(text)
        if self.characters > MAX_CHARACTERS:
            raise PromptTooLong(f"A prompt says more than {MAX_CHARACTERS} characters.")
        self.words.append(text)

    def cut(self) -> None:
        if text := " ".join("".join(self.words).split()):
            style = self.style
            self.pieces.append(Speech(text, style.lang, style.voice, style.rate, style.pitch, style.volume))
        self.words.clear()

    def add(self, piece: Piece) -> None:
        self.cut()
        self.pieces.append(piece)

    def inside(self, element: etree._Element, style: Style) -> None:
        style = style.inside(element)
        self.say(element.text or "", style)
        for child in element:
            self.render(child, style)
            self.say(child.tail or "", style)

    def render(self, element: etree._Element, style: Style) -> None:
        self.count()
        _RENDERS.get(name_of(element), _Writer.inside)(self, element, style)

    def count(self) -> None:
        self.parts += 1
        if self.parts > MAX_PARTS:
            raise PromptTooLong(f"A prompt has more than {MAX_PARTS} parts.")

    def silent(self, element: etree._Element, style: Style) -> None:
        """What is for others than the callee."""

    def sentence(self, element: etree._Element, style: Style) -> None:
        self.cut()
        self.inside(element, style)
        self.cut()

    def value(self, element: etree._Element, style: Style) -> None:
        self.say(self.evaluator.text(element.get("expr", "")), style)

    def sub(self, element: etree._Element, style: Style) -> None:
        self.say(element.get("alias", ""), style)

    def pause(self, element: etree._Element, _style: Style) -> None:
        time = seconds(element.get("time", ""))
        self.add(Break(_PAUSES.get(element.get("strength", ""), _PAUSES["medium"]) if time is None else time))

    def foreach(self, element: etree._Element, style: Style) -> None:
        for _ in self.evaluator.each(element.get("item", ""), element.get("array", "")):
            self.count()
            self.inside(element, style)

    def audio(self, element: etree._Element, style: Style) -> None:
        source: object = element.get("src")
        if (expression := element.get("expr")) is not None:
            source = self.evaluator.value(expression)
        if source is None:
            return  # an undefined expr takes its fallback with it
        with self.apart() as fallback:
            self.inside(element, style)
        self.add(
            Audio(
                src=_address(style.base, str(source)),
                fallback=tuple(fallback),
                timeout=seconds(element.get("fetchtimeout", "")),
                max_age=_count(element.get("maxage")),
                max_stale=_count(element.get("maxstale")),
                body=None if expression is None else self.evaluator.recording(str(source)),
            )
        )

    @contextmanager
    def apart(self) -> Iterator[list[Piece]]:
        """Gather pieces in a list of their own, which is whole when the context is left."""
        self.cut()
        outer, self.pieces = self.pieces, []
        yield self.pieces
        self.cut()
        self.pieces = outer

    def mark(self, element: etree._Element, _style: Style) -> None:
        name: object = element.get("name")
        if (expression := element.get("nameexpr")) is not None:
            name = self.evaluator.text(expression)
        self.add(Mark(str(name)))

    def say_as(self, element: etree._Element, style: Style) -> None:
        text = element.text or ""
        for child in element:
            text += self.evaluator.text(child.get("expr", "")) + (child.tail or "")
        lang = style.inside(element).lang
        self.say(spoken(text, element.get("interpret-as", ""), element.get("format", ""), lang), style)

    def enumerate(self, element: etree._Element, style: Style) -> None:
        has_template = len(element) or (element.text or "").strip()
        for choice in self.evaluator.choices(element):
            self.count()
            self.cut()
            if has_template:
                self.inside(element, style)
            else:  # in no language: the choice's words and its key
                self.say(f"{choice.words}, {choice.dtmf}." if choice.dtmf else f"{choice.words}.", style)
            self.cut()


_RENDERS: dict[str, Callable[[_Writer, etree._Element, Style], None]] = {
    "audio": _Writer.audio,
    "break": _Writer.pause,
    "desc": _Writer.silent,
    "enumerate": _Writer.enumerate,
    "foreach": _Writer.foreach,
    "lexicon": _Writer.silent,
    "mark": _Writer.mark,
    "meta": _Writer.silent,
    "metadata": _Writer.silent,
    "p": _Writer.sentence,
    "prompt": _Writer.sentence,
    "s": _Writer.sentence,
    "say-as": _Writer.say_as,
    "sub": _Writer.sub,
    "value": _Writer.value,
}


def _count(value: str | None) -> float | None:
    return float(value) if value and value.isascii() and value.isdigit() else None


def _address(base: str, uri: str) -> str:
    try:
        return urljoin(base, uri)
    except ValueError:  # it cannot be had, and its fallback is played
        return uri
