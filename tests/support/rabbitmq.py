"""RabbitMQ for the tests: the one the environment names, the one on the standard port, or a private node."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import aiormq

from tests.support.servers import NoServerError, Server, free_ports, listens, only_private, run
from tests.support.waiting import until

STANDARD = "amqp://guest:guest@127.0.0.1:5672/"
ANSWERS_WITHIN = 5.0
# A cold Erlang on a busy laptop took 12 s.
STARTS_WITHIN = 90.0
# Debian's /usr/sbin/rabbitmq-server changes to the user rabbitmq; the script below it does not.
SCRIPTS = ("/usr/lib/rabbitmq/bin/rabbitmq-server", "/opt/homebrew/sbin/rabbitmq-server")


def make_prefix() -> str:
    """Return a prefix for queues that nobody else uses."""
    return f"test-{secrets.token_hex(5)}."


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
    with private_node() as node:
        yield Server(node.url, node.words)


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


class PrivateNode:
    """A node from the installed binaries in a directory of its own; it can be killed and started again."""

    def __init__(self, home: Path) -> None:
        self._script = installed_script()
        port, dist_port, epmd_port = free_ports(3)
        self._environment = node_environment(home, port=port, dist_port=dist_port, epmd_port=epmd_port)
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"amqp://guest:guest@127.0.0.1:{port}/"
        self.words = f"RabbitMQ, private node at 127.0.0.1:{port}"

    def start(self) -> None:
        """Start the node, on what it left behind if it ran before; returns when it answers."""
        output = self._home / "output.log"
        with output.open("ab") as log:
            self._process = subprocess.Popen(
                [self._script], env=self._environment, cwd=self._home, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        version = wait_until_it_answers(self._process, self.url, output=output)
        self.words = f"RabbitMQ {version}, private node at {self.url.split('@')[1].rstrip('/')}"

    def remembers(self, queues: Sequence[str]) -> bool:
        """Whether the queues are in the node's own list on disk.

        RabbitMQ 3.10 writes the list some seconds after a queue was declared. A queue that is missing there when the
        node is killed has no leader afterwards, and comes to life no more.
        """
        kept = b"".join(each.read_bytes() for each in self._home.glob("data/**/names.dets"))
        return all(re.search(re.escape(queue).encode() + rb"(?!\.)", kept) for queue in queues)

    def alarm(self, *, on: bool) -> None:
        """Have the node hold that its memory is full: it takes nothing from publishers; or that all is well."""
        watermark = "0" if on else "0.6"
        ctl = Path(self._script).with_name("rabbitmqctl")
        command = [str(ctl), "-n", self._environment["RABBITMQ_NODENAME"], "set_vm_memory_high_watermark", watermark]
        subprocess.run(command, env=self._environment, capture_output=True, timeout=60, check=True)

    def kill(self) -> None:
        """End the node as a power cut does."""
        node, self._process = self._process, None
        if node is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(node.pid, signal.SIGKILL)
            node.wait()

    def stop(self) -> None:
        """Stop the node the polite way, and after a while the other way."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(20)
        self.kill()
        # The node leaves its port mapper running for others; this one has no others.
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(["epmd", "-kill"], env=self._environment, capture_output=True, timeout=10, check=False)


@contextlib.contextmanager
def private_node() -> Iterator[PrivateNode]:
    """Run a node of our own until the end of the context, and leave nothing of it behind."""
    home = Path(tempfile.mkdtemp(prefix="paceline-rabbit-"))
    try:
        node = PrivateNode(home)
        try:
            node.start()
            yield node
        finally:
            node.stop()
    finally:
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
    """Return the version of a node that was just started."""
    port = int(url.rsplit(":", 1)[1].rstrip("/"))

    async def version_or_end() -> str | bool:
        if node.poll() is None and listens("127.0.0.1", port):
            with contextlib.suppress(OSError, TimeoutError, aiormq.exceptions.AMQPError):
                return await handshake(url)
        return node.poll() is not None

    with contextlib.suppress(AssertionError):
        answer = run(until(version_or_end, within=STARTS_WITHIN))
        if isinstance(answer, str):
            return answer
    last = output.read_text(errors="replace").strip().splitlines()[-5:]
    raise NoServerError("the private RabbitMQ node did not start: " + " / ".join(last))
