"""Room on disk for bodies, while they are received and read: so much for all accounts together, half of it for one."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass

from services.api.errors import Problem

_AGAIN = {"Retry-After": "15"}


class Space:
    """How many bytes of bodies lie on disk, and whose."""

    def __init__(self, most: int) -> None:
        """Nothing lies there yet; `most` is what has room."""
        self._most = most
        self._taken: Counter[int] = Counter()
        self._alone = threading.RLock()  # a file that nobody holds gives its room back wherever it is found

    def of(self, account_id: int) -> Share:
        """Return the share of an account."""
        return Share(self, account_id)

    def take(self, account_id: int, size: int) -> None:
        """Take room for some bytes more.

        Raises:
            Problem: 429 the account has taken its part, 503 all have taken the whole.
        """
        with self._alone:
            if self._taken[account_id] + size > self._most // 2:
                detail = "Your account sends as many numbers at the same time as there is room for: wait for some."
                raise Problem(429, detail, headers=_AGAIN)
            if self._taken.total() + size > self._most:
                raise Problem(503, "So many numbers are sent just now that there is no room for yours.", headers=_AGAIN)
            self._taken[account_id] += size

    def give(self, account_id: int, size: int) -> None:
        """Give room back."""
        with self._alone:
            self._taken[account_id] -= size
            if not self._taken[account_id]:
                del self._taken[account_id]


@dataclass(frozen=True, slots=True)
class Share:
    """What an account takes of the space."""

    space: Space
    account_id: int

    def take(self, size: int) -> None:
        """Take room for some bytes more; raises as `Space.take` does."""
        self.space.take(self.account_id, size)

    def give(self, size: int) -> None:
        """Give room back."""
        self.space.give(self.account_id, size)
