"""The walls of the house, its types and its style, as the tools see them: the whole tree, nothing but errors."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.support.repository import ROOT


def passes(*command: str) -> None:
    """Run a tool of this Python in the root; what it said is the failure."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}"


def test_no_import_goes_through_a_wall():
    passes("-c", "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-logo'])")


def test_every_type_fits():
    passes("-m", "mypy")


def test_every_line_keeps_to_the_rules():
    passes("-m", "ruff", "check", "--no-cache", "--output-format=concise", ".", "run")


def test_every_file_is_formatted():
    passes("-m", "ruff", "format", "--no-cache", "--check", ".", "run")
