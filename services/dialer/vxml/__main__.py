"""`python -m services.dialer.vxml`: what is wrong with VoiceXML documents, before a telephone rings."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from services.dialer.application import LIMITS
from services.dialer.settings import DialerSettings
from services.dialer.vxml.documents import MAX_BYTES
from services.dialer.vxml.faults import refusal
from services.dialer.vxml.lint import faults_in, told
from shared.domain.egress import Egress
from shared.runtime.outbound import Answer, Outbound, Unreachable

_OK = range(200, 300)


class Unreadable(Exception):
    """There is no document to check."""


def check(source: str) -> tuple[list[str], bool]:
    """Return what is wrong with a file's or an address's document as lines, and whether it would be run.

    Raises:
        Unreadable: nothing could be read.
    """
    if source.startswith(("http://", "https://")):
        answer = asyncio.run(_fetch(source))
        faults = faults_in(answer.body, source, answer.content_type)
    else:
        faults = faults_in(_read(source), Path(source).absolute().as_uri())
    return [told(source, fault) for fault in faults], refusal(faults) is None


def _read(name: str) -> bytes:
    try:
        with Path(name).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Unreadable(f"{name}: {error.strerror}") from None


async def _fetch(url: str) -> Answer:
    egress = Egress(DialerSettings().outbound_networks)
    try:
        async with Outbound(LIMITS, egress) as outbound:
            answer = await outbound.get_form(url, {})
    except Unreachable as error:
        hint = " (OUTBOUND_ALLOW names private networks that may be asked)" if "private" in error.reason else ""
        raise Unreadable(f"{url}: {error.reason}{hint}") from None
    if answer.status not in _OK:
        raise Unreadable(f"{url}: HTTP status {answer.status}")
    return answer


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns 0 when all is well, 1 for faults, 2 when something could not be read."""
    parser = argparse.ArgumentParser(prog="./run vxml", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    checking = actions.add_parser("check", help="tell what is wrong with documents, by line")
    checking.add_argument("sources", nargs="+", metavar="FILE|URL", help="a document, as a file or by its address")
    code = 0
    for source in parser.parse_args(words).sources:
        try:
            lines, would_run = check(source)
        except Unreadable as unreadable:
            sys.stderr.write(f"{unreadable}\n")
            code = 2
            continue
        if lines:
            code = max(code, 1)
            lines.append(f"{source}: {'it runs, with these faults in it' if would_run else 'it is refused'}.")
        sys.stdout.write("\n".join(lines or [f"{source}: no faults."]) + "\n")
    return code


if __name__ == "__main__":
    raise SystemExit(main())
