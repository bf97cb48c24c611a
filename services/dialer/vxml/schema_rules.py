"""The rules of VoiceXML that look beyond one element: names used once, things said in one place only, references."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lxml import etree

from services.dialer.vxml.documents import Document, line_of, name_of
from services.dialer.vxml.faults import Fault
from services.dialer.vxml.schema_table import BUILTINS, DECLARES, FORM_ITEMS, INPUT_ITEMS, PROPERTIES
from services.dialer.vxml.values import complaint, is_assignable, is_variable


def rules_of(element: etree._Element) -> Iterator[Fault]:
    """Yield what is wrong with an element beside those around it."""
    name = name_of(element)
    for attribute in ("name", "item"):
        value = element.get(attribute)
        if value is not None and f"{name}.{attribute}" in DECLARES and not is_variable(value):
            yield _thrown(
                element,
                "semantic",
                f"<{name}> declares {value[:60]!r}, which is no variable's name: letters, digits, _ and $, "
                "no _ first, no $ last, no word of ECMAScript's, no scope (VoiceXML 2.0, 5.1).",
            )
    if rule := _RULES.get(name):
        yield from rule(element)


def whole_document(document: Document) -> Iterator[Fault]:
    """Yield what is wrong between the dialogs of a document: ids given twice, and fragments that lead nowhere."""
    ids: dict[str, int] = {}
    for dialog in document.root:
        identifier = dialog.get("id")
        if name_of(dialog) not in {"form", "menu"} or identifier is None:
            continue
        if identifier in ids:
            yield _refused(
                dialog,
                f"The id {identifier[:60]} is that of the dialog in line {ids[identifier]}, too (VoiceXML 2.0, 1.3.1).",
            )
        ids.setdefault(identifier, line_of(dialog))
    for element in document.root.iter(*(f"{{*}}{name}" for name in _NAVIGATES)):
        for attribute in ("next", "src"):
            target = element.get(attribute, "")
            if target.startswith("#") and name_of(element) in _NAVIGATES and target[1:] not in ids:
                yield _thrown(
                    element, "badfetch", f"No dialog of this document has the id {target[1:61]} (VoiceXML 2.0, 5.3.7)."
                )


_NAVIGATES = frozenset({"choice", "goto", "link", "submit", "subdialog"})


def _form(form: etree._Element) -> Iterator[Fault]:
    if _parent(form) != "vxml":
        return  # refused for where it stands
    names: dict[str, etree._Element] = {}
    for item in form:
        name = item.get("name")
        if name_of(item) not in FORM_ITEMS or name is None:
            continue
        if name in names:
            line = line_of(names[name])
            yield _refused(item, f"The form item in line {line} has the name {name[:60]}, too (VoiceXML 2.0, 2.3.1).")
        names.setdefault(name, item)
    for filled in form:
        if name_of(filled) == "filled":
            yield from _namelist(filled, names)
    yield from _references(form, names)


def _references(form: etree._Element, names: dict[str, etree._Element]) -> Iterator[Fault]:
    inside: dict[str, list[etree._Element]] = {"goto": [], "option": [], "enumerate": []}
    for element in form.iter(*(f"{{*}}{name}" for name in inside)):
        inside.get(name_of(element), []).append(element)
    for goto in inside["goto"]:
        target = goto.get("nextitem")
        if target is not None and target not in names:
            yield _thrown(goto, "badfetch", f"This form has no item {target[:60]} (VoiceXML 2.0, 5.3.7).")
    for element in inside["enumerate"] if not inside["option"] else ():
        yield _thrown(element, "semantic", "<enumerate> finds no options in this form (VoiceXML 2.0, 2.2.4).")


def _namelist(filled: etree._Element, names: dict[str, etree._Element]) -> Iterator[Fault]:
    listed = filled.get("namelist", "").split()
    if unknown := next((name for name in listed if name not in names), None):
        yield _thrown(filled, "semantic", f"This form has no input item {unknown[:60]} (VoiceXML 2.0, 2.4).")
    if control := next((name for name in listed if name in names and name_of(names[name]) not in INPUT_ITEMS), None):
        kind = name_of(names[control])
        yield _refused(filled, f"<filled> is for input items, and {control[:60]} is a <{kind}> (VoiceXML 2.0, 2.4).")


def _filled(filled: etree._Element) -> Iterator[Fault]:
    for attribute in ("mode", "namelist"):
        if filled.get(attribute) is not None and _parent(filled) != "form":
            yield _refused(filled, f"<filled> may have {attribute} in a <form> only (VoiceXML 2.0, 2.4).")


def _grammar(grammar: etree._Element) -> Iterator[Fault]:
    if grammar.get("scope") is not None and _parent(grammar) != "form":
        yield _refused(grammar, "<grammar> may have a scope in a <form> only (VoiceXML 2.0, 3.1.3).")


def _menu(menu: etree._Element) -> Iterator[Fault]:
    if menu.get("dtmf") != "true":
        return
    for choice in menu:
        if name_of(choice) == "choice" and choice.get("dtmf", "0").strip() not in {"*", "#", "0"}:
            yield _refused(
                choice,
                'A menu with dtmf="true" numbers its choices; their own dtmf may be *, # or 0 (VoiceXML 2.0, 2.2.1).',
            )


def _assign(assign: etree._Element) -> Iterator[Fault]:
    name = assign.get("name")
    if name is not None and not is_assignable(name):
        yield _thrown(
            assign,
            "semantic",
            f"<assign> sets a variable, or a part of one, as a.b or a[0], and {name[:60]!r} is neither; "
            "a <script> may set what an index computes (VoiceXML 2.0, 5.3.2).",
        )


def _if(element: etree._Element) -> Iterator[Fault]:
    otherwise = False
    for child in element:
        if name_of(child) in {"else", "elseif"} and otherwise:
            yield _refused(child, f"<{name_of(child)}> may not follow <else> (VoiceXML 2.0, 5.3.4).")
        otherwise = otherwise or name_of(child) == "else"


def _field(field: etree._Element) -> Iterator[Fault]:
    builtin = field.get("type", "").partition("?")[0].removeprefix("builtin:").removeprefix("dtmf/")
    if builtin and builtin not in BUILTINS and not builtin.startswith("x-"):
        yield _thrown(
            field,
            "unsupported.builtin",
            f"{builtin[:60]} is none of the types {', '.join(sorted(BUILTINS))} (VoiceXML 2.0, appendix P).",
        )


def _property(element: etree._Element) -> Iterator[Fault]:
    name, value = element.get("name", ""), element.get("value", "")
    if name in PROPERTIES and (wanted := complaint(PROPERTIES[name], value)):
        yield _thrown(element, "semantic", f"The property {name} must be {wanted} (VoiceXML 2.0, 6.3).")


_RULES: dict[str, Callable[[etree._Element], Iterator[Fault]]] = {
    "assign": _assign,
    "field": _field,
    "filled": _filled,
    "form": _form,
    "grammar": _grammar,
    "if": _if,
    "menu": _menu,
    "property": _property,
}


RULED = frozenset(_RULES) | {each.partition(".")[0] for each in DECLARES}  # the elements that have rules


def _parent(element: etree._Element) -> str:
    parent = element.getparent()
    return "" if parent is None else name_of(parent)


def _refused(element: etree._Element, message: str) -> Fault:
    return Fault(line_of(element), None, "badfetch", message, is_of_choice=True, element=element)


def _thrown(element: etree._Element, kind: str, message: str) -> Fault:
    return Fault(line_of(element), None, kind, message, is_refused=False)
