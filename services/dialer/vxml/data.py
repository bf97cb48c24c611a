"""The element data: XML as objects that a script can read (VoiceXML 2.1 section 5)."""

from __future__ import annotations

from lxml import etree

from services.dialer.vxml.context import Context
from services.dialer.vxml.documents import BadDocument, parse_xml
from services.dialer.vxml.events import Event
from services.dialer.vxml.leaving import reference, submission
from services.dialer.vxml.ports import Json
from services.dialer.vxml.scopes import semantic


async def data(context: Context, element: etree._Element) -> None:
    """Fetch XML, sending variables with the request, and give it to a variable of the innermost scope as a document."""
    uri = reference(context, element, "src", "srcexpr")
    if uri is None:
        raise Event("error.badfetch", "data says nowhere to fetch from")
    request = submission(context, element, uri, element.get("namelist", "").split(), purpose="data")
    response = await context.session.fetch(request)
    name = element.get("name")
    if name is None:
        return
    try:
        root = parse_xml(response.body, response.content_type)
    except BadDocument as bad:
        raise Event("error.badfetch", f"line {bad.line}: {bad.message}") from None
    with semantic():
        context.scopes.engine.put_document(context.scopes.chain[-1], name, tree_of(root))


def tree_of(element: etree._Element) -> Json:
    """Return an element as the engine takes it: name, namespace, attributes, children; texts are strings."""
    names = etree.QName(element)
    children: list[Json] = [element.text] if element.text else []
    for child in element:
        children.append(tree_of(child))
        if child.tail:
            children.append(child.tail)
    attributes: list[Json] = [[_qualified(element, str(name)), str(value)] for name, value in element.attrib.items()]
    return [_qualified(element, element.tag), names.namespace, attributes, children]


def _qualified(element: etree._Element, name: str) -> str:
    """Return a name with the prefix that it is written with."""
    parts = etree.QName(name)
    if parts.namespace is None:
        return parts.localname
    prefixes = {uri: prefix for prefix, uri in element.nsmap.items()}
    prefix = element.prefix if name == element.tag else prefixes.get(parts.namespace, "xml")
    return f"{prefix}:{parts.localname}" if prefix else parts.localname
