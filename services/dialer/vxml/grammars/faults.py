"""What may be wrong with a grammar: each fault says in a sentence what, and never repeats what the caller said."""

from __future__ import annotations


class GrammarFault(Exception):
    """The grammar cannot be used; its `kind` is the event that it comes to, without `error.` (VoiceXML 2.0, 5.2.6).

    `line` is the line of its document, where that is known.
    """

    kind = "badfetch"

    def __init__(self, sentence: str, line: int | None = None) -> None:
        super().__init__(sentence)
        self.line = line


class GrammarTooLarge(GrammarFault):
    """The grammar, or what it makes of an input, is beyond what we hold for one call."""


class UnsupportedFormat(GrammarFault):
    """Its format, or that of its tags, is not ours."""

    kind = "unsupported.format"


class UnsupportedLanguage(GrammarFault):
    """Its words are of no language."""

    kind = "unsupported.language"


class NotXml(UnsupportedFormat):
    """It is not in the XML form of SRGS, which may be the opposite of what is said of it (VoiceXML 2.0, 3.1.1.4)."""


class UnsupportedBuiltin(GrammarFault):
    """There is no builtin type of this name (VoiceXML 2.0, 2.3.1)."""

    kind = "unsupported.builtin"
