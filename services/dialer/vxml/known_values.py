"""What variables hold as far as that is known without ECMAScript: constants, and what came from outside.

Most applications of a few prompts and fields ask for nothing else, and never need an engine. Whatever might run a
script makes all that was known uncertain, until the engine tells of it with an answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from services.dialer.vxml.expressions import PRIMITIVE, UNDEFINED, UNKNOWN, Operand, Reading, Value, read
from services.dialer.vxml.ports import Json
from services.dialer.vxml.values import RESERVED, is_identifier

_LONGEST = 10_000  # characters
_HIGHEST = (1 << 53) - 1
_HALF_A_PAIR = re.compile("[\ud800-\udfff]")
_UNASSIGNABLE = RESERVED | {"arguments", "eval"}  # what strict code, as an assignment is, does not take for a name
# Of a scope's variables: plain values, then the names of those that are undefined, are some other primitive, are
# anything else, and of those that cannot change.
Told: TypeAlias = "tuple[dict[str, Json], Sequence[str], Sequence[str], Sequence[str], Sequence[str]]"


class KnownValues:
    """The variables of the scopes that are open, as far as they are known; a chain is scopes, outermost first."""

    def __init__(self) -> None:
        """There is no scope yet."""
        self._scopes: dict[int, dict[str, Value]] = {}
        self._fixed: dict[int, set[str]] = {}
        self._sealed: set[int] = set()

    def open(self, scope: int, names: Sequence[str]) -> None:
        """Know a new scope, which is called by these names in itself."""
        self._scopes[scope] = dict.fromkeys(names, UNKNOWN)
        self._fixed[scope] = set(names)

    def close(self, scope: int) -> None:
        """Forget a scope."""
        self._scopes.pop(scope, None)
        self._fixed.pop(scope, None)
        self._sealed.discard(scope)

    def forget(self) -> None:
        """Be sure of nothing any more that can change: a script may have done whatever it likes."""
        self._scopes = {scope: self._scopes[scope] for scope in self._sealed}
        self._fixed = {scope: self._fixed[scope] for scope in self._sealed}

    def learn(self, told: Mapping[str, Told]) -> None:
        """Know what the engine tells of the scopes, and nothing of those that it does not tell of."""
        self.forget()
        for scope, (plain, undefined, primitive, other, fixed) in told.items():
            variables: dict[str, Value] = {**plain}
            for names, value in ((undefined, UNDEFINED), (primitive, PRIMITIVE), (other, UNKNOWN)):
                variables.update(dict.fromkeys(names, value))
            self._scopes[int(scope)] = variables
            self._fixed[int(scope)] = set(fixed)

    def put(self, scope: int, name: str, value: Value, *, frozen: bool = False) -> None:
        """Know what a variable holds now; it makes no difference to one that cannot change."""
        variables = self._scopes.get(scope)
        if variables is not None and name not in self._fixed[scope]:
            variables[name] = value if _is_plain(value) else PRIMITIVE
            if frozen:
                self._fixed[scope].add(name)

    def seal(self, scope: int) -> None:
        """Know that nothing can be added to a scope; where none of its variables can change it is known for ever."""
        if scope in self._scopes and self._fixed[scope].issuperset(self._scopes[scope]):
            self._sealed.add(scope)
        else:
            self.close(scope)

    def holder(self, chain: Sequence[int], name: str) -> int | None:
        """Return the scope whose variable a name is and which may change; None where that is not sure."""
        scope = self._scope_of(chain, name) if is_identifier(name) and name not in _UNASSIGNABLE else None
        return None if scope is None or name in self._fixed[scope] else scope

    def has(self, scope: int, name: str) -> bool:
        """Return whether a scope surely has a variable of this name already."""
        return name in self._scopes.get(scope, ())

    def takes(self, scope: int, name: str) -> bool:
        """Whether a variable can surely be made in a scope."""
        return scope in self._scopes and scope not in self._sealed and name not in self._fixed[scope]

    def lacks(self, chain: Sequence[int], expression: str) -> bool:
        """Whether an expression could be known, if only something were known of all these scopes."""
        reading = read(expression)
        is_simple = bool(reading.operands) or reading.second is not None or reading.first.name is not None
        return is_simple and not all(scope in self._scopes for scope in chain)

    def value(self, chain: Sequence[int], expression: str) -> Value:
        """Return what an expression comes to: a constant, a variable, a comparison, or PRIMITIVE of primitives.

        Where that is a primitive, evaluating it changes nothing, whatever scripts have run before.
        """
        reading = read(expression)
        if reading.second is not None:
            return self._compared(chain, reading, reading.second)
        if reading.operands:
            values = (self._operand(chain, each) for each in reading.operands)
            return PRIMITIVE if all(is_primitive(each) for each in values) else UNKNOWN
        return self._operand(chain, reading.first)

    def _compared(self, chain: Sequence[int], reading: Reading, second: Operand) -> Value:
        values = self._operand(chain, reading.first), self._operand(chain, second)
        same = _same(*values, strictly=reading.is_strict)
        if same is not None:
            return same is (reading.operator[0] == "=")
        if reading.is_strict:
            return PRIMITIVE if all(self._is_there(chain, each) for each in (reading.first, second)) else UNKNOWN
        return PRIMITIVE if all(map(is_primitive, values)) else UNKNOWN

    def _operand(self, chain: Sequence[int], operand: Operand) -> Value:
        if operand.name is None:
            return operand.value
        scope = self._scope_of(chain, operand.name)
        if scope is not None:
            return self._scopes[scope][operand.name]
        is_word = operand.name == "undefined" and all(each in self._scopes for each in chain)
        return UNDEFINED if is_word else UNKNOWN

    def _is_there(self, chain: Sequence[int], operand: Operand) -> bool:
        """Whether to read it is sure to run nothing, whatever it holds."""
        is_variable = operand.name is not None and self._scope_of(chain, operand.name) is not None
        return is_variable or self._operand(chain, operand) is not UNKNOWN

    def _scope_of(self, chain: Sequence[int], name: str) -> int | None:
        for scope in reversed(chain):
            variables = self._scopes.get(scope)
            if variables is None:
                return None
            if name in variables:
                return scope
        return None


def _is_plain(value: Value) -> bool:
    """Whether the engine would tell a value as it was told it: it has limits for texts, and its numbers are doubles."""
    if isinstance(value, str):
        return len(value) <= _LONGEST and (value.isascii() or not _HALF_A_PAIR.search(value))
    return abs(value) <= _HIGHEST if isinstance(value, int | float) else True


def is_primitive(value: Value) -> bool:
    """Whether it is no object: to read it runs no script."""
    return value is not UNKNOWN and not isinstance(value, list | dict)


def _same(one: Value, other: Value, *, strictly: bool) -> bool | None:
    """Whether ECMAScript takes two values for the same; None where it would have to say itself."""
    if any(each is UNKNOWN or each is PRIMITIVE for each in (one, other)):
        return None
    kinds = {_kind(one), _kind(other)}
    if len(kinds) == 1:
        return None if kinds == {"object"} else one == other
    return False if strictly else None


def _kind(value: Value) -> str:
    if value is UNDEFINED:
        return "undefined"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else "object"
