"""A private PostgreSQL for one directory: started, watched over and stopped by us, with nobody's set-up.

Only the binaries are other people's (see postgres_binaries). It listens on a unix socket in a directory that
is its owner's alone, so no password is needed and nothing is open to the network. One process owns it; others
of the same user find it with `find_running`. The code waits in plain threads' ways: it runs before the event
loop does.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path
from types import TracebackType

from shared.db.cluster_files import SOCKET_PORT, SUPERUSER, ClusterFiles, OwnerLock, serves
from shared.db.postgres_binaries import Binaries, choose_binaries, readable_by
from shared.db.unprivileged import EmbeddedPostgresError, Identity, identity_for

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError", "find_running"]

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": str(SOCKET_PORT),
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    # A failing statement's text and the values that offended it hold telephone numbers.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
_CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# After a crash the log is replayed first: that may take a while.
_STARTS_WITHIN = 120.0
_STOPS_WITHIN = 60.0
_POLL = 0.01
# What a server says when the last one's orphans have not gone yet.
_STILL_GOING = "pre-existing shared memory block"


class EmbeddedPostgres:
    """A server on `data_dir`, made at the first start. With `durable=False` a power cut may cost the data.

    Use as a context manager, or call `start` and `stop`. When the owning process is killed, the server stops
    by itself (Linux), or is stopped by the next start (elsewhere); no committed row is lost.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self._files = ClusterFiles(Path(os.path.abspath(data_dir)))  # noqa: PTH100 (resolve() would follow links)
        self._durable = durable
        self._lock = OwnerLock(self._files.beside(".lock"))
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Start the server, made first if need be, and return its DSN once it accepts connections.

        Raises:
            EmbeddedPostgresError: it cannot be had, with what to do about it.
        """
        data = self._files.data
        try:
            data.parent.mkdir(parents=True, exist_ok=True)
            self._lock.take()
            try:
                return self._start()
            except BaseException:
                self.stop()
                raise
        except OSError as error:
            raise EmbeddedPostgresError(f"The database in {data} cannot be started: {error}.") from error
        except EmbeddedPostgresError as error:
            raise EmbeddedPostgresError(f"The database in {data} cannot be started: {error}.") from error

    def stop(self) -> None:
        """Stop the server and wait until it is gone, politely first, then at once; harmless when down."""
        if self._server is not None:
            _end(self._server)
            self._server = None
            self._files.remove_socket_dir()
        self._lock.release()

    def __enter__(self) -> str:
        """Start, and give the DSN."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, whatever happened."""
        self.stop()

    def _start(self) -> str:
        files = self._files
        if files.data.exists() and files.major is None and any(files.data.iterdir()):
            raise EmbeddedPostgresError("there are other files in it, and no database; name another directory")
        binaries = choose_binaries(files.major)
        identity = identity_for(files.owner)
        binaries = readable_by(identity, binaries, copy=files.beside(f".bin-{binaries.version}"))
        _stop_leftover(files)
        if files.major is None:
            _make_cluster(files, binaries, identity, durable=self._durable)
        said = self._launch(binaries, identity)
        for _ in range(100):
            if _STILL_GOING not in said:
                break
            _pause(0.1)
            said = self._launch(binaries, identity)
        if not said:
            return files.dsn(str(files.socket_dir))
        raise EmbeddedPostgresError(f"PostgreSQL says: {said} (its log is {files.beside('.log')})")

    def _launch(self, binaries: Binaries, identity: Identity) -> str:
        """Start the server once; return nothing when it is ready, or else why it is not."""
        files = self._files
        socket_dir = files.make_socket_dir(files.data.stat().st_uid)
        settings = _SETTINGS | ({} if self._durable else _CARELESS)
        settings["unix_socket_directories"] = str(socket_dir)
        command = [binaries.postgres, "-D", str(files.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with files.rotate_log().open("ab") as log:
            before = log.tell()
            self._server = server = identity.spawn(command, log=log, last_words=signal.SIGINT)
        for _ in range(int(_STARTS_WITHIN / _POLL)):
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(_POLL)
                self._server = None
                return _last_words(files, since=before)
            state = files.postmaster()
            if state and state.ready and state.pid == server.pid:
                return ""
        return f"nothing for {_STARTS_WITHIN:.0f} s"


def find_running(data_dir: Path) -> str | None:
    """Return the DSN of a server that another process runs on `data_dir`; None when there is none."""
    files = ClusterFiles(Path(os.path.abspath(data_dir)))  # noqa: PTH100 (resolve() would follow links)
    state = files.postmaster()
    if state and state.ready and serves(state.pid, files.data):
        return files.dsn(state.socket_dir)
    return None


def _end(server: subprocess.Popen[bytes]) -> None:
    # SIGINT rolls open transactions back and closes the files; SIGQUIT is a crash, repaired at the next start
    for how, patience in ((signal.SIGINT, _STOPS_WITHIN), (signal.SIGQUIT, 10.0), (signal.SIGKILL, None)):
        server.send_signal(how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(patience)
            return


def _make_cluster(files: ClusterFiles, binaries: Binaries, identity: Identity, *, durable: bool) -> None:
    """Make a cluster under another name and rename it when it is whole: a kill leaves no half one."""
    fresh = files.beside(".init")
    for _ in range(100):
        shutil.rmtree(fresh, ignore_errors=True)
        if not fresh.exists():
            break
        _pause(0.05)  # an orphan of a killed initdb still writes
    fresh.mkdir(mode=0o700)
    identity.owns(fresh)
    command = [binaries.initdb, "-D", str(fresh), "-U", SUPERUSER, "-A", "trust", "--no-locale", "-E", "UTF8"]
    if not durable:
        command.append("--no-sync")
    log_path = files.beside(".init.log")
    with log_path.open("wb") as log:
        made = identity.spawn([*command, "--no-instructions"], log=log, last_words=signal.SIGKILL)
        try:
            made.wait()
        finally:
            made.kill()
            made.wait()
    if made.returncode != 0:
        said = " ".join(log_path.read_text(errors="replace").strip().splitlines()[-1:])
        shutil.rmtree(fresh, ignore_errors=True)
        if "Permission denied" in said and identity.uid is not None:
            said += "; start as an ordinary user, or name a directory that every user can reach"
        raise EmbeddedPostgresError(f"initdb says: {said} (its log is {log_path})")
    log_path.unlink()
    with contextlib.suppress(FileNotFoundError):
        files.data.rmdir()
    fresh.rename(files.data)


def _stop_leftover(files: ClusterFiles) -> None:
    """Clear what a killed owner left: a server without an owner is stopped, stale PID files are removed."""
    state = files.postmaster()
    for how, patience in ((signal.SIGINT, _STOPS_WITHIN), (signal.SIGQUIT, 10.0)):
        for turn in range(int(patience / 0.05)):
            if state is None or not serves(state.pid, files.data):
                files.forget_server()
                return
            if turn == 0:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(state.pid, how)
            _pause(0.05)
    raise EmbeddedPostgresError("a server without an owner runs on it and does not stop; stop that process")


def _last_words(files: ClusterFiles, *, since: int) -> str:
    """Return the fatal lines a server wrote into its log before it ended."""
    with files.beside(".log").open("rb") as log:
        log.seek(since)
        lines = log.read().decode(errors="replace").strip().splitlines()
    fatal = [line.partition("FATAL:")[2].strip() for line in lines if "FATAL:" in line]
    return "; ".join(fatal) or " ".join(lines[-1:]) or "nothing"


def _pause(seconds: float) -> None:
    threading.Event().wait(seconds)
