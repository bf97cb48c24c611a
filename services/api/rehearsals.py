"""Applications tried out for whoever writes them: each in a process of its own, which is stopped when it takes long.

What strangers' documents do, they do to that process. The api knows its name and its answers, nothing of its inside.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import ssl
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import structlog

from services.api.errors import Problem, refuse_field
from services.api.settings import ApiSettings

log = structlog.get_logger()

# -B: nothing is written where only the image's build may write; -P: nothing is imported from where the api was started.
_PROGRAM = ("-B", "-P", "-m", "services.dialer.rehearsal")
_ROOT = Path(__file__).resolve().parent.parent.parent
_AT_ONCE = 4  # of this process, each of another account; a rehearsal takes a core for half a second, and 64 MB
_OF_ACCOUNT = 4  # that run or wait
_SECONDS = 30.0
_LOOKS_EVERY_SECONDS = 0.5  # whether anybody still waits for it
_END_SECONDS = 2.0
_ANSWER_BYTES = 8 << 20
_PIECE = 1 << 16

Gone = Callable[[], bool]


class Rehearsals:
    """Runs rehearsals, a few at a time: of an account one, so that it holds up nobody but itself."""

    def __init__(self, settings: ApiSettings) -> None:
        self._environment = environment_of(settings)
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._of_account: Counter[int] = Counter()
        self._turns: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def run(self, wanted: Mapping[str, Any], *, account_id: int, gone: Gone) -> dict[str, Any]:
        """Return what came of it; `gone` says whether whoever wanted it has left.

        Raises:
            Problem: 422 it cannot be tried; 429 the account has enough of them; 503 it took too long.
        """
        with self._counted(account_id):
            try:
                async with asyncio.timeout(_SECONDS), self._turns[account_id], self._places:
                    told = await _run(orjson.dumps(wanted), self._environment, gone)
            except TimeoutError:
                detail = f"The application was not through after {_SECONDS:g} seconds."
                raise Problem(503, detail, headers={"Retry-After": "30"}) from None
        if "refused" in told:
            raise refuse_field(told["refused"], told["detail"])
        return told

    @contextlib.contextmanager
    def _counted(self, account_id: int) -> Iterator[None]:
        if self._of_account[account_id] >= _OF_ACCOUNT:
            detail = "Your account tries out as many applications as it may at the same time."
            raise Problem(429, detail, headers={"Retry-After": "5"})
        self._of_account[account_id] += 1
        try:
            yield
        finally:
            self._of_account[account_id] -= 1
            if not self._of_account[account_id]:
                del self._of_account[account_id], self._turns[account_id]


def environment_of(settings: ApiSettings) -> dict[str, str]:
    """Return all that a rehearsal knows of the house: where applications may be, and how they are asked."""
    trusted = ssl.get_default_verify_paths()
    known = {
        "PYTHONPATH": str(_ROOT),
        "ENVIRONMENT": settings.environment.value,
        "OUTBOUND_ALLOW": settings.outbound_allow,
        "START_URL_METHOD": settings.start_url_method,
        "SSL_CERT_FILE": trusted.cafile,
        "SSL_CERT_DIR": trusted.capath,
    }
    return {name: value for name, value in known.items() if value}


async def _run(wanted: bytes, environment: dict[str, str], gone: Gone) -> dict[str, Any]:
    """Run the program; it is killed when it takes too long, says too much, or nobody waits for it any more."""
    if gone():
        return {}
    async with _started(environment) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.write(wanted)
        program.stdin.close()
        answer = await _read(program.stdout, gone)
        if answer is None:
            return {}
        if len(answer) <= _ANSWER_BYTES and await program.wait() == 0:
            with contextlib.suppress(orjson.JSONDecodeError):
                told: dict[str, Any] = orjson.loads(answer)
                return told
    log.error("rehearsal.failed", code=program.returncode)
    raise Problem(500, "The application could not be tried out: an error of ours.")


@contextlib.asynccontextmanager
async def _started(environment: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        *_PROGRAM,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # it would quote the document
        env=environment,
        start_new_session=True,  # it ends with all that it started
    )
    try:
        yield program
    finally:
        await _end(program)


async def _end(program: asyncio.subprocess.Process) -> None:
    """Kill what has not ended by itself: the program, or what it started and left behind."""
    assert program.stdout is not None
    if program.returncode is not None and program.stdout.at_eof():
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGKILL)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_END_SECONDS):
            while await program.stdout.read(
                _PIECE
            ):  # asyncio takes nothing for ended whose pipe is not read to its end
                pass
            await program.wait()


async def _read(stream: asyncio.StreamReader, gone: Gone) -> bytes | None:
    """Return what is said up to its end, or a piece more than may be said; None when nobody waits for it any more."""
    said = bytearray()
    while len(said) <= _ANSWER_BYTES:
        try:
            async with asyncio.timeout(_LOOKS_EVERY_SECONDS):
                piece = await stream.read(_PIECE)
        except TimeoutError:
            if gone():
                return None
            continue
        if not piece:
            break
        said += piece
    return bytes(said)
