"""What happens in a rehearsal, written down: in columns for people, or as JSON for programs."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from typing import TextIO, TypeAlias

from rich.console import Console
from rich.text import Text

from services.dialer.rehearsal.happenings import Happening, Kind
from services.dialer.vxml.ports import Json

Told: TypeAlias = dict[str, Json]

_WORDS = {
    "said": "says",
    "audio": "plays",
    "key": "keys",
    "words": "answers",
    "not_fetched": "no answer",
    "unheard": "not heard",
    "hangup": "hangs up",
    "transferred": "transfer",
    "disconnected": "hangs up",
}
_STYLES = {
    "fetched": "dim",
    "not_fetched": "red",
    "unheard": "yellow",
    "said": "bold",
    "audio": "bold",
    "pause": "dim",
    "mark": "dim",
    "key": "green",
    "words": "green",
    "silence": "dim",
    "log": "cyan",
    "event": "yellow",
    "hangup": "magenta",
    "disconnected": "magenta",
}
_LABEL, _INDENT = 11, 21  # columns


class JsonTranscript:
    """One JSON object a line: `at`, `kind`, and the fields of its kind."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, happening: Happening) -> None:
        """Write one line."""
        self._out.write(json.dumps(happening.as_json(), ensure_ascii=False) + "\n")
        self._out.flush()

    def close(self) -> None:
        """There is nothing left to write."""


class Transcript:
    """Columns for people: the second, what is done, and the words; in colours on a terminal."""

    def __init__(self, out: TextIO, *, folder: str = "") -> None:
        self._console = Console(file=out, highlight=False, soft_wrap=True)
        self._folder = folder
        self._keys: Happening | None = None

    def write(self, happening: Happening) -> None:
        """Write one line; keys that follow each other stand in one, once something else happens."""
        if happening.kind == "key" and self._keys is not None:
            keys = f"{self._keys.fields['text']}{happening.fields['text']}"
            self._keys = Happening(self._keys.at, "key", self._keys.fields | {"text": keys})
            return
        self.close()
        if happening.kind == "key":
            self._keys = happening
        else:
            self._line(happening)

    def close(self) -> None:
        """Write the keys that nothing has followed yet."""
        keys, self._keys = self._keys, None
        if keys is not None:
            self._line(keys)

    def _line(self, happening: Happening) -> None:
        kind = happening.kind
        style = "red" if kind == "event" and _is_error(happening.fields.get("name")) else _STYLES.get(kind, "")
        if kind == "ended":
            style = "bold red" if happening.fields["how"] in {"error", "limit"} else "bold green"
        words = "".join(each if each.isprintable() else "\ufffd" for each in self._words(happening))
        if self._console.is_terminal and self._console.width > 2 * _INDENT:
            words = textwrap.fill(words, self._console.width, initial_indent=" " * _INDENT)[_INDENT:]
            words = words.replace("\n", "\n" + " " * _INDENT)
        line = Text(f"{happening.at:7.1f} s ", style="dim")
        line.append(f"{_WORDS.get(kind, kind):<{_LABEL}} ", style=style if kind != "said" else "")
        self._console.print(line.append(words, style=style))

    def _words(self, happening: Happening) -> str:
        told = {name: self._short(value) for name, value in happening.fields.items()}
        return _SENTENCES[happening.kind](told)

    def _short(self, value: Json) -> Json:
        """Return an address without the folder that all files are in; anything else as it is."""
        return value.removeprefix(self._folder) if self._folder and isinstance(value, str) else value


def _said(told: Told) -> str:
    return f"{told['text']}" + (" (cuts in)" if told.get("cut") else "")


def _audio(told: Told) -> str:
    return f"{told['src']}" + (f" (or else: {told['text']})" if told["text"] else "")


def _seconds(told: Told) -> str:
    return f"{float(str(told['seconds'])):g} s"


def _recorded(told: Told) -> str:
    return _seconds(told) + (f", ended by {told['term_char']}" if told["term_char"] else "")


def _transferred(told: Told) -> str:
    return f"{told['type']} to {told['destination']}: {told['result']}, {_seconds(told)}"


def _logged(told: Told) -> str:
    return f"{told['label']}: {told['text']}" if told["label"] else f"{told['text']}"


def _event(told: Told) -> str:
    words = f"{told['name']} at {told['document']}:{told['line']}"
    return words + (f": {told['message']}" if told["message"] else "")


def _ended(told: Told) -> str:
    words = f"{told['how']}"
    if told["value"] is not None:
        words += f" {json.dumps(told['value'], ensure_ascii=False)}"
    if told["event"] and told["how"] not in {"hangup", "disconnect"}:
        words += f" by {told['event']}"
    return words + (f": {told['message']}" if told["message"] else "")


_SENTENCES: dict[Kind, Callable[[Told], str]] = {
    "fetched": lambda told: f"{told['url']}, {told['bytes']} bytes",
    "not_fetched": lambda told: f"{told['url']}: {told['reason']}",
    "said": _said,
    "unheard": lambda told: f"{told['what']}: {told['reason']}",
    "audio": _audio,
    "pause": _seconds,
    "mark": lambda told: f"{told['name']}",
    "key": _said,
    "words": _said,
    "silence": _seconds,
    "recorded": _recorded,
    "transferred": _transferred,
    "hangup": lambda _: "the callee",
    "disconnected": lambda _: "the application",
    "log": _logged,
    "event": _event,
    "ended": _ended,
}


def _is_error(name: Json) -> bool:
    return f"{name}.".startswith("error.")
