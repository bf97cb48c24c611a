"""What runs by the rules, and hardly as it was meant: `check` warns of it, calls never look."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lxml import etree

from services.dialer.vxml.documents import Document, line_of, name_of
from services.dialer.vxml.expression_warnings import condition, quoteless, session
from services.dialer.vxml.faults import WARNING, Fault, meant
from services.dialer.vxml.schema_table import OURS, PROPERTIES

_ADDRESSES = ("tel:", "sip:", "sips:")
_VOICE = "builtin:grammar/"
_PROPERTIES = PROPERTIES.keys() | {"fetchaudio", "recordutterancetype", "universals"}  # of any value, those
_NOTHING = "Nothing fills this <field>: it has no type, no <grammar> and no <option>, and its form no <grammar>."


def warnings_of(document: Document) -> Iterator[Fault]:
    """Yield what hardly anybody means, element by element."""
    of_all = (condition, session, quoteless(document), _namelist)
    for element in document.root.iter():
        name = name_of(element)
        if name.startswith("{"):
            continue  # what others may write in metadata is theirs
        for rule in (_RULES[name], *of_all) if name in _RULES else of_all:
            if sentence := rule(element):
                yield Fault(line_of(element), None, WARNING, sentence, is_refused=False)


def _namelist(element: etree._Element) -> str | None:
    if "," not in element.get("namelist", ""):
        return None
    return "Blanks separate the names of a namelist; a comma is part of none."


def _property(element: etree._Element) -> str | None:
    """Tell of a name that is none: one of ours, or one like another; with a dot it is some other platform's."""
    name = element.get("name", "")
    is_ours = name.casefold().startswith(OURS)
    if name in _PROPERTIES or ("." in name and not is_ours):
        return None
    hint = meant(name.casefold(), [each for each in _PROPERTIES if each.startswith(OURS) == is_ours])
    return f"There is no property {name[:60]}{hint}" if is_ours or "did you mean" in hint else None


def _field(field: etree._Element) -> str | None:
    form = field.getparent()
    of_form = [] if form is None or field.get("modal") == "true" else _named(form, "grammar")
    grammars, options = [*_named(field, "grammar"), *of_form], _named(field, "option")
    if field.get("type") or not _wants_keys(field):
        return None
    if not (grammars or options):
        is_never_asked = field.get("expr") is not None or field.get("cond") is not None or _named(field, "link")
        return None if is_never_asked else _NOTHING
    if any(map(_takes_keys, grammars)) or any(option.get("dtmf") for option in options):
        return None
    return (
        'No key fills this <field>: its grammars are for words, as one is unless it says mode="dtmf", '
        "and an <option> unless it has dtmf."
    )


def _menu(menu: etree._Element) -> str | None:
    choices = _named(menu, "choice")
    if menu.get("dtmf") == "true" or not choices or not _wants_keys(menu):
        return None
    if any(each.get("dtmf") or any(map(_takes_keys, _named(each, "grammar"))) for each in choices):
        return None
    return 'No key is a choice of this <menu>: neither has a <choice> dtmf, nor the <menu> dtmf="true".'


def _submit(submit: etree._Element) -> str | None:
    if submit.get("method") == "post" and submit.get("enctype") == "multipart/form-data":
        return None
    form = next((each for each in submit.iterancestors() if name_of(each) == "form"), None)
    recordings = [] if form is None else [each.get("name") for each in _named(form, "record")]
    listed = submit.get("namelist")
    if not recordings or (listed is not None and not set(listed.split()).intersection(recordings)):
        return None
    return 'A recording is submitted with method="post" and enctype="multipart/form-data" (VoiceXML 2.0, 2.3.6).'


def _form(form: etree._Element) -> str | None:
    before = form.itersiblings("{*}form", "{*}menu", preceding=True)
    if form.get("id") is not None or next(before, None) is None:
        return None
    if form.get("scope") == "document" or any(each.get("scope") == "document" for each in _named(form, "grammar")):
        return None
    return "Nothing leads to this <form>: it is not the first, and has no id; a document goes on where <goto> leads."


def _transfer(transfer: etree._Element) -> str | None:
    destination = transfer.get("dest")
    if destination is None or destination.casefold().startswith(_ADDRESSES):
        return None
    return "The dest of <transfer> begins with neither tel: nor sip:, as in tel:+ and a number (VoiceXML 2.0, 2.3.7)."


def _takes_keys(grammar: etree._Element) -> bool:
    """Whether a grammar is for keys, or may be: one that stands elsewhere says itself what it is for."""
    src = grammar.get("src")
    if grammar.get("srcexpr") is not None or (src is not None and grammar.get("mode") is None):
        return not (src or "").startswith(_VOICE)
    return grammar.get("mode") == "dtmf"


def _wants_keys(element: etree._Element) -> bool:
    """Whether keys are listened to: the nearest property says so (6.3)."""
    for each in (element, *element.iterancestors()):
        for found in reversed(_named(each, "property")):
            if found.get("name") == "inputmodes":
                return "dtmf" in found.get("value", "").split()
    return True


def _named(parent: etree._Element, name: str) -> list[etree._Element]:
    return [each for each in parent.iterchildren(f"{{*}}{name}") if name_of(each) == name]


_RULES: dict[str, Callable[[etree._Element], str | None]] = {
    "field": _field,
    "form": _form,
    "menu": _menu,
    "property": _property,
    "submit": _submit,
    "transfer": _transfer,
}
