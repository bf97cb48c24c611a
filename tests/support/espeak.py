"""The espeak-ng that the tests may use: this machine's."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.servers import NoServerError, Server


@contextmanager
def espeak() -> Iterator[Server]:
    """Hold espeak-ng; its url is its path.

    Raises:
        NoServerError: PATH has none.
    """
    path = shutil.which("espeak-ng")
    if path is None:
        raise NoServerError("PATH has no espeak-ng")
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True, timeout=60).stdout
    yield Server(path, said.partition("  ")[0])
