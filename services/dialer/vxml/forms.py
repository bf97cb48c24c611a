"""The Form Interpretation Algorithm: VoiceXML 2.0 section 2.1.6 and appendix C. A menu is a form of one item."""

from __future__ import annotations

from collections.abc import Awaitable

from lxml import etree

from services.dialer.vxml import items
from services.dialer.vxml.activation import choice_phrase, option_phrase, words_of
from services.dialer.vxml.context import Context
from services.dialer.vxml.data import data
from services.dialer.vxml.documents import name_of
from services.dialer.vxml.events import Blaming, Event, EventCounts
from services.dialer.vxml.executable import execute, execute_handler, script
from services.dialer.vxml.filling import Filling
from services.dialer.vxml.form_items import Item, items_of
from services.dialer.vxml.grammars.phrases import Phrase
from services.dialer.vxml.grammars.recognizer import Recognized
from services.dialer.vxml.jumps import Ended, Ending, Owner, Params, Returned, ToItem
from services.dialer.vxml.scopes import require_name
from services.dialer.vxml.speaking import ask


class Form:
    """A dialog while it is interpreted. `params` are what a subdialog was given."""

    def __init__(self, context: Context, dialog: etree._Element, params: Params | None = None) -> None:
        self.context = context
        self.dialog = dialog
        self.params = params
        self.events = EventCounts()
        self.items = items_of(dialog)
        self.next: Item | None = None
        self.is_prompting = True
        self.filling = Filling(self.context, self.items)

    async def run(self, carried: Recognized[Owner] | None = None) -> None:
        """Interpret the form until control leaves it, which is a Jump."""
        context = self.context
        context.dialog, context.item = self.dialog, None
        context.items = self.items
        context.choices = self._choices
        context.scopes.enter_dialog()
        await self._initialise()
        if carried is not None:
            await self._contained(None, self._filled(None, carried))
        self.is_prompting = True  # what was caught so far was so before this dialog had its first turn (appendix C)
        while True:
            await context.session.step()
            context.item = None
            try:
                item = await self._select()
            except Event as event:
                await self._handle(event, None)
                continue
            if item is None:
                await context.session.finish()
                raise Ended(Ending("exit"))
            await self._contained(item, self._visit(item))

    async def _contained(self, item: Item | None, doing: Awaitable[None]) -> None:
        """Await it, and handle what it throws where it was thrown."""
        try:
            await doing
        except Event as event:
            await self._handle(event, item)
        except ToItem as jump:
            self._go(jump)

    async def _initialise(self) -> None:
        """Make the form's variables and those of its items, in document order; what fails keeps none of the rest."""
        if self.params is not None:
            await self._contained(None, self._check(self.params))
        named = {item.element: item for item in self.items}
        for element in [self.dialog] if name_of(self.dialog) == "menu" else self.dialog:
            await self._contained(None, self._make(element, named.get(element)))

    async def _make(self, element: etree._Element, item: Item | None) -> None:
        with Blaming(element):
            if item is not None:
                await self._guard(item)
            elif make := _MAKES.get(name_of(element)):
                await make(self, element)

    async def _check(self, params: Params) -> None:
        """Throw for a parameter that is not declared (2.3.4): here, or to who gave it where nobody here catches it."""
        declared = {each.get("name") for each in self.dialog if name_of(each) == "var"}
        if unknown := params.names - declared:
            name = min(unknown)[:60]
            event = Event("error.semantic", f"the subdialog declares no variable for its parameter {name}")
            raise event if await self.context.catches(event.name) else Returned(None, event.name, event.message)

    async def _guard(self, item: Item) -> None:
        """Declare the variable of an item: it is there even where its first value is none."""
        scopes = self.context.scopes
        if item.is_named:
            require_name(item.name)
        scopes.own(item.name)
        if item.kind != "menu" and (expression := item.element.get("expr")) is not None:
            scopes.own(item.name, expression)

    async def _script(self, element: etree._Element) -> None:
        await script(self.context, element)

    async def _data(self, element: etree._Element) -> None:
        await data(self.context, element)

    async def _var(self, element: etree._Element) -> None:
        scopes, name = self.context.scopes, element.get("name", "")
        if self.params is not None and name in self.params.names:
            scopes.declare(name)
            scopes.take(self.params.scope, name, value_of=name)
        else:
            scopes.declare(name, element.get("expr"))

    async def _select(self) -> Item | None:
        """Return the item that a goto named, or the first one whose guard is open (appendix C, select phase)."""
        if self.next is not None:
            item, self.next = self.next, None
            return item
        scopes = self.context.scopes
        for count, item in enumerate(self.items, 1):
            await self.context.session.turn(count)
            if scopes.is_undefined(item.name) and await self._is_open(item):
                return item
        return None

    async def _is_open(self, item: Item) -> bool:
        """Return whether an item's condition holds; of an initial without one: that nothing is filled in (2.1.4)."""
        condition = None if item.kind == "menu" else item.element.get("cond")
        if item.kind != "initial" or condition is not None:
            return await self.context.holds(condition)
        await self.context.session.rest()  # it looks through them all, for one among many
        for count, each in enumerate(self.items, 1):
            await self.context.session.turn(count)
            if each.is_input and not self.context.scopes.is_undefined(each.name):
                return False
        return True

    async def _visit(self, item: Item) -> None:
        """Ask and execute an item (appendix C, collect and process phases)."""
        context = self.context
        context.item = item.element
        if item.kind == "block":
            self.is_prompting = True
            context.scopes.assign(item.name, "true")
            await execute(context, item.element)
            return
        if self.is_prompting:
            item.asked += 1
            await ask(context, item.element, item.asked)
        self.is_prompting = True
        match = await items.visit(context, item.element, item.name)
        if isinstance(match, Recognized):
            await self._filled(item, match)
        elif match:
            await self.filling.process(self._handle, {item.name})

    async def _filled(self, item: Item | None, match: Recognized[Owner]) -> None:
        """Do what an input means: leave by a link or choice, or fill variables."""
        owner = match.active.owner
        dialog = items.dialog_of(owner)
        if dialog is not None and dialog is not self.dialog:
            await items.carry(self.context, match, dialog)
        if owner.kind in {"link", "choice"}:
            await items.follow(self.context, owner)
        if owner.kind == "universal":
            raise Event(str(match.interpretation.value).casefold())
        just = self.filling.fill(item.name if item and owner.kind == "item" else None, match)
        for each in self.items:
            if each.kind == "initial" and just:
                self.context.scopes.assign(each.name, "true")
        await self.filling.process(self._handle, just)

    async def _handle(self, event: Event, item: Item | None) -> None:
        """Execute who catches an event; without a reprompt, nothing is asked again (appendix C)."""
        self.context.item = item.element if item else None
        try:
            await self.context.handle(event, item.events if item else self.events, execute_handler)
        except ToItem as jump:
            self._go(jump)
        self.is_prompting = self.context.is_reprompting

    def _go(self, jump: ToItem) -> None:
        self.next = next(item for item in self.items if item.name == jump.name)

    def _choices(self) -> list[tuple[str, str]]:
        """Return phrases and keys of what is to be enumerated (2.2.4); of a choice with grammars no keys are told."""
        if name_of(self.dialog) == "menu":
            choices = [each for each in self.dialog if name_of(each) == "choice"]
            return [(words_of(each), "" if _has_grammar(each) else _apart(choice_phrase(each))) for each in choices]
        item = self.context.item
        options = [each for each in item if name_of(each) == "option"] if item is not None else []
        return [(words_of(each), _apart(option_phrase(each))) for each in options]


def _has_grammar(choice: etree._Element) -> bool:
    return any(name_of(each) == "grammar" for each in choice)


def _apart(phrase: Phrase) -> str:
    """Return the keys of a phrase with one blank between two of them."""
    return " ".join("".join(phrase.keys.split()))


_MAKES = {"var": Form._var, "script": Form._script, "data": Form._data}  # noqa: SLF001 (of this class)
