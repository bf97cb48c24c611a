"""The element data: XML as objects that a script can read (VoiceXML 2.1 section 5)."""

from __future__ import annotations

from lxml import etree

from services.dialer.vxml.access import may_read
from services.dialer.vxml.context import Context
from services.dialer.vxml.documents import SECTION, BadDocument, instructions, line_of, parse_xml, section
from services.dialer.vxml.events import Event
from services.dialer.vxml.leaving import reference, submission
from services.dialer.vxml.navigation import play_before
from services.dialer.vxml.ports import Json
from services.dialer.vxml.scopes import Semantic, require_name

_MOST_NAMESPACES = 64  # each attribute of a namespace looks through them


async def data(context: Context, element: etree._Element) -> None:
    """Fetch XML, sending variables with the request, and give it to a variable of the innermost scope as a document."""
    uri = reference(context, element, "src", "srcexpr")
    if uri is None:
        raise Event("error.badfetch", "data says nowhere to fetch from")
    request = await submission(context, element, uri, element.get("namelist", "").split(), purpose="data")
    await play_before(context, element)
    response = await context.session.fetch(request)
    name = element.get("name")
    if name is None:
        return
    require_name(name)
    body, content_type = response.body, response.content_type
    try:
        root = await context.session.work(len(body), lambda: parse_xml(body, content_type, whole=True))
        says = instructions(body, "access-control", content_type)
        if not may_read(says, source=response.url, reader=context.document.url):
            raise Event("error.noauthorization", "the data may not be read by this application")
        tree = await context.session.work(len(body), lambda: document_of(root))
    except BadDocument as bad:
        raise Event("error.badfetch", f"line {bad.line}: {bad.message}") from None
    with Semantic():
        context.scopes.engine.put_document(context.scopes.chain[-1], name, tree)


def document_of(root: etree._Element) -> Json:
    """Return a document as the engine takes it: its element, and the comments and instructions beside that.

    Raises:
        BadDocument: it has too many namespaces.
    """
    before = reversed([*root.itersiblings(preceding=True)])
    return [_tree_of(each) for each in (*before, root, *root.itersiblings())]


def _tree_of(node: etree._Element) -> Json:
    if isinstance(node, etree._Comment):  # noqa: SLF001 (the type has no other name)
        return {"comment": node.text or ""}
    if isinstance(node, etree._ProcessingInstruction):  # noqa: SLF001 (nor has this one)
        if node.target == SECTION:
            return {"section": section(node.text or "")}
        return {"target": str(node.target), "data": node.text or ""}
    children: list[Json] = [node.text] if node.text else []
    for child in node:
        children.append(_tree_of(child))
        if child.tail:
            children.append(child.tail)
    attributes: list[Json] = [
        [_qualified(node, str(name)), str(value), etree.QName(str(name)).namespace]
        for name, value in node.attrib.items()
    ]
    return [_qualified(node, node.tag), etree.QName(node).namespace, attributes, children]


def _qualified(element: etree._Element, name: str) -> str:
    """Return a name with the prefix that it is written with."""
    parts = etree.QName(name)
    if parts.namespace is None:
        return parts.localname
    declared = element.nsmap
    if len(declared) > _MOST_NAMESPACES:
        raise BadDocument(f"An element sees more than {_MOST_NAMESPACES} namespaces.", line=line_of(element))
    prefixes = {uri: prefix for prefix, uri in declared.items()}
    prefix = element.prefix if name == element.tag else prefixes.get(parts.namespace, "xml")
    return f"{prefix}:{parts.localname}" if prefix else parts.localname
