"""Which prompts of a form item or menu are played this time, and what may cut them short (VoiceXML 2.0, 4.1.6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml import etree

from services.dialer.vxml.documents import XML, Document, name_of
from services.dialer.vxml.prompts import Style
from services.dialer.vxml.values import seconds

# Beside a <prompt>, these make one that needs no element of its own (VoiceXML 2.0, 4.1.2).
SPOKEN = frozenset({"audio", "enumerate", "value"})


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt as it stands in the document. What it leaves open is the properties' to say: None."""

    parts: tuple[etree._Element | str, ...]
    count: int = 1
    cond: str | None = None
    bargein: bool | None = None
    bargein_type: str | None = None
    timeout: float | None = None  # seconds of silence after it


def prompts_in(element: etree._Element) -> list[Prompt]:
    """Return the prompts that are children of a form item, a menu or executable content, in document order."""
    prompts: list[Prompt] = []
    bare: list[etree._Element | str] = [element.text or ""]
    for child in element:
        name = name_of(child)
        if name in SPOKEN:
            bare += [child, child.tail or ""]
            continue
        prompts += _unless_blank(bare)
        bare = [child.tail or ""]
        if name == "prompt":
            prompts.append(prompt_of(child))
    prompts += _unless_blank(bare)
    return prompts


def prompt_of(element: etree._Element) -> Prompt:
    """Return what a <prompt>, or an <audio>, <value> or <enumerate> in executable content, is as a prompt."""
    if name_of(element) != "prompt":
        return Prompt((element,))
    bargein = element.get("bargein")
    timeout = element.get("timeout")
    return Prompt(
        parts=(element,),
        count=int(element.get("count", "1")),
        cond=element.get("cond"),
        bargein=None if bargein is None else bargein == "true",
        bargein_type=element.get("bargeintype"),
        timeout=None if timeout is None else seconds(timeout),
    )


def selected(possible: Sequence[Prompt], count: int) -> list[Prompt]:
    """Return the prompts to play at the item's count, of those that may be: the ones of the highest count up to it."""
    correct = max((each.count for each in possible if each.count <= count), default=None)
    return [each for each in possible if each.count == correct]


def style_at(element: etree._Element, document: Document, lang: str) -> Style:
    """Return the style around an element: the language nearest to it, or else the platform's `lang`."""
    ancestors = (ancestor.get(f"{{{XML}}}lang") for ancestor in element.iterancestors())
    return Style(base=document.base, lang=next((each for each in ancestors if each), lang))


def _unless_blank(parts: list[etree._Element | str]) -> Iterator[Prompt]:
    if any(not isinstance(part, str) or part.strip() for part in parts):
        yield Prompt(tuple(parts))
