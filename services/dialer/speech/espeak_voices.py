"""Which of espeak-ng's voices a language and a voice's name or gender come to, from its own lists; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

DEFAULT_LANGUAGE = "en-US"
_ROW = re.compile(r"\s*(\d+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s*(.*)")
_OTHER = re.compile(r"\((\S+) (\d+)\)")
_NEEDS_MORE = "mb/"  # voices of another program's data
_VARIANT = "!v/"
_GENDERS = {"male": "", "neutral": "", "female": "f3"}  # its voices are male


@dataclass(frozen=True, slots=True)
class Voice:
    """What `-v` is told; `unheeded` says in a sentence that another voice was asked for."""

    argument: str
    female: bool = False
    unheeded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Voices:
    """What it can speak with: files by language, the one it prefers first, and files by name."""

    languages: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    variants: dict[str, tuple[str, bool]] = field(default_factory=dict)

    def choose(self, lang: str, voice: str) -> Voice | None:
        """Return the voice for a language (RFC 4647 lookup: `en-AU` comes to `en`); None when it knows none."""
        named = self.names.get(_key(voice))
        if named is not None:
            return Voice(named)
        tag = (lang or DEFAULT_LANGUAGE).lower()
        while tag and tag not in self.languages:
            tag = tag.rpartition("-")[0]
        if not tag:
            return None
        spoken = self.languages[tag]
        if not voice:
            return Voice(spoken)
        variant, female = _GENDERS.get(voice, ""), voice == "female"
        if voice not in _GENDERS:
            if _key(voice) not in self.variants:
                return Voice(spoken, unheeded=(f"voice '{voice}' is not known to espeak-ng",))
            variant, female = self.variants[_key(voice)]
        return Voice(f"{spoken}+{variant}" if variant else spoken, female)


def read_voices(voices: str, variants: str) -> Voices:
    """Read what `--voices` and `--voices=variant` print."""
    read, ranks = Voices(), dict[str, int]()
    for row in _rows(voices):
        rank, language, _, name, file, others = row.groups()
        if file.startswith(_NEEDS_MORE):
            continue
        read.names.setdefault(_key(name), file)
        for tag, at in ((language, rank), *_OTHER.findall(others)):
            if int(at) < ranks.get(tag.lower(), 1_000):
                ranks[tag.lower()] = int(at)
                read.languages[tag.lower()] = file
    for row in _rows(variants):
        _, _, age_and_gender, name, file, _ = row.groups()
        variant = (file.removeprefix(_VARIANT), age_and_gender.endswith("F"))
        read.variants.setdefault(_key(name), variant)
    return read


def _rows(listing: str) -> Iterator[re.Match[str]]:
    for line in listing.splitlines()[1:]:
        if row := _ROW.fullmatch(line):
            yield row


def _key(name: str) -> str:
    """Return a name as it is compared: the lists have _ for blanks."""
    return name.strip().lower().replace(" ", "_")
