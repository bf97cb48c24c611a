"""Refusals in the words of the domain; the api turns them into answers, each by its slug."""

from __future__ import annotations

from typing import ClassVar


class DomainError(Exception):
    """Something the rules do not allow. `slug` names the rule and stays the same over versions."""

    slug: ClassVar[str] = "refused"
    sentence: ClassVar[str] = "The rules do not allow this."

    def __init__(self, sentence: str | None = None) -> None:
        super().__init__(sentence or self.sentence)


class CampaignEnded(DomainError):
    """The campaign's dates are over."""

    slug = "campaign-ended"
    sentence = "The campaign has ended: its end_date is over. Create a new campaign for further calls."


class EntryRefused(DomainError):
    """A phone number entry cannot be read; the sentence says why without repeating the number."""

    slug = "bad-entry"
    sentence = "The entry is not a phone number entry."
