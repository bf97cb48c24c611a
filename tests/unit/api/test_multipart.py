"""Parts that come in an encoding made for mail."""

from __future__ import annotations

import quopri

from hypothesis import given
from hypothesis import strategies as st

from services.api.multipart import QuotedPrintable


@given(st.binary(max_size=300), st.integers(1, 9))
def test_quoted_printable_reads_alike_wherever_it_is_cut(content, size):
    sent = quopri.encodestring(content, quotetabs=True)
    decoder = QuotedPrintable()
    pieces = [decoder.decode(sent[at : at + size]) for at in range(0, len(sent), size)]
    assert b"".join([*pieces, decoder.decode(b"")]) == quopri.decodestring(sent)
