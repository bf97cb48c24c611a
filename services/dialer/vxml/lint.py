"""Everything that is wrong with a document, from its bytes to lines for the person who writes it."""

from __future__ import annotations

from services.dialer.vxml.documents import BadDocument, parse
from services.dialer.vxml.faults import Fault
from services.dialer.vxml.schema import check


def faults_in(body: bytes, url: str, content_type: str = "") -> list[Fault]:
    """Return what would refuse a document that came from an address, and what would be thrown in it, by line."""
    try:
        document = parse(body, url, content_type)
    except BadDocument as bad:
        return [Fault(bad.line, bad.column, "badfetch", bad.message)]
    return check(document)


def told(name: str, fault: Fault) -> str:
    """Return a fault as a line that editors lead to its place: the file, the line, the event and what is wrong."""
    place = f"{name}:{fault.line}" + (f":{fault.column}" if fault.column else "")
    when = "" if fault.is_refused else " when it is reached"
    return f"{place}: error.{fault.kind}{when}: {fault.message}"
