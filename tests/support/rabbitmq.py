"""RabbitMQ for the tests: the one the environment names, the one on the standard port, or a private node."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import aiormq

from tests.support.servers import NoServerError, Server, free_ports, listens, only_private, run

STANDARD = "amqp://guest:guest@127.0.0.1:5672/"
ANSWERS_WITHIN = 5.0
# A cold Erlang on a busy laptop took 12 s.
STARTS_WITHIN = 90.0
# Debian's /usr/sbin/rabbitmq-server changes to the user rabbitmq; the script below it does not.
SCRIPTS = ("/usr/lib/rabbitmq/bin/rabbitmq-server", "/opt/homebrew/sbin/rabbitmq-server")


@contextlib.contextmanager
def rabbit_server() -> Iterator[Server]:
    """Hold a RabbitMQ with the user guest until the end of the context.

    Raises:
        NoServerError: none is named, none answers and none is installed.
    """
    if url := os.environ.get("RABBITMQ_URL", ""):
        try:
            version = run(handshake(url))
        except (OSError, TimeoutError, aiormq.exceptions.AMQPError) as error:
            raise NoServerError(f"RABBITMQ_URL is set, but nothing answers there ({error})") from error
        yield Server(url, f"RabbitMQ {version} (RABBITMQ_URL)")
        return
    if version := standard_version():
        yield Server(STANDARD, f"RabbitMQ {version} at 127.0.0.1:5672")
        return
    with private_node() as server:
        yield server


def standard_version() -> str:
    """Return the version of the RabbitMQ on the standard port, or nothing when it is not for us."""
    if not only_private() and listens("127.0.0.1", 5672):
        with contextlib.suppress(OSError, TimeoutError, aiormq.exceptions.AMQPError):
            return run(handshake(STANDARD))
    return ""


async def handshake(url: str) -> str:
    """Log in as far as an open connection, close it, and return the server's version."""
    async with asyncio.timeout(ANSWERS_WITHIN):
        connection = await aiormq.connect(url)
        version = connection.server_properties.get("version", "?")
        await connection.close()
    return version.decode() if isinstance(version, bytes) else str(version)


def installed_script() -> str:
    for script in SCRIPTS:
        if os.access(script, os.X_OK):
            return script
    if script := shutil.which("rabbitmq-server"):
        return script
    raise NoServerError("no RabbitMQ is named by RABBITMQ_URL, answers on 127.0.0.1:5672 or is installed")


@contextlib.contextmanager
def private_node() -> Iterator[Server]:
    """Run a node from the installed binaries in a directory of its own, and leave nothing of it behind."""
    script = installed_script()
    port, dist_port, epmd_port = free_ports(3)
    home = Path(tempfile.mkdtemp(prefix="paceline-rabbit-"))
    environment = node_environment(home, port=port, dist_port=dist_port, epmd_port=epmd_port)
    log = (home / "output.log").open("wb")
    node = subprocess.Popen(
        [script], env=environment, cwd=home, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        start_new_session=True,
    )  # fmt: skip
    try:
        url = f"amqp://guest:guest@127.0.0.1:{port}/"
        version = wait_until_it_answers(node, url, output=home / "output.log")
        yield Server(url, f"RabbitMQ {version}, private node at 127.0.0.1:{port}")
    finally:
        stop(node)
        # The node leaves its port mapper running for others; this one has no others.
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(["epmd", "-kill"], env=environment, capture_output=True, timeout=10, check=False)
        log.close()
        shutil.rmtree(home, ignore_errors=True)


def node_environment(home: Path, *, port: int, dist_port: int, epmd_port: int) -> dict[str, str]:
    """Return an environment in which a node shares no file, name or port with a system's own."""
    (home / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\n", encoding="ascii")
    (home / "enabled_plugins").write_text("[].\n", encoding="ascii")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RABBITMQ_", "ERL_"))}
    return kept | {
        "HOME": str(home),  # the Erlang cookie lives there
        "RABBITMQ_CONF_ENV_FILE": os.devnull,
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(home / "generated"),
        "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_MNESIA_BASE": str(home / "data"),
        "RABBITMQ_NODENAME": f"paceline{port}@localhost",
        "RABBITMQ_PID_FILE": str(home / "pid"),
        "RABBITMQ_DIST_PORT": str(dist_port),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 +sbwt none",
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(epmd_port),
    }


def wait_until_it_answers(node: subprocess.Popen[bytes], url: str, *, output: Path) -> str:
    deadline = time.monotonic() + STARTS_WITHIN
    port = int(url.rsplit(":", 1)[1].rstrip("/"))
    while time.monotonic() < deadline:
        if node.poll() is not None:
            break
        if listens("127.0.0.1", port):
            with contextlib.suppress(OSError, TimeoutError, aiormq.exceptions.AMQPError):
                return run(handshake(url))
        time.sleep(0.1)
    last = output.read_text(errors="replace").strip().splitlines()[-5:]
    raise NoServerError("the private RabbitMQ node did not start: " + " / ".join(last))


def stop(node: subprocess.Popen[bytes]) -> None:
    """Stop a node the polite way, and after a while the other way."""
    if node.poll() is None:
        node.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            node.wait(20)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(node.pid, signal.SIGKILL)
    node.wait()
