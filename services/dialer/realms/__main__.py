"""The process that realms are forked from: it has loaded the engine, and holds nothing of the dialer's.

    python -m services.dialer.realms DESCRIPTOR

For each socket that comes over DESCRIPTOR there is a process, which evaluates what is asked over it. It ends with its
socket, and by the kernel when an evaluation takes more processor time than it may: no native loop is too deep for that.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import socket
import sys
import time

from services.dialer.realms.wire import INTERRUPTED, NO_STRING, VALUE, asked, tell
from services.dialer.vxml.realm import Interrupted, RealmHere

_GRACE = 1.5  # times the engine's own limit, and
_TICKS = 0.01  # seconds: what it does in one step is over by then, or never
_SPACE = 512 << 20  # bytes of addresses: beside the engine's own limit
_FILES = 8


def main(descriptor: int) -> None:
    """Fork a process for each socket, until there is nobody who sends any."""
    for each in (signal.SIGINT, signal.SIGTERM):
        # They are the dialer's, though terminals and service managers send them to all: it sees calls in progress to
        # their end, and whoever is here ends with it.
        signal.signal(each, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for their ends
    gc.collect()
    gc.freeze()  # no collection in a child copies the pages that it shares
    with socket.socket(fileno=descriptor) as door:
        while True:
            _, descriptors, _, _ = socket.recv_fds(door, 1, 1)
            if not descriptors:
                return
            line = socket.socket(fileno=descriptors[0])
            if _fork() == 0:
                door.close()
                _evaluate(line)
            line.close()


def _fork() -> int:
    try:
        return os.fork()
    except OSError:
        return -1  # whoever waits at the other end of the line sees that it is closed


def _evaluate(line: socket.socket) -> None:
    """Evaluate what is asked, and end with the line."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES, _FILES))
    resource.setrlimit(resource.RLIMIT_AS, (_SPACE, _SPACE))
    try:
        realm = RealmHere()
        while True:
            source, seconds = asked(line)
            began = time.process_time()
            signal.setitimer(signal.ITIMER_PROF, _GRACE * seconds + _TICKS)
            try:
                value = realm.evaluate(source, seconds)
            except Interrupted as interrupted:
                kind, words = INTERRUPTED, str(interrupted)
            else:
                kind, words = (NO_STRING, "") if value is None else (VALUE, value)
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
            tell(line, kind, words, time.process_time() - began)
    finally:
        os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
