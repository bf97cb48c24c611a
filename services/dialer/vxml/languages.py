"""Which tags name a language at all (RFC 3066, ISO 639): what names none, no synthesiser speaks and nobody hears."""

from __future__ import annotations

import re

_TAG = re.compile(r"([A-Za-z]{2,3})(-[A-Za-z0-9]{1,8})*")
_LETTERS = 2  # of a language of ISO 639-1; all three letters may name one of ISO 639-2
_LANGUAGES = frozenset(
    """aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en
    eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik in io is it iu iw ja
    ji jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mo mr ms mt my na nb
    nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr
    ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
    """.split()  # noqa: SIM905 (one code on each of 189 lines is not easier to read)
)


def is_language(tag: str) -> bool:
    """Whether a tag names a language, as `en` and `en-US` do, and `en_US` does not."""
    match = _TAG.fullmatch(tag)
    return match is not None and (len(match[1]) > _LETTERS or match[1].lower() in _LANGUAGES)
