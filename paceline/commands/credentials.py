"""Which house, and with which token: what the environment says, else what `paceline login` keeps."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from paceline.commands.exits import NO_TOKEN, Stop

URL, TOKEN = "PACELINE_URL", "PACELINE_TOKEN"
AT_HOME = "http://127.0.0.1:8080"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_NOT_LOGGED_IN = f"You are not logged in: paceline login, or set {TOKEN}"


class Credentials(NamedTuple):
    """A house's address and a token of it."""

    url: str
    token: str

    @property
    def token_id(self) -> str:
        """The part of the token that is no secret."""
        return self.token.removeprefix("pl_").removeprefix("test_").partition("_")[0]

    @property
    def of_sandbox(self) -> bool:
        """Whether the token says that it is of an account for trying out."""
        return self.token.startswith("pl_test_")

    def __repr__(self) -> str:
        return f"<Credentials of {self.url}>"


def find_file(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where the credentials are kept, as the XDG directories say."""
    given = environment.get("XDG_CONFIG_HOME", "")
    folder = Path(given) if Path(given).is_absolute() else Path.home() / ".config"
    return folder / "paceline" / "credentials.toml"


def named_url(environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the address that the environment names."""
    return environment.get(URL) or None


def token_of(environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the variable that the token is taken from, None for the one that was kept."""
    return TOKEN if environment.get(TOKEN) else None


def find(url: str | None = None, environment: Mapping[str, str] = os.environ) -> Credentials:
    """Return the credentials: a given address and the environment stand above the file.

    A token goes to the house that it was kept for only; for another one the environment must give it.

    Raises:
        Stop: there are none, or others may read them.
    """
    token = environment.get(TOKEN)
    wanted = url or named_url(environment)
    if token:
        kept = read(find_file(environment)) if wanted is None else None
        return Credentials(wanted or (kept.url if kept else AT_HOME), token)
    kept = read(find_file(environment))
    if kept is None:
        raise Stop(_NOT_LOGGED_IN, NO_TOKEN)
    if wanted is not None and wanted.rstrip("/") != kept.url.rstrip("/"):
        raise Stop(f"You are logged in at {kept.url}, not there: paceline login --url ..., or set {TOKEN}", NO_TOKEN)
    return kept


def read(path: Path) -> Credentials | None:
    """Return what a file keeps; None when there is none.

    Raises:
        Stop: others may read it, or it cannot be read.
    """
    try:
        with path.open("rb") as file:
            if os.name == "posix" and os.fstat(file.fileno()).st_mode & _OTHERS:
                raise Stop(f"Others may read your token. Forbid it: chmod 600 {path}", NO_TOKEN)
            content = tomllib.load(file)
        return Credentials(str(content["url"]), str(content["token"]))
    except FileNotFoundError:
        return None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError) as error:
        raise Stop(
            f"{path} cannot be read ({type(error).__name__}); paceline login writes it anew.", NO_TOKEN
        ) from None


def keep(credentials: Credentials, path: Path) -> None:
    """Write a file that nobody else may read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    text = "# Written by `paceline login`: whoever reads this can call your numbers.\n"
    # A JSON text is a TOML text, when nothing in it is beyond ASCII.
    text += "".join(f"{name} = {json.dumps(value)}\n" for name, value in credentials._asdict().items())
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(text)
        beside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


def forget(path: Path) -> bool:
    """Remove the file; returns whether there was one."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True
