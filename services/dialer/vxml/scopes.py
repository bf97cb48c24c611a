"""The variables an application sees: session > application > document > dialog > anonymous (VoiceXML 2.0, 5.1.2)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from services.dialer.vxml.events import Event
from services.dialer.vxml.ports import Json, ScriptEngine, ScriptFailed


class Scopes:
    """The scopes of one execution context. What a script does wrong is thrown as `error.semantic`."""

    def __init__(self, engine: ScriptEngine, session: int) -> None:
        self.engine = engine
        self._session = session
        self.application = engine.open("application", "document")
        self.document = self.application
        self.dialog: int | None = None
        self._anonymous: list[int] = []

    @property
    def chain(self) -> tuple[int, ...]:
        """What an expression sees now, outermost first."""
        named = (self._session, self.application, self.document, self.dialog)
        return (*dict.fromkeys(scope for scope in named if scope is not None), *self._anonymous)

    def enter_application(self) -> None:
        """Begin an application: its root document's scope, which is also that of a document without a root."""
        self.leave_document()
        self.engine.close(self.application)
        self.application = self.document = self.engine.open("application", "document")

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
        """Make a variable in the innermost scope; `a.b` names a scope, which may not be chosen here (5.3.1)."""
        if not name.replace("$", "_").isidentifier():
            raise Event("error.semantic", "a variable may not have this name")
        with semantic():
            self.engine.declare(self.chain, name, expression)

    def assign(self, name: str, expression: str) -> None:
        """Change a variable that is declared."""
        if not all(part.replace("$", "_").isidentifier() for part in name.split(".")):
            raise Event("error.semantic", "a variable may not have this name")
        with semantic():
            self.engine.assign(self.chain, name, expression)

    @contextmanager
    def apart(self) -> Iterator[int]:
        """A scope that sees nothing of the application: that of a grammar's tags."""
        scope = self.engine.open()
        try:
            yield scope
        finally:
            self.engine.close(scope)

    def value(self, expression: str, chain: tuple[int, ...] | None = None) -> Json:
        """Return what an expression comes to, here or in another chain."""
        with semantic():
            return self.engine.value(chain or self.chain, expression)

    def text(self, expression: str) -> str:
        """Return what an expression comes to, as a string."""
        with semantic():
            return self.engine.text(self.chain, expression)

    def holds(self, condition: str | None) -> bool:
        """Return whether a condition holds; none does."""
        if condition is None:
            return True
        with semantic():
            return self.engine.truth(self.chain, condition)

    def is_undefined(self, name: str) -> bool:
        """Return whether a variable has no value: the guard of a form item (2.1.1)."""
        return self.holds(f"{name}===undefined")

    def run(self, script: str) -> None:
        """Run a script in the innermost scope."""
        with semantic():
            self.engine.run(self.chain, script)

    def put(self, scope: int, name: str, value: Json) -> None:
        """Give a variable of one scope a value from outside."""
        with semantic():
            self.engine.put(scope, name, value)

    def hold(self, named: dict[str, str]) -> int:
        """Return a new scope that has expressions' values by names; its own name in it is `$held`."""
        holder = self.engine.open("$held")
        with semantic():
            for name, expression in named.items():
                self.engine.copy(self.chain, expression, holder, name)
        return holder

    def take(self, holder: int, name: str, *, value_of: str = "$held") -> None:
        """Give a variable of the dialog what a holder has, or all of it as one object."""
        assert self.dialog is not None
        with semantic():
            self.engine.copy((holder,), value_of, self.dialog, name)


@contextmanager
def semantic() -> Iterator[None]:
    """Throw what a script did wrong as the event that it is (5.2.6)."""
    try:
        yield
    except ScriptFailed as failed:
        raise Event("error.semantic", str(failed)) from None
