"""Requests and answers with types: a model for every answer, and pages as one list."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python
from yarl import URL

from paceline.errors import NotUnderstood
from paceline.models import Answer
from paceline.numbers import Form
from paceline.transport import Transport

PAGE = 1000
M = TypeVar("M", bound=Answer)
_REPLAYED = "Idempotency-Replayed"


class Asking:
    """What each resource asks with."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    async def one(self, model: type[M], path: str) -> M:
        """Return one thing."""
        content, _ = await self.transport.ask("GET", path)
        return understood(model, content, path)

    async def all(self, model: type[M], path: str, query: Mapping[str, Any] | None = None) -> tuple[M, ...]:
        """Return a list that is answered as a whole."""
        content, _ = await self.transport.ask("GET", path, query=_to_query(query or {}))
        return all_understood(model, content, path)

    async def pages(
        self, model: type[M], path: str, query: Mapping[str, Any] | None = None, *, page: int = PAGE
    ) -> AsyncIterator[M]:
        """Yield the members of a list, page after page, as the answers' links lead."""
        content, headers = await self.transport.ask("GET", path, query=_to_query({"limit": page} | dict(query or {})))
        while True:
            for member in all_understood(model, content, path):
                yield member
            following = next_page(headers.get("Link"))
            if following is None:
                return
            content, headers = await self.transport.ask("GET", following)

    async def told(self, model: type[M], path: str, given: Mapping[str, Any]) -> M:
        """Ask for something with parameters of any length, and return it."""
        content, _ = await self.transport.ask("POST", path, json=to_jsonable_python(given))
        return understood(model, content, path)

    async def write(self, model: type[M], method: str, path: str, given: Mapping[str, Any] | None = None) -> M:
        """Send a write, and return what the house says of it."""
        content, _ = await self.transport.ask(method, path, json=to_jsonable_python(given) if given else None)
        return understood(model, _response(content, path), path)

    async def upload(self, model: type[M], path: str, form: Form, *, key: str | None = None) -> M:
        """Send a form with a list of numbers, and return what the house says of it."""
        content, headers = await self.transport.ask("POST", path, form=form, key=key)
        return understood(model, _response(content, path) | {"replayed": headers.get(_REPLAYED) == "true"}, path)


def understood(model: type[M], content: Any, path: str) -> M:
    """Return an answer as its model.

    Raises:
        NotUnderstood: it does not fit; what it holds is not told, it may be numbers.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"]) or "all of it"
        words = f"The answer of {path} is not as this version of paceline knows it ({where})"
        raise NotUnderstood(f"{words}: is it a Paceline house, and of the same version?") from None


def all_understood(model: type[M], content: Any, path: str) -> tuple[M, ...]:
    """Return the members of a list as their model.

    Raises:
        NotUnderstood: one does not fit.
    """
    if not isinstance(content, list):
        raise NotUnderstood(f"The answer of {path} is no list: is it a Paceline house?")
    return tuple(understood(model, member, path) for member in content)


def _response(content: Any, path: str) -> dict[str, Any]:
    response = content.get("response") if isinstance(content, Mapping) else None
    if not isinstance(response, dict):
        raise NotUnderstood(f"The answer of {path} is not as Paceline answers: is it the right address?")
    return response


def next_page(link: str | None) -> str | None:
    """Return the path and query of the next page, if a `Link` header leads to one; never another host's."""
    for each in (link or "").split(", <"):
        target, _, parameters = each.strip().removeprefix("<").partition(">")
        if 'rel="next"' in parameters or "rel=next" in parameters:
            url = URL(target, encoded=True)
            return url.raw_path_qs.lstrip("/")
    return None


def _to_query(query: Mapping[str, Any]) -> dict[str, str]:
    return {name: _to_text(value) for name, value in query.items() if value is not None}


def _to_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def to_fields(given: Mapping[str, Any]) -> dict[str, str]:
    """Return parameters as the text fields of a form: lists as JSON, none as empty text."""
    adapter = TypeAdapter(Any)
    texts = {}
    for name, value in given.items():
        nested = isinstance(value, list | tuple | BaseModel)
        texts[name] = adapter.dump_json(value).decode() if nested else "" if value is None else _to_text(value)
    return texts
