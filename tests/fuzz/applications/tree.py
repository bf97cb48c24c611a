"""A document while it is made: elements that can be taken out again, which is how a finding is made small."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

_XML = "{http://www.w3.org/XML/1998/namespace}"


@dataclass
class Node:
    """An element by its name as it is written, its attributes and its content."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    content: list[Node | str] = field(default_factory=list)

    def written(self) -> str:
        given = "".join(f" {name}={quoteattr(legal(value))}" for name, value in self.attributes.items())
        inside = "".join(each.written() if isinstance(each, Node) else escape(legal(each)) for each in self.content)
        return f"<{self.name}{given}>{inside}</{self.name}>"

    def walk(self) -> Iterator[Node]:
        yield self
        for each in self.content:
            if isinstance(each, Node):
                yield from each.walk()

    def copy(self) -> Node:
        content = [each.copy() if isinstance(each, Node) else each for each in self.content]
        return Node(self.name, dict(self.attributes), content)


def legal(text: str) -> str:
    """Return a text without the characters that XML has no place for."""
    return "".join(each for each in text if each in "\t\n\r" or " " <= each < "\ud800" or "\ue000" <= each <= "\ufffd")


def read(body: bytes) -> Node | None:
    """Return a document of somebody else's as a tree; None when it is none that can be read."""
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, remove_comments=True, remove_pis=True))
    except etree.XMLSyntaxError:
        return None
    return _node(root)


def _node(element: etree._Element) -> Node:
    names = etree.QName(element)
    given = {str(key).replace(_XML, "xml:"): str(value) for key, value in element.attrib.items()}
    attributes = {key: value for key, value in given.items() if not key.startswith("{")}
    parent = element.getparent()
    if parent is None or etree.QName(parent).namespace != names.namespace:
        attributes["xmlns"] = names.namespace or ""
    node = Node(names.localname, attributes, [element.text or ""])
    for child in element:
        if isinstance(child.tag, str):
            node.content.append(_node(child))
        node.content.append(child.tail or "")
    return node
