"""`./run vxml play`: its command line."""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from services.dialer.carriers.callee_script import Rehearsed, Script, ScriptFault, read_script
from services.dialer.carriers.fates import SAYS_NOTHING
from services.dialer.rehearsal.happenings import Happening
from services.dialer.rehearsal.keyboard import Keyboard
from services.dialer.rehearsal.rehearse import ANI, DNIS, NoSound, Rehearsal, rehearse
from services.dialer.rehearsal.transcript import JsonTranscript, Transcript
from shared.domain.call_state import CalleeType

_CALLEES = {"person": CalleeType.VOICE, "machine": CalleeType.ANSWERING_MACHINE, "fax": CalleeType.FAX}
_SILENCE_FIRST = re.compile(r"-[\s,]")
_NOT_WELL = frozenset({"error", "limit"})
_KEYBOARD = (
    'At a question type keys, or "words" in quotation marks, and Enter; an empty line is silence, ^D hangs up.\n'
)
_ALLOW = "The house asks public addresses alone; OUTBOUND_ALLOW=127.0.0.0/8 before the command opens this machine's.\n"


def add_play(parser: argparse.ArgumentParser) -> None:
    """Give a parser the words of `play`."""
    parser.add_argument("source", metavar="FILE|URL", help="the first document, as a file or by its address")
    parser.add_argument(
        "--digits",
        metavar="SCRIPT",
        help='what the callee does at each question: keys, "words", - for silence, hangup, hangup@SECONDS into the '
        'next prompt; ! before keys cuts the prompt short. As 1,1234#,-,"yes please",hangup; without it you are asked',
    )
    parser.add_argument("--ani", metavar="N", default=ANI, help="the number that is shown to the callee")
    parser.add_argument("--dnis", metavar="N", default=DNIS, help="the number that is called")
    parser.add_argument("--reference", metavar="TEXT", help="whom or what the call is about: its message_reference")
    parser.add_argument("--as", dest="callee", choices=_CALLEES, default="person", help="who answers")
    parser.add_argument(
        "--wav", metavar="FILE.wav", type=Path, help="let it be heard: write what the callee hears and keys"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(do=_play)


def with_silence(words: Sequence[str]) -> list[str]:
    """Return a command line in which `--digits -,1` is one word: argparse takes what begins with `-` for an option."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] == "--digits" and _SILENCE_FIRST.match(word):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def _play(arguments: argparse.Namespace) -> int:
    """Run the application; returns 0 when it ended well, 1 by an error, 2 when there is nothing to run."""
    if arguments.wav is not None and arguments.wav.suffix.lower() != ".wav":
        sys.stderr.write(f"--wav: {arguments.wav} does not end in .wav\n")
        return 2
    try:
        script = _script(arguments)
        url = _address(arguments.source)
    except (ScriptFault, OSError) as error:
        sys.stderr.write(unreadable(arguments.source, error) if isinstance(error, OSError) else f"--digits: {error}\n")
        return 2
    folder = f"{Path(arguments.source).absolute().parent.as_uri()}/" if url.startswith("file:") else ""
    transcript = JsonTranscript(sys.stdout) if arguments.json else Transcript(sys.stdout, folder=folder)
    turns = Keyboard(sys.stdin, _asking(transcript)) if script is None else Rehearsed(script)
    if script is None:
        sys.stderr.write(_KEYBOARD)
    rehearsal = Rehearsal(
        url,
        turns,
        patience=float("inf") if script is None else script.patience,
        callee_type=_CALLEES[arguments.callee],
        ani=arguments.ani,
        dnis=arguments.dnis,
        reference=arguments.reference,
        wav=arguments.wav,
    )
    try:
        return _run(rehearsal, transcript)
    except NoSound as reason:
        sys.stderr.write(f"{reason}\n")
        return 2


def _run(rehearsal: Rehearsal, transcript: Transcript | JsonTranscript) -> int:
    """Run it, and say what to do when the house does not ask an address by its own rules."""
    refused: list[Happening] = []

    def write(happening: Happening) -> None:
        if happening.kind == "not_fetched" and "private" in str(happening.fields["reason"]):
            refused.append(happening)
        transcript.write(happening)

    with asyncio.Runner() as runner:
        # Not runner.run: that takes ^C for itself, and whoever is asked for a turn would have to press Enter after it.
        ending = runner.get_loop().run_until_complete(rehearse(rehearsal, write))
    transcript.close()
    if refused:
        sys.stderr.write(_ALLOW)
    assert ending is not None, "whoever has a script that ends hangs up, and a keyboard is asked"
    return 1 if ending.how in _NOT_WELL else 0


def _script(arguments: argparse.Namespace) -> Script | None:
    """Return what the callee does; None: what is typed. A machine does nothing by itself."""
    if arguments.digits is not None:
        return read_script(arguments.digits)
    return None if arguments.callee == "person" else SAYS_NOTHING


def _address(source: str) -> str:
    """Return a file's or an address's address; raises OSError for a file that cannot be read."""
    if source.startswith(("http://", "https://")):
        return source
    path = Path(source).absolute()
    path.open("rb").close()
    return path.as_uri()


def unreadable(source: str, error: OSError) -> str:
    """Say in a line why there is no such file, to one who may have meant an address."""
    hint = " (an address begins with http:// or https://)" if ":" in source else ""
    return f"{source}: {error.strerror}{hint}\n"


def _asking(transcript: Transcript | JsonTranscript) -> Callable[[str], None]:
    """Ask on another stream than the transcript's, once that has told what came before."""

    def ask(text: str) -> None:
        transcript.close()
        sys.stderr.write(text)
        sys.stderr.flush()

    return ask
