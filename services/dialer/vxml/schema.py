"""Whether a document is VoiceXML: its elements, attributes and values by the table, and the rules no table tells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from lxml import etree

from services.dialer.vxml.documents import XML, Document, line_of, name_of
from services.dialer.vxml.faults import Fault, meant
from services.dialer.vxml.schema_rules import RULED, rules_of, whole_document
from services.dialer.vxml.schema_table import ELEMENTS, TYPES, Element
from services.dialer.vxml.values import complaint

_XML = f"{{{XML}}}"
# In these a foreach holds what is spoken; elsewhere, what is executed (VoiceXML 2.1, 6).
_SPEAKS = frozenset(name for name, rule in ELEMENTS.items() if "emphasis" in rule.children)
_ENOUGH = 100  # faults that refuse a document: whoever wrote it mends some first
_AT_ONCE = 200  # elements: half a millisecond
_SHOWN = 60  # characters of a name or value in a message


def check(document: Document) -> list[Fault]:
    """Return what is wrong with a document, by line (VoiceXML 2.0, appendix B, and each element's section)."""
    return next(faults for faults in check_in_turns(document) if faults is not None)


def check_in_turns(document: Document) -> Iterator[list[Fault] | None]:
    """Yield None whenever somebody else might have a turn, and in the end what `check` returns."""
    faults: list[Fault] = []
    refused = visited = 0
    waiting = [(document.root, name_of(document.root))]
    while waiting and refused < _ENOUGH:
        element, name = waiting.pop()
        children = [(child, name_of(child)) for child in element]
        key = _key(element) if name == "foreach" else name
        rule = ELEMENTS.get(key)
        if rule is None or not _is_sound(element, name, rule, children):
            found = list(_faults_of(element, key))
        else:
            found = list(rules_of(element)) if name in RULED else []
        if found:
            faults += found
            refused += sum(fault.is_refused for fault in found)
        if rule is not None and key != "metadata":  # what stands there is for others, in an unknown element for nobody
            children.reverse()
            waiting += children
        visited += 1
        if visited % _AT_ONCE == 0:
            yield None
    faults += whole_document(document)
    yield sorted(faults, key=lambda fault: fault.line)


def _is_sound(element: etree._Element, name: str, rule: Element, children: list[tuple[etree._Element, str]]) -> bool:
    """Whether the table has nothing against an element, as against most: only others are asked for their faults."""
    if name == "metadata":
        return True
    given = cast("dict[str, str]", dict(element.items()))
    for attribute, value in given.items():
        if attribute in rule.attributes:
            kind = TYPES.get(f"{name}.{attribute}") or TYPES.get(attribute)
            if kind is not None and complaint(kind, value):
                return False
        elif not attribute.startswith("{"):
            return False
    for _, known in children:
        if known not in rule.children and known in ELEMENTS:
            return False
    return (
        rule.required <= given.keys()
        and (rule.text or not any(text.strip() for text in _texts(element)))
        and (name != "vxml" or bool(children))
        and not ((rule.exactly_one or rule.at_most_one) and any(_alternatives(element, rule, given)))
    )


def _faults_of(element: etree._Element, key: str) -> Iterator[Fault]:
    if key not in ELEMENTS:
        yield _refused(element, f"<{_shown(element)}> is no element of VoiceXML 2.1{meant(key, ELEMENTS)}")
        return
    rule = ELEMENTS[key]
    given = {str(name).replace(_XML, "xml:"): str(value) for name, value in element.attrib.items()}
    yield from _attributes(element, rule, given)
    yield from _alternatives(element, rule, given)
    yield from _content(element, rule)
    yield from rules_of(element)


def _key(element: etree._Element) -> str:
    name = name_of(element)
    if name == "foreach":
        around = (name_of(ancestor) for ancestor in element.iterancestors())
        if next((each for each in around if each != "foreach"), "") in _SPEAKS:
            return "foreach in prompt"
    return name


def _attributes(element: etree._Element, rule: Element, given: dict[str, str]) -> Iterator[Fault]:
    name = name_of(element)
    if name == "metadata":
        return
    for attribute, value in given.items():
        if attribute in rule.attributes:
            kind = TYPES.get(f"{name}.{attribute}") or TYPES.get(attribute)
            if kind and (wanted := complaint(kind, value)):
                yield _refused(element, f'{attribute}="{_short(value)}" of <{name}> must be {wanted} ({rule.section}).')
        elif not attribute.startswith(("{", "xml:")):  # other vocabularies may add theirs
            hint = meant(attribute, rule.attributes, f" ({rule.section})")
            yield _refused(element, f"<{name}> has no attribute {_short(attribute)}{hint}")
    for missing in sorted(rule.required - given.keys()):
        yield _refused(element, f"<{name}> needs the attribute {missing} ({rule.section}).", is_of_choice=True)


def _alternatives(element: etree._Element, rule: Element, given: dict[str, str]) -> Iterator[Fault]:
    if not rule.exactly_one and not rule.at_most_one:
        return
    name = name_of(element)
    present = set(given)
    if len(element) or (element.text or "").strip():
        present.add("inline")
    for names in rule.exactly_one:
        if len(chosen := [each for each in names if each in present]) != 1:
            words = f"exactly one of {', '.join(names)}; it has {' and '.join(chosen) or 'none of them'}"
            words = words.replace("inline", "content of its own")
            yield _refused(element, f"<{name}> needs {words} ({rule.section}).", is_of_choice=True)
    for names in rule.at_most_one:
        if len(chosen := [each for each in names if each in present]) > 1:
            words = f"only one of {', '.join(chosen)}"
            yield _refused(element, f"<{name}> may have {words} ({rule.section}).", is_of_choice=True)


def _content(element: etree._Element, rule: Element) -> Iterator[Fault]:
    name = name_of(element)
    if name == "metadata":
        return
    for child in element:
        known = name_of(child)
        if known in ELEMENTS and known not in rule.children:
            owners = sorted({key.split()[0] for key, other in ELEMENTS.items() if known in other.children})
            where = f"it belongs into {_listed(owners)}" if owners else "it is the root"
            yield _refused(child, f"<{known}> may not stand in <{name}>: {where} ({rule.section}).")
    if not rule.text and any(text.strip() for text in _texts(element)):
        yield _refused(element, f"<{name}> may not hold text of its own ({rule.section}).")
    if name == "vxml" and not len(element):
        yield _refused(element, "<vxml> holds nothing: a document needs a <form>, a <menu> or something else to run.")


def _texts(element: etree._Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        yield child.tail or ""


def _refused(element: etree._Element, message: str, *, is_of_choice: bool = False) -> Fault:
    return Fault(line_of(element), None, "badfetch", message, is_of_choice=is_of_choice, element=element)


def _listed(names: list[str]) -> str:
    shown = [f"<{name}>" for name in names[:6]]
    return ", ".join(shown) + (" and others" if len(names) > len(shown) else "")


def _shown(element: etree._Element) -> str:
    prefix = f"{element.prefix}:" if element.prefix else ""
    return _short(prefix + etree.QName(element).localname)


def _short(value: str) -> str:
    return value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
