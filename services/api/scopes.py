"""What a token may be good for: three scopes, none of which holds another."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """One kind of operation; the table of routes says which operation needs which."""

    READ = "read"  # see schedules, profiles and campaigns
    WRITE = "write"  # make, change and delete them, and add numbers
    CONTROL = "control"  # start and stop campaigns


EVERY = tuple(Scope)
