"""What a change of the API's document breaks for those who use it, in sentences; what is only added breaks nothing."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import from_regex

Schema = dict[str, Any]
_WORDS = frozenset({"description", "summary", "example", "examples", "title"})
_LEAST = ("minimum", "minLength", "minItems", "exclusiveMinimum")
_MOST = ("maximum", "maxLength", "maxItems", "exclusiveMaximum")


def breaks(before: Schema, after: Schema) -> list[str]:
    """Return a sentence for everything that was good before and is not any more."""
    return sorted(set(_Comparison(before, after).faults()))


def without_words(document: Any) -> Any:
    """Return a document without its texts and its version: what is left is the contract."""
    if isinstance(document, list):
        return [without_words(each) for each in document]
    if not isinstance(document, dict):
        return document
    kept = {name: value for name, value in document.items() if name not in _WORDS or isinstance(value, dict)}
    return {name: without_words(value) for name, value in kept.items() if name != "version"}


class _Comparison:
    """Two documents beside each other."""

    def __init__(self, before: Schema, after: Schema) -> None:
        self._before = before
        self._after = after
        self._seen: set[tuple[str, str, bool]] = set()

    def faults(self) -> Iterator[str]:
        for path, methods in self._before["paths"].items():
            for method, old in methods.items():
                where = f"{method.upper()} {path}"
                new = self._after["paths"].get(path, {}).get(method)
                if new is None:
                    yield f"{where} is gone"
                else:
                    yield from self._operation(old, new, where)

    def _operation(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        yield from self._parameters(old, new, where)
        taken, takes = old.get("requestBody", {}), new.get("requestBody", {})
        if takes.get("required") and not taken.get("required"):
            yield f"{where} needs a body now"
        for kind, content in taken.get("content", {}).items():
            if kind not in takes.get("content", {}):
                yield f"{where} takes no {kind} any more"
            else:
                schema = takes["content"][kind]["schema"]
                yield from self._compare(content["schema"], schema, f"{where}, {kind}", sent=True)
        for status, answer in old["responses"].items():
            if not status.startswith("2"):
                continue
            if status not in new["responses"]:
                yield f"{where} is answered {status} no more"
                continue
            for kind, content in answer.get("content", {}).items():
                given = new["responses"][status].get("content", {}).get(kind)
                if given is None:
                    yield f"{where} is answered in {kind} no more"
                elif "schema" in content and "schema" in given:
                    yield from self._compare(content["schema"], given["schema"], f"{where}, answer", sent=False)

    def _parameters(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        was = {(each["in"], each["name"]): each for each in old.get("parameters", [])}
        now = {(each["in"], each["name"]): each for each in new.get("parameters", [])}
        for key, each in now.items():
            if each.get("required") and not was.get(key, {}).get("required"):
                yield f"{where} needs the parameter {key[1]} now"
        for key, each in was.items():
            if key not in now:
                yield f"{where} has no parameter {key[1]} any more"
            elif "schema" in each and "schema" in now[key]:
                yield from self._compare(each["schema"], now[key]["schema"], f"{where}, {key[1]}", sent=True)

    def _compare(self, old: Schema, new: Schema, where: str, *, sent: bool) -> Iterator[str]:
        """What is sent may not be narrowed, what is answered not be widened."""
        names = (old.get("$ref", ""), new.get("$ref", ""), sent)
        if any(names[:2]):
            if names in self._seen:
                return
            self._seen.add(names)
        old, new = _resolve(self._before, old), _resolve(self._after, new)
        narrow, wide = (new, old) if sent else (old, new)
        yield from self._alternatives(old, new, where, sent=sent)
        verb = "takes no" if sent else "may be"
        for kind in _types(wide) - _types(narrow) if _types(narrow) else ():
            yield f"{where}: {verb} {kind} {'any more' if sent else 'now'}"
        if sent:
            yield from _tighter(old, new, where)
        yield from self._members(old, new, where, sent=sent)

    def _members(self, old: Schema, new: Schema, where: str, *, sent: bool) -> Iterator[str]:
        fields, others = old.get("properties", {}), new.get("properties", {})
        needed, needs = set(old.get("required", [])), set(new.get("required", []))
        for name in (needs - needed) if sent else ():
            yield f"{where}: {name} must be sent now"
        for name in () if sent else (needed - needs) & others.keys():
            yield f"{where}: {name} may be missing now"
        for name, schema in fields.items():
            if name not in others:
                if not sent or new.get("additionalProperties") is False:
                    yield f"{where}: {name} is gone"
            else:
                yield from self._compare(schema, others[name], f"{where}: {name}", sent=sent)
        if "items" in old and "items" in new:
            yield from self._compare(old["items"], new["items"], f"{where}, each", sent=sent)

    def _alternatives(self, old: Schema, new: Schema, where: str, *, sent: bool) -> Iterator[str]:
        """Each alternative that was taken is taken by one of today's; each that is answered was one before."""
        was, now = _choices(old), _choices(new)
        if was == [old] and now == [new]:
            return
        asked, known = (was, now) if sent else (now, was)
        for one in asked:
            pairs = [(one, other) if sent else (other, one) for other in known]
            if not any(self._fits(*pair, sent=sent) for pair in pairs):
                yield f"{where}: an alternative is {'gone' if sent else 'new'}"

    def _fits(self, old: Schema, new: Schema, *, sent: bool) -> bool:
        alone = _Comparison(self._before, self._after)
        return not list(alone._compare(old, new, "", sent=sent))


def _resolve(document: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        found: Any = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    return schema


def _choices(schema: Schema) -> list[Schema]:
    return schema.get("anyOf") or schema.get("oneOf") or [schema]


def _types(schema: Schema) -> set[str]:
    kinds = schema.get("type", [])
    return set(kinds if isinstance(kinds, list) else [kinds])


def _tighter(old: Mapping[str, Any], new: Mapping[str, Any], where: str) -> Iterator[str]:
    gone = set(map(str, old.get("enum", []))) - set(map(str, new.get("enum", old.get("enum", []))))
    if gone:
        yield f"{where}: takes no {', '.join(sorted(gone))} any more"
    if "enum" in new and "enum" not in old and "const" not in old:
        yield f"{where}: takes only some values now"
    for name, worse in (*((name, 1) for name in _LEAST), *((name, -1) for name in _MOST)):
        if name in new and (name not in old or (new[name] - old[name]) * worse > 0):
            yield f"{where}: {name} is {new[name]} now, it was {old.get(name, 'not limited')}"
    if "pattern" in new and not ("pattern" in old and _takes_as_much(new["pattern"], old["pattern"])):
        yield f"{where}: the pattern does not take all that was taken"


@functools.cache
def _takes_as_much(new: str, old: str) -> bool:
    """Whether two hundred texts of the old pattern fit the new one too: nobody can compare the patterns themselves."""
    if new == old:
        return True

    @settings(max_examples=200, database=None, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(from_regex(old))
    def fits(text: str) -> None:
        assert re.search(new, text)

    try:
        fits()
    except AssertionError:
        return False
    return True
