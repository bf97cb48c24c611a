"""What was read once is not read again: documents and grammars by their content, shared by all calls of a process.

Fetching is not its matter: the same bytes are read once, however they came. Nothing in it is ever changed, and nothing
of a call gets into it but what a server sent, under the digest of all of it: a call finds only what it has itself.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.dialer.vxml.documents import Document
from services.dialer.vxml.grammars.grammar import Grammar

Kept = TypeVar("Kept")

_MOST = 64 << 20  # bytes, of each kind
_TIMES = 18  # as large as their sources are trees, and grammars, in memory; measured
_COPIES = 4  # of an address, in the key and in what is kept, of a byte or two for each character
_AT_LEAST = 8 << 10  # bytes, for those of a few lines


def digest(content: bytes) -> bytes:
    """Return what stands for a content: no two have the same."""
    return hashlib.sha256(content).digest()


class Shelf(Generic[Kept]):
    """Things of one kind by their keys; those that were not asked for longest go when all are too large together."""

    def __init__(self, most: int) -> None:
        """Nothing is kept yet; `most` is in bytes."""
        self._most = most
        self._kept: OrderedDict[Hashable, tuple[Kept, int]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        """Return how many things are kept."""
        return len(self._kept)

    def get(self, key: Hashable) -> Kept | None:
        """Return what is kept under a key."""
        if (found := self._kept.get(key)) is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def put(self, key: Hashable, what: Kept, source: int, *, named: int = 0) -> None:
        """Keep something that was made of so many bytes, and has so many characters of addresses and names."""
        size = _AT_LEAST + _TIMES * source + _COPIES * named
        self._size += size - self._kept.pop(key, (None, 0))[1]
        self._kept[key] = (what, size)
        while self._size > self._most:
            _, (_, size) = self._kept.popitem(last=False)
            self._size -= size


@dataclass(frozen=True, slots=True)
class Compiled:
    """A grammar, and the other documents that it was made of: their addresses, and the digests of what they were."""

    grammar: Grammar
    others: tuple[tuple[str, bytes], ...] = ()


class Library:
    """The documents that were found to be VoiceXML, and the grammars that could be compiled."""

    def __init__(self, most: int = _MOST) -> None:
        """Nothing was read yet; `most` bytes are kept of documents, and as many of grammars."""
        self.documents: Shelf[Document] = Shelf(most)
        self.grammars: Shelf[Compiled] = Shelf(most)
