"""Programs of others that a test runs: one that is missing is a skip on a laptop, and a failure in CI."""

from __future__ import annotations

import shutil

import pytest

from tests.support.servers import in_ci


def installed(program: str, *, package: str) -> str:
    """Return the path of a program; `package` is what brings it on Debian."""
    if path := shutil.which(program):
        return path
    missing = f"NO {program.upper()} HERE, its tests were not run (Debian: apt install {package})"
    if in_ci():
        pytest.fail(f"CI must run every ring, but {missing}", pytrace=False)
    pytest.skip(missing)
