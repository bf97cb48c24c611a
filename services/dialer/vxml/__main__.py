"""`python -m services.dialer.vxml`: what VoiceXML documents do, and what is wrong in them, before a telephone rings."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from services.dialer.fetching import LIMITS
from services.dialer.rehearsal.command import add_play, unreadable, with_silence
from services.dialer.settings import DialerSettings
from services.dialer.vxml.documents import MAX_BYTES
from services.dialer.vxml.faults import WARNING, Fault, refusal
from services.dialer.vxml.lint import faults_in, told
from shared.domain.egress import Egress
from shared.runtime.outbound import Answer, Outbound, Unreachable

_OK = range(200, 300)
_INTERRUPTED = 130
_GOOD = "no faults"


class Unreadable(Exception):
    """There is no document to check; the line says why."""


def check(source: str) -> list[Fault]:
    """Return what is wrong with a file's or an address's document.

    Raises:
        Unreadable: nothing could be read.
    """
    if source.startswith(("http://", "https://")):
        answer = asyncio.run(_fetch(source))
        return faults_in(answer.body, source, answer.content_type)
    return faults_in(_read(source), Path(source).absolute().as_uri())


def _read(name: str) -> bytes:
    try:
        with Path(name).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Unreadable(unreadable(name, error)) from None


async def _fetch(url: str) -> Answer:
    egress = Egress(DialerSettings().outbound_networks)
    try:
        async with Outbound(LIMITS, egress) as outbound:
            answer = await outbound.get_form(url, {})
    except Unreachable as error:
        hint = " (OUTBOUND_ALLOW names private networks that may be asked)" if "private" in error.reason else ""
        raise Unreadable(f"{url}: {error.reason}{hint}\n") from None
    if answer.status not in _OK:
        raise Unreadable(f"{url}: HTTP status {answer.status}\n")
    return answer


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns 0 when all is well, 1 for faults, 2 when something could not be read."""
    parser = argparse.ArgumentParser(prog="./run vxml", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    checking = actions.add_parser("check", help="tell what is wrong with documents, by line")
    checking.add_argument("sources", nargs="+", metavar="FILE|URL", help="a document, as a file or by its address")
    checking.set_defaults(do=_check)
    add_play(actions.add_parser("play", help="run an application as the callee would hear it"))
    arguments = parser.parse_args(with_silence(sys.argv[1:] if words is None else words))
    try:
        code: int = arguments.do(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever reads has enough of it; the interpreter would complain when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _check(arguments: argparse.Namespace) -> int:
    code = 0
    for source in arguments.sources:
        try:
            faults = check(source)
        except Unreadable as error:
            sys.stderr.write(str(error))
            code = 2
            continue
        verdict = _verdict(faults)
        code = max(code, int(verdict != _GOOD))
        lines = [*(told(source, fault) for fault in faults), f"{source}: {verdict}."]
        sys.stdout.write("\n".join(lines) + "\n")
    return code


def _verdict(faults: Sequence[Fault]) -> str:
    """Return what becomes of a document; a warning is no fault."""
    if refusal(faults) is not None:
        return "it is refused"
    return _GOOD if all(fault.kind == WARNING for fault in faults) else "it runs, with these faults in it"


if __name__ == "__main__":
    raise SystemExit(main())
