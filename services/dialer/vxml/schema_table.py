"""The elements of VoiceXML 2.1 with the SRGS and SSML in it, as a table: attributes, content, and what excludes what.

A name with `!` is required. `inline` among alternatives stands for content. What 2.1 added is taken in a document of
2.0, too: platforms agree on that, and nothing of 2.0 means something else in 2.1.
"""

from __future__ import annotations

from dataclasses import dataclass

FORM_ITEMS = frozenset({"block", "field", "initial", "object", "record", "subdialog", "transfer"})
INPUT_ITEMS = FORM_ITEMS - {"block", "initial"}
BUILTINS = frozenset({"boolean", "currency", "date", "digits", "number", "phone", "time"})

_FETCH = "fetchhint fetchtimeout maxage maxstale"
_ITEM = "name expr cond"
_THROW = "event eventexpr message messageexpr"
_AUDIO = "audio enumerate value"
_HANDLERS = "catch error help noinput nomatch"
_EXECUTABLE = (
    f"{_AUDIO} assign clear data disconnect exit foreach goto if log prompt reprompt return script submit throw var"
)
_SENTENCE = f"{_AUDIO} break emphasis foreach mark phoneme prosody say-as sub voice"
_SPEECH = f"{_SENTENCE} p s"
_EXPANSION = "item one-of ruleref tag token"
_ONE_MESSAGE = "message messageexpr"


@dataclass(frozen=True, slots=True)
class Element:
    """What one element may and must have; `section` is where the Recommendation says so."""

    section: str
    attributes: frozenset[str]
    required: frozenset[str]
    children: frozenset[str]
    text: bool
    exactly_one: tuple[tuple[str, ...], ...]
    at_most_one: tuple[tuple[str, ...], ...]


def _element(
    section: str,
    attributes: str = "",
    *,
    children: str = "",
    text: bool = False,
    exactly_one: str = "",
    at_most_one: tuple[str, ...] = (),
) -> Element:
    names = attributes.split()
    return Element(
        section=f"VoiceXML 2.0, {section}" if section[0].isdigit() else section,
        attributes=frozenset(name.rstrip("!") for name in names),
        required=frozenset(name.rstrip("!") for name in names if name.endswith("!")),
        children=frozenset(children.split()),
        text=text,
        exactly_one=(tuple(exactly_one.split()),) if exactly_one else (),
        at_most_one=tuple(tuple(each.split()) for each in at_most_one),
    )


def _handler(section: str, attributes: str = "") -> Element:
    return _element(section, f"{attributes} count cond", children=_EXECUTABLE, text=True)


def _speech(section: str, attributes: str = "", *, children: str = _SPEECH) -> Element:
    return _element(section, attributes, children=children, text=True)


_DIALOGS = {
    "vxml": _element(
        "1.5.1",
        "version! application xml:base xml:lang",
        children=f"{_HANDLERS} data form link menu meta metadata property script var",
    ),
    "form": _element(
        "2.1",
        "id scope",
        children=f"{_HANDLERS} {' '.join(sorted(FORM_ITEMS))} data filled grammar link property script var",
    ),
    "menu": _element(
        "2.2.1", "id scope dtmf accept", children=f"{_AUDIO} {_HANDLERS} choice prompt property", text=True
    ),
    "choice": _element(
        "2.2.2",
        f"dtmf accept fetchaudio next expr {_THROW} {_FETCH}",
        children="grammar",
        text=True,
        exactly_one="next expr event eventexpr",
        at_most_one=(_ONE_MESSAGE,),
    ),
    "enumerate": _speech("2.2.4"),
    "link": _element(
        "2.5",
        f"dtmf fetchaudio next expr {_THROW} {_FETCH}",
        children="grammar",
        exactly_one="next expr event eventexpr",
        at_most_one=(_ONE_MESSAGE,),
    ),
    "meta": _element("6.2.1", "name http-equiv content!", exactly_one="name http-equiv"),
    "metadata": _element("6.2.2"),
    "property": _element("6.3", "name! value!"),
    "param": _element("6.4", "name! expr value valuetype type", exactly_one="expr value"),
}

_ITEMS = {
    "field": _element(
        "2.3.1",
        f"{_ITEM} type slot modal",
        children=f"{_AUDIO} {_HANDLERS} filled grammar link option prompt property",
        text=True,
    ),
    "option": _element("2.3.1.3", "dtmf accept value", text=True),
    "block": _element("2.3.2", _ITEM, children=_EXECUTABLE, text=True),
    "initial": _element("2.3.3", _ITEM, children=f"{_AUDIO} {_HANDLERS} link prompt property", text=True),
    "subdialog": _element(
        "2.3.4",
        f"{_ITEM} src srcexpr fetchaudio method enctype namelist {_FETCH}",
        children=f"{_AUDIO} {_HANDLERS} filled param prompt property",
        text=True,
        exactly_one="src srcexpr",
    ),
    "object": _element(
        "2.3.5",
        f"{_ITEM} classid codebase codetype data type archive {_FETCH}",
        children=f"{_AUDIO} {_HANDLERS} filled param prompt property",
        text=True,
    ),
    "record": _element(
        "2.3.6",
        f"{_ITEM} modal beep maxtime finalsilence dtmfterm type",
        children=f"{_AUDIO} {_HANDLERS} filled grammar prompt property",
        text=True,
    ),
    "transfer": _element(
        "2.3.7",
        f"{_ITEM} dest destexpr bridge type connecttimeout maxtime transferaudio aai aaiexpr",
        children=f"{_AUDIO} {_HANDLERS} filled grammar prompt property",
        text=True,
        exactly_one="dest destexpr",
        at_most_one=("bridge type", "aai aaiexpr"),
    ),
    "filled": _element("2.4", "mode namelist", children=_EXECUTABLE, text=True),
}

_EXECUTED = {
    "throw": _element("5.2.1", _THROW, exactly_one="event eventexpr", at_most_one=(_ONE_MESSAGE,)),
    "catch": _handler("5.2.2", "event"),
    "error": _handler("5.2.3"),
    "help": _handler("5.2.3"),
    "noinput": _handler("5.2.3"),
    "nomatch": _handler("5.2.3"),
    "var": _element("5.3.1", "name! expr"),
    "assign": _element("5.3.2", "name! expr!"),
    "clear": _element("5.3.3", "namelist"),
    "if": _element("5.3.4", "cond!", children=f"{_EXECUTABLE} elseif else", text=True),
    "elseif": _element("5.3.4", "cond!"),
    "else": _element("5.3.4"),
    "reprompt": _element("5.3.6"),
    "goto": _element(
        "5.3.7", f"next expr nextitem expritem fetchaudio {_FETCH}", exactly_one="next expr nextitem expritem"
    ),
    "submit": _element("5.3.8", f"next expr namelist method enctype fetchaudio {_FETCH}", exactly_one="next expr"),
    "exit": _element("5.3.9", "expr namelist", at_most_one=("expr namelist",)),
    "return": _element("5.3.10", f"namelist {_THROW}", at_most_one=("namelist event eventexpr", _ONE_MESSAGE)),
    "disconnect": _element("5.3.11", "namelist"),
    "script": _element("5.3.12", f"src srcexpr charset {_FETCH}", text=True, exactly_one="src srcexpr inline"),
    "log": _element("5.3.13", "label expr", children="value", text=True),
    "data": _element(
        "VoiceXML 2.1, 5",
        f"name src srcexpr method enctype namelist fetchaudio {_FETCH}",
        exactly_one="src srcexpr",
    ),
    "foreach": _element("VoiceXML 2.1, 6", "item! array!", children=_EXECUTABLE, text=True),
}

_SPOKEN = {
    "prompt": _speech(
        "4.1",
        "bargein bargeintype cond count timeout version xml:lang xml:base",
        children=f"{_SPEECH} lexicon meta metadata",
    ),
    "audio": _element("4.1.3", f"src expr {_FETCH}", children=f"{_SPEECH} desc", text=True, exactly_one="src expr"),
    "value": _element("4.1.4", "expr!"),
    "mark": _element("VoiceXML 2.1, 4", "name nameexpr", exactly_one="name nameexpr"),
    "foreach in prompt": _speech("VoiceXML 2.1, 6", "item! array!"),
    "lexicon": _element("SSML 1.0, 3.1.4", "uri! type"),
    "p": _speech("SSML 1.0, 3.1.7", "xml:lang", children=f"{_SENTENCE} s"),
    "s": _speech("SSML 1.0, 3.1.7", "xml:lang", children=_SENTENCE),
    "say-as": _speech("SSML 1.0, 3.1.8", "interpret-as! format detail", children="value"),
    "phoneme": _speech("SSML 1.0, 3.1.9", "ph! alphabet", children=""),
    "sub": _speech("SSML 1.0, 3.1.10", "alias!", children=""),
    "voice": _speech("SSML 1.0, 3.2.1", "gender age variant name xml:lang"),
    "emphasis": _speech("SSML 1.0, 3.2.2", "level", children=_SENTENCE),
    "break": _element("SSML 1.0, 3.2.3", "time strength"),
    "prosody": _speech("SSML 1.0, 3.2.4", "pitch contour range rate duration volume"),
    "desc": _element("SSML 1.0, 3.3.3", "xml:lang", text=True),
}

_HEARD = {
    "grammar": _element(
        "3.1.1",
        f"src srcexpr type mode root scope weight version tag-format xml:lang xml:base {_FETCH}",
        children="lexicon meta metadata rule tag",
        text=True,
        exactly_one="src srcexpr inline",
    ),
    "rule": _element("SRGS 1.0, 3.1", "id! scope", children=f"{_EXPANSION} example", text=True),
    "one-of": _element("SRGS 1.0, 2.4", "xml:lang", children="item"),
    "item": _element("SRGS 1.0, 2.5", "weight repeat repeat-prob xml:lang", children=_EXPANSION, text=True),
    "ruleref": _element("SRGS 1.0, 2.2", "uri special type xml:lang", exactly_one="uri special"),
    "token": _element("SRGS 1.0, 2.1", "xml:lang", text=True),
    "tag": _element("SRGS 1.0, 2.6", text=True),
    "example": _element("SRGS 1.0, 3.3", text=True),
}

ELEMENTS = _DIALOGS | _ITEMS | _EXECUTED | _SPOKEN | _HEARD


def _by_name(types: dict[str, str]) -> dict[str, str]:
    return {name: kind for kind, names in types.items() for name in names.split()}


# What a value must look like, by the attribute's name, or by element and attribute where one name has two meanings.
TYPES = _by_name(
    {
        "time": "fetchtimeout timeout maxtime finalsilence connecttimeout break.time prosody.duration",
        "integer": "maxage maxstale count voice.age",
        "true | false": "bargein modal beep dtmfterm bridge menu.dtmf",
        "keys": "choice.dtmf option.dtmf link.dtmf",
        "identifier": "form.id menu.id",
        "event": "throw.event return.event choice.event link.event",
        "names": "namelist",
        "events": "catch.event",
        "alphabet": "alphabet",
        "2.0 | 2.1": "vxml.version",
        "exact | approximate": "accept",
        "speech | hotword": "bargeintype",
        "strong | moderate | none | reduced": "emphasis.level",
        "none | x-weak | weak | medium | strong | x-strong": "break.strength",
        "prefetch | safe": "fetchhint",
        "any | all": "filled.mode",
        "voice | dtmf": "grammar.mode",
        "weight": "grammar.weight",
        "get | post": "method",
        "private | public": "rule.scope",
        "NULL | VOID | GARBAGE": "ruleref.special",
        "document | dialog": "scope",
        "bridge | blind | consultation": "transfer.type",
        "data | ref": "valuetype",
        "male | female | neutral": "voice.gender",
    }
)

# Attributes that declare a variable (VoiceXML 2.0, 5.1).
DECLARES = frozenset({f"{item}.name" for item in FORM_ITEMS} | {"var.name", "data.name", "foreach.item"})

OURS = "paceline."  # what our own properties begin with
# The properties whose values can be wrong (VoiceXML 2.0, 6.3; VoiceXML 2.1, 7); a platform may know others.
PROPERTIES = _by_name(
    {
        "time": "completetimeout incompletetimeout maxspeechtimeout interdigittimeout termtimeout timeout "
        "fetchaudiodelay fetchaudiominimum fetchtimeout",
        "fraction": "confidencelevel sensitivity speedvsaccuracy",
        "true | false": "bargein recordutterance paceline.private",
        "prefetch | safe": "audiofetchhint datafetchhint documentfetchhint grammarfetchhint objectfetchhint "
        "scriptfetchhint",
        "integer": "audiomaxage audiomaxstale datamaxage datamaxstale documentmaxage documentmaxstale grammarmaxage "
        "grammarmaxstale objectmaxage objectmaxstale scriptmaxage scriptmaxstale maxnbest",
        "speech | hotword": "bargeintype",
        "modes": "inputmodes",
        "key": "termchar",
    }
)
