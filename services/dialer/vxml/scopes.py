"""The variables an application sees: session > application > document > dialog > anonymous (VoiceXML 2.0, 5.1.2)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from services.dialer.vxml.events import Event
from services.dialer.vxml.ports import Json, ScriptEngine, ScriptFailed
from services.dialer.vxml.values import is_assignable, is_variable

_OF_A_SCOPE = re.compile(r"(session|application|document|dialog)\.([\w$]+)")
_SHOWN = 60  # characters of an expression in a message


class Scopes:
    """The scopes of one execution context. What a script does wrong is thrown as `error.semantic`."""

    def __init__(self, engine: ScriptEngine, session: int) -> None:
        self.engine = engine
        self._session = session
        self.application = self.document = self._application()
        self.dialog: int | None = None
        self._anonymous: list[int] = []

    def _application(self) -> int:
        """Open an application's scope, in which nothing was heard yet (5.1.5)."""
        scope = self.engine.open("application", "document")
        self.engine.declare((scope,), "lastresult$", None)
        return scope

    @property
    def chain(self) -> tuple[int, ...]:
        """What an expression sees now, outermost first."""
        leaf = () if self.document == self.application else (self.document,)
        dialog = () if self.dialog is None else (self.dialog,)
        return (self._session, self.application, *leaf, *dialog, *self._anonymous)

    def enter_application(self) -> None:
        """Begin an application: its root document's scope, which is also that of a document without a root."""
        self.leave_document()
        self.engine.close(self.application)
        self.application = self.document = self._application()

    def enter_document(self) -> None:
        """Begin a leaf document below the application that is there."""
        self.leave_document()
        self.document = self.engine.open("document")

    def leave_document(self) -> None:
        """Go back to the application root's own scope."""
        self.leave_dialog()
        if self.document != self.application:
            self.engine.close(self.document)
            self.document = self.application

    def enter_dialog(self) -> None:
        """Begin a dialog."""
        self.leave_dialog()
        self.dialog = self.engine.open("dialog")

    def leave_dialog(self) -> None:
        """Forget the dialog's variables."""
        if self.dialog is not None:
            self.engine.close(self.dialog)
            self.dialog = None

    def leave(self) -> None:
        """Forget all of it."""
        self.leave_document()
        self.engine.close(self.application)

    @contextmanager
    def anonymous(self) -> Iterator[int]:
        """The scope of a block, a filled or a catch while it is executed."""
        scope = self.engine.open()
        self._anonymous.append(scope)
        try:
            yield scope
        finally:
            self._anonymous.remove(scope)
            self.engine.close(scope)

    def declare(self, name: str, expression: str | None = None) -> None:
        """Make a variable in the innermost scope; `a.b` names a scope, which may not be chosen here (5.3.1).

        Without an expression, one that is there already keeps its value. A name that begins with _ or ends with $ is
        the interpreter's own (5.1).
        """
        require_name(name)
        self.own(name, expression)

    def own(self, name: str, expression: str | None = None) -> None:
        """Make a variable in the innermost scope, which may be one of the interpreter's own."""
        with Semantic(expression):
            self.engine.declare(self.chain, name, expression)

    def tell(self, name: str, text: str | None) -> None:
        """Give a variable of the interpreter's own in the innermost scope a text; without one it is undefined."""
        with Semantic():
            self.engine.declare(self.chain, name, None if text is None else json.dumps(text))

    def assign(self, name: str, expression: str | None = None) -> None:
        """Change a variable that is declared, or a part of one; without an expression it is undefined from now on."""
        if not is_assignable(name):
            raise Event(
                "error.semantic",
                f"{_short(name)} names nothing that <assign> sets: a variable, or a part of one, as a.b or a[0]",
            )
        with Semantic(None if expression is None else f"{name} = {expression}"):
            self.engine.assign(self.chain, name, "undefined" if expression is None else expression)

    @contextmanager
    def apart(self) -> Iterator[int]:
        """A scope that sees nothing of the application: that of a grammar's tags."""
        scope = self.engine.open()
        try:
            yield scope
        finally:
            self.engine.close(scope)

    def value(self, expression: str, chain: tuple[int, ...] | None = None) -> Json:
        """Return what an expression comes to, here or in another chain, which is nothing that an author sees."""
        with Semantic(None if chain else expression):
            return self.engine.value(chain or self.chain, expression)

    def text(self, expression: str) -> str:
        """Return what an expression comes to, as a string."""
        with Semantic(expression):
            return self.engine.text(self.chain, expression)

    def text_if_any(self, expression: str) -> str | None:
        """Return what an expression comes to, as a string; None when it is undefined, or says so itself."""
        text = self.text(expression)  # asked once: it may act
        return None if text == "undefined" else text

    def holds(self, condition: str | None) -> bool:
        """Return whether a condition holds; none does."""
        if condition is None:
            return True
        with Semantic(condition):
            return self.engine.truth(self.chain, condition)

    def listed(self, name: str) -> str:
        """Return a name of a namelist: `document.a`, too, must be declared, whatever ECMAScript says (5.3.8)."""
        of_scope = _OF_A_SCOPE.match(name)
        if of_scope and not self.holds(f"'{of_scope[2]}' in {of_scope[1]}"):
            raise Event("error.semantic", f"{of_scope[0]} is not declared")
        return name

    def is_undefined(self, name: str) -> bool:
        """Return whether a variable has no value: the guard of a form item (2.1.1)."""
        with Semantic():
            return self.engine.truth(self.chain, f"{name}===undefined")

    def run(self, script: str) -> None:
        """Run a script in the innermost scope."""
        with Semantic():
            self.engine.run(self.chain, script)

    def put(self, scope: int, name: str, value: Json) -> None:
        """Give a variable of one scope a value from outside."""
        with Semantic():
            self.engine.put(scope, name, value)

    def hold(self, named: dict[str, str]) -> int:
        """Return a new scope that has expressions' values by names; its own name in it is `$held`."""
        holder = self.engine.open("$held")
        for name, expression in named.items():
            with Semantic(expression):
                self.engine.copy(self.chain, expression, holder, name)
        return holder

    def take(self, holder: int, name: str, *, value_of: str = "$held", into: int | None = None) -> None:
        """Give a variable, the dialog's where no scope is named, what a holder has, or all of it as one object."""
        scope = self.dialog if into is None else into
        assert scope is not None
        with Semantic():
            self.engine.copy((holder,), value_of, scope, name)


def require_name(name: str) -> None:
    """Throw `error.semantic` where a variable may not be declared by this name (5.1)."""
    if not is_variable(name):
        raise Event("error.semantic", f"{_short(name)} is no name that a variable may have")


def _short(shown: str) -> str:
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


class Semantic:
    """Throw what a script did wrong as the event that it is (5.2.6), and say in which expression of the author's.

    It is entered a dozen times a step: a generator's context takes twice as long.
    """

    __slots__ = ("_expression",)

    def __init__(self, expression: str | None = None) -> None:
        """Take what the author wrote."""
        self._expression = expression

    def __enter__(self) -> None:
        """Nothing is wrong yet."""

    def __exit__(
        self, kind: type[BaseException] | None, failed: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Throw the event."""
        if isinstance(failed, ScriptFailed):
            shown = _short(" ".join((self._expression or "").split()))
            is_said = not shown or shown in str(failed).split()
            raise Event("error.semantic", str(failed) if is_said else f"{failed} (in {shown})") from None
