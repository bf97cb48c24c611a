"""The checkout as the architecture tests see it: its files, its packages, its sentences."""

from __future__ import annotations

import ast
import functools
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("services", "shared", "demo", "paceline")


@functools.cache
def files() -> tuple[Path, ...]:
    """Every file that git keeps or would keep, relative to the root; without git, every file in plain sight."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
        names = [Path(name.decode()) for name in listed.split(b"\0") if name]
    except (OSError, subprocess.CalledProcessError):
        found = (each.relative_to(ROOT) for each in ROOT.rglob("*"))
        names = [name for name in found if not any(p.startswith(".") or p == "__pycache__" for p in name.parts)]
    return tuple(sorted(name for name in names if (ROOT / name).is_file()))


def python_files(*folders: str) -> list[Path]:
    """The .py files below some top-level folders; all of them without arguments."""
    return [each for each in files() if each.suffix == ".py" and (not folders or each.parts[0] in folders)]


def packages() -> list[Path]:
    """The folders of the product that hold modules."""
    return sorted({each.parent for each in python_files(*PRODUCT)})


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(text(path), filename=str(path))


@functools.cache
def text(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def told(faults: list[str], advice: str) -> str:
    """What a failing test says: each fault on a line of its own, and what to do."""
    return "\n".join(["", *(f"  {fault}" for fault in faults), advice])
