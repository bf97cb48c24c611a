"""An application that was tried out, on a screen: the second, what is done, and the words."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterable, Iterator

from rich.text import Text

from paceline.commands.terminal import Terminal, shown
from paceline.models import Step

NOT_WELL = frozenset({"error", "limit"})  # how an application ends that should be looked at
_DOES = {
    "said": ("says", "bold"),
    "audio": ("plays", "bold"),
    "key": ("keys", "green"),
    "words": ("answers", "green"),
    "silence": ("silence", "dim"),
    "pause": ("pause", "dim"),
    "mark": ("mark", "dim"),
    "fetched": ("fetched", "dim"),
    "not_fetched": ("no answer", "red"),
    "log": ("log", "cyan"),
    "event": ("event", "yellow"),
    "transferred": ("transfer", ""),
    "hangup": ("hangs up", "magenta"),
    "disconnected": ("hangs up", "magenta"),
}
_LABEL, _INDENT = 11, 21  # columns


def show_steps(on: Terminal, steps: Iterable[Step]) -> None:
    """Show what happened, a line for each; keys that follow each other stand in one."""
    for step in with_keys_together(steps):
        on.say(_line(step, on.out.width if on.out.is_terminal else 0))


def with_keys_together(steps: Iterable[Step]) -> Iterator[Step]:
    """Yield what happened, with keys that follow each other as one."""
    keys: Step | None = None
    for step in steps:
        if keys is not None and step.kind == "key":
            keys = keys.model_copy(update={"text": f"{keys.text}{step.text}"})
            continue
        if keys is not None:
            yield keys
        keys = step if step.kind == "key" else None
        if keys is None:
            yield step
    if keys is not None:
        yield keys


def _line(step: Step, width: int) -> Text:
    label, style = _DOES.get(step.kind, (step.kind, ""))
    if step.kind == "ended":
        style = "bold red" if step.how in NOT_WELL else "bold green"
    if step.kind == "event" and f"{step.name}.".startswith("error."):
        style = "red"
    words = shown(in_words(step)).replace("\n", " ").replace("\t", " ")
    if width > 2 * _INDENT:
        words = textwrap.fill(words, width, initial_indent=" " * _INDENT)[_INDENT:].replace("\n", "\n" + " " * _INDENT)
    line = Text(f"{step.at:7.1f} s ", "dim")
    return line.append(f"{label:<{_LABEL}} ", "" if step.kind == "said" else style).append(words, style)


def in_words(step: Step) -> str:
    """Return what happened, without who did it."""
    said = _SENTENCES.get(step.kind)
    return said(step) if said else step.name or step.text or ""


def _said(step: Step) -> str:
    return f"{step.text}" + (" (cuts in)" if step.cut else "")


def _seconds(step: Step) -> str:
    return f"{step.seconds:g} s"


def _and(step: Step) -> str:
    return f": {step.message}" if step.message else ""


def _ended(step: Step) -> str:
    value = "" if step.value is None else f" {json.dumps(step.value, ensure_ascii=False)}"
    by = f" by {step.event}" if step.event and step.how not in {"hangup", "disconnect"} else ""
    return f"{step.how}{value}{by}{_and(step)}"


_SENTENCES: dict[str, Callable[[Step], str]] = {
    "fetched": lambda step: f"{step.url}, {step.bytes} bytes",
    "not_fetched": lambda step: f"{step.url}: {step.reason}",
    "said": _said,
    "audio": lambda step: f"{step.src}" + (f" (or else: {step.text})" if step.text else ""),
    "key": _said,
    "words": _said,
    "silence": _seconds,
    "pause": _seconds,
    "recorded": lambda step: _seconds(step) + (f", ended by {step.term_char}" if step.term_char else ""),
    "transferred": lambda step: f"{step.type} to {step.destination}: {step.result}, {_seconds(step)}",
    "hangup": lambda _: "the callee",
    "disconnected": lambda _: "the application",
    "log": lambda step: f"{step.label}: {step.text}" if step.label else f"{step.text}",
    "event": lambda step: f"{step.name} at {step.document}:{step.line}{_and(step)}",
    "ended": _ended,
}
