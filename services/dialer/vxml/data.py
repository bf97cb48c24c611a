"""The element data: XML as objects a script can read (VoiceXML 2.1 section 5)."""

from __future__ import annotations

from lxml import etree

from services.dialer.vxml.context import Context
from services.dialer.vxml.events import Event


async def data(_context: Context, _element: etree._Element) -> None:
    """Not built yet: says so as an element that is not supported does (VoiceXML 2.0 section 5.2.6)."""
    raise Event("error.unsupported.data", "data is not supported yet")
