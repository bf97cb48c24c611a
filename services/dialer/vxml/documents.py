"""A VoiceXML document from a stranger: bytes to elements, or one sentence that says why not.

Nothing is fetched, and nothing in a document makes it larger than it came: a DOCTYPE may name a DTD, which is not read,
but declare nothing itself, so that there are no entities and no default attributes. The bytes are decoded here, once,
so that no encoding shows one document to these checks and another one to the parser.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

from lxml import etree

from services.dialer.vxml.malformed import said_of

MAX_BYTES = 1 << 20
MAX_DEPTH = 64
MAX_ELEMENTS = 20_000
MAX_ATTRIBUTES = 64  # of one element

VXML = "http://www.w3.org/2001/vxml"
SRGS = "http://www.w3.org/2001/06/grammar"
SSML = "http://www.w3.org/2001/10/synthesis"
XML = "http://www.w3.org/XML/1998/namespace"
_OURS = frozenset({VXML, SRGS, SSML})

# What Python calls an encoding may be a riddle (utf-7, unicode_escape); these only name characters.
_ENCODINGS = re.compile(
    r"utf-?8|utf-16(?:le|be)?|us-ascii|iso-8859-\d{1,2}|windows-125\d|koi8-[ru]"
    r"|shift_jis|euc-jp|iso-2022-jp|euc-kr|gb2312|gbk|gb18030|big5",
    re.IGNORECASE,
)
_DECLARED = re.compile(rb"""\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*["']([\w.:-]{1,40})["']""")
_CHARSET = re.compile(r""";\s*charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)
_BEFORE_THE_ROOT = re.compile(r"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)
_INSTRUCTION = re.compile(r"<\?([^\s?]+)\s*(.*)\?>", re.DOTALL)
# An end that lacks is the text's: so no text is gone through twice.
_NOT_MARKUP = re.compile(r"<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)|<!\[CDATA\[(.*?)(?:\]\]>|\Z)", re.DOTALL)
SECTION = "paceline-cdata"  # the instruction by which the parser is told of a CDATA section, of which it tells nobody
_LITERAL = r"""(?:"[^"]*"|'[^']*')"""
_DOCTYPE = re.compile(rf"""<!DOCTYPE\s+[^\s<>"'\[\]]+(?:\s+(?:PUBLIC\s+{_LITERAL}|SYSTEM)\s+{_LITERAL})?\s*>""")
_BEYOND = etree.XPath(
    f"count(//*) > {MAX_ELEMENTS} or boolean({'/*' * (MAX_DEPTH + 1)}) or boolean(//*[@*[{MAX_ATTRIBUTES + 1}]])"
)
_HEADERS = frozenset({"Cache-Control", "Expires", "Date"})
_TEXTS = frozenset({"value", "message", "label", "content", "alias"})  # attributes that are texts, blanks and all
_SHOWN = 60  # characters of a name in a message
_LONGEST_SHOWN = 150  # characters of an address in one
_MARKS = 4 * MAX_ELEMENTS  # an element has two `<` at the most; scripts and comments have some, too


class BadDocument(Exception):
    """The bytes are no document that can be run; says why, and in which line (VoiceXML 2.0, 5.2.6: error.badfetch)."""

    def __init__(self, message: str, *, line: int = 1, column: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Document:
    """A document and what its root element says of all of it (VoiceXML 2.0, 1.5.1); all addresses are absolute."""

    url: str
    root: etree._Element
    base: str
    application: str | None
    version: str
    lang: str | None
    _properties: dict[etree._Element, dict[str, str]] = field(default_factory=dict, compare=False, repr=False)

    def properties_of(self, element: etree._Element) -> dict[str, str]:
        """Return the properties that are set in an element (6.3); of a name that is set twice, the last counts."""
        if (known := self._properties.get(element)) is None:
            found = [each for each in element.iterchildren("{*}property") if name_of(each) == "property"]
            known = {each.get("name", ""): each.get("value", "") for each in found}
            self._properties[element] = known
        return known

    def resolve(self, uri: str, base: str = "") -> str:
        """Return a reference as an address, relative to the document's base; one that is none stays as it is.

        An element's own `base` is a reference itself, and comes before that (XML Base, 4.1).
        """
        return _joined(_joined(self.base, base), uri)


def parse(body: bytes, url: str, content_type: str = "") -> Document:
    """Read a document that was fetched from `url`; the answer's Content-Type may name its encoding (RFC 7303).

    An element in no namespace is taken as VoiceXML: authors leave `xmlns` out, and it can mean nothing else.

    Raises:
        BadDocument: it is not well-formed, its root is not `vxml`, it declares something in its DOCTYPE, its encoding
            is unknown, or it is too large, too deep or too wide.
    """
    root = parse_xml(body, content_type)
    trim(root)
    if not root.tag.startswith("{"):
        for element in root.iter():
            if not element.tag.startswith("{"):
                element.tag = f"{{{VXML}}}{element.tag}"
    if root.tag != f"{{{VXML}}}vxml":
        name = etree.QName(root).localname
        found = f"The root element is <{name[:_SHOWN]}>, not <vxml>"
        wrong = f"The namespace of <vxml> is not {VXML}" if name == "vxml" else found
        raise BadDocument(f"{wrong} (VoiceXML 2.0, 1.5.1).", line=line_of(root))
    url = urldefrag(url).url
    base = _joined(url, root.get(f"{{{XML}}}base", ""))
    application = root.get("application")
    return Document(
        url=url,
        root=root,
        base=base,
        application=urldefrag(_joined(base, application)).url if application else None,
        version=root.get("version", ""),
        lang=root.get(f"{{{XML}}}lang"),
    )


def parse_xml(body: bytes, content_type: str = "", *, whole: bool = False) -> etree._Element:
    """Read XML of any vocabulary with the same caution (grammars, `<data>`).

    Comments and instructions are left out, unless it is wanted `whole`: then a CDATA section is an instruction, too.

    Raises:
        BadDocument: as for `parse`, whatever the root is.
    """
    if len(body) > MAX_BYTES:
        raise BadDocument(f"The document is larger than {MAX_BYTES >> 10} KiB.")
    text = _decoded(body, content_type)
    _check_doctype(text)
    if text.count("<") > _MARKS:
        raise BadDocument(f"The document has more than {MAX_ELEMENTS} elements.")
    if whole:
        text = _NOT_MARKUP.sub(_section_apart, text)
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=not whole,
        remove_pis=not whole,
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise BadDocument(said_of(error, text), line=line or 1, column=column) from None
    # A DTD that is not read may declare entities; what they stood for is not known, and leaving it out is no answer.
    for warning in parser.error_log:
        if warning.type_name == "WAR_UNDECLARED_ENTITY":
            raise BadDocument("Only the five entities of XML itself are known.", line=warning.line)
    if _BEYOND(root):
        _refuse_size(root)
    return root


def _section_apart(match: re.Match[str]) -> str:
    if match[1] is None or not match[0].endswith("]]>"):
        return match[0]
    return f"<?{SECTION} !{match[1].replace('?', '?!')}?>"  # without blanks at its beginning, or an end in it


def section(data: str) -> str:
    """Return the text of a CDATA section by what its instruction says."""
    return data[1:].replace("?!", "?")


def trim(root: etree._Element) -> None:
    """Take the blanks from the ends of attributes, as types of XML Schema that are no strings have none there."""
    for element in root.iter():
        for value in element.values():
            if value.strip() != value:
                _trim(element)
                break


def _trim(element: etree._Element) -> None:
    for name, value in element.attrib.items():
        if name not in _TEXTS:
            element.set(name, value.strip())


def decoded(body: bytes, encoding: str) -> str | None:
    """Return the text of bytes, where they are damaged with a sign for that; None for an encoding that is not read.

    What Python takes for an encoding may take the square of the length, as punycode does.
    """
    try:
        return body.decode(encoding, "replace") if _ENCODINGS.fullmatch(encoding) else None
    except LookupError:
        return None


def instructions(body: bytes, target: str, content_type: str = "") -> list[str]:
    """Return what the processing instructions of this name say that stand before the root (XML 1.0, 2.6 and 2.8)."""
    text, at = _decoded(body, content_type), 0
    found: list[tuple[str, str]] = []
    while skipped := _BEFORE_THE_ROOT.match(text, at) or _DOCTYPE.match(text, at):
        at = skipped.end()
        if instruction := _INSTRUCTION.fullmatch(skipped[0]):
            found.append((instruction[1], instruction[2]))
    return [said for name, said in found if name == target]


def headers_in(document: Document) -> dict[str, str]:
    """Return what a document says in place of its server's headers of how long it lasts (VoiceXML 2.0, 6.2.1)."""
    metas = [each for each in document.root.iterchildren("{*}meta") if name_of(each) == "meta"]
    said = {each.get("http-equiv", "").title(): each.get("content", "") for each in metas}
    return {name: said[name] for name in _HEADERS & said.keys()}


def address_shown(url: str) -> str:
    """Return an address as messages have it: a query may hold what was keyed in, and what stands before a host, too."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "another document"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:_LONGEST_SHOWN]


def name_of(element: etree._Element) -> str:
    """Return the name of an element of VoiceXML, SRGS or SSML; of another vocabulary, `{namespace}name`."""
    return _name_by(element.tag)


@lru_cache(maxsize=256)
def _name_by(tag: str) -> str:
    namespace, _, name = tag[1:].partition("}")
    return name if namespace in _OURS else tag


def line_of(element: etree._Element) -> int:
    """Return the line in which an element's tag ends."""
    line: Any = element.sourceline  # the stubs do not know what it is
    return int(line or 1)


def _decoded(body: bytes, content_type: str) -> str:
    declared = _DECLARED.match(body[:512])
    charset = _CHARSET.search(content_type)
    if body.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    elif body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif body.startswith(b"<\0"):
        encoding = "utf-16-le"
    elif body.startswith(b"\0<"):
        encoding = "utf-16-be"
    else:
        encoding = charset[1] if charset else declared[1].decode() if declared else "utf-8"
        if not _ENCODINGS.fullmatch(encoding):
            raise BadDocument("Its encoding is none that is read here; UTF-8 always is.")
    try:
        return body.decode(encoding)
    except LookupError:
        raise BadDocument("Its encoding is none that is read here; UTF-8 always is.") from None
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise BadDocument(
            f"Its bytes are not text in {encoding}: save it so, or let it say in which encoding it is.", line=line
        ) from None


def _check_doctype(text: str) -> None:
    at = 0
    while skipped := _BEFORE_THE_ROOT.match(text, at):
        at = skipped.end()
    if text.startswith("<!DOCTYPE", at) and not _DOCTYPE.match(text, at):
        line = text.count("\n", 0, at) + 1
        raise BadDocument("A DOCTYPE may name a DTD, which is not read, but it may declare nothing.", line=line)


def _refuse_size(root: etree._Element) -> None:
    """Say where a document that is too large is too large."""
    elements = depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            depth -= 1
            continue
        depth += 1
        elements += 1
        if depth > MAX_DEPTH:
            raise BadDocument(f"Elements are nested deeper than {MAX_DEPTH}.", line=line_of(element))
        if elements > MAX_ELEMENTS:
            raise BadDocument(f"The document has more than {MAX_ELEMENTS} elements.", line=line_of(element))
        if len(element.attrib) > MAX_ATTRIBUTES:
            raise BadDocument(f"An element has more than {MAX_ATTRIBUTES} attributes.", line=line_of(element))


def _joined(base: str, uri: str) -> str:
    try:
        return urljoin(base, uri)
    except ValueError:  # it only looked like an address; fetching it will say so
        return uri
