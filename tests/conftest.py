"""Ring = folder = marker; which servers the rings use; and no sockets in the rings that need none."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest
import pytest_socket

from tests.support import espeak, helm, postgres, rabbitmq
from tests.support.servers import NoServerError, Server, in_ci

HERE = Path(__file__).resolve().parent
RINGS = ("unit", "model", "contract", "integration", "acceptance", "architecture", "chaos", "deploy", "fuzz", "browser")
SERVERS = pytest.StashKey[dict[str, str]]()
Held = TypeVar("Held", Server, rabbitmq.PrivateNode, helm.Tools)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SERVERS] = {}
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell that runs this in the background lets it ignore ^C, and so would every program that a test starts.
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give every test the marker of the folder it lies in; a test in no ring stops the run."""
    ring = item.path.relative_to(HERE).parts[0]
    if ring not in RINGS:
        raise pytest.UsageError(f"{item.path} lies in no ring: move it into one of tests/{{{','.join(RINGS)}}}/")
    if others := {mark.name for mark in item.iter_markers()} & set(RINGS) - {ring}:
        raise pytest.UsageError(f"{item.nodeid} is marked {others}, but its folder says {ring}")
    item.add_marker(ring)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Take the network away from tests that need none; the socket pair inside an event loop may stay."""
    if item.get_closest_marker("unit") or item.get_closest_marker("model"):
        pytest_socket.disable_socket(allow_unix_socket=True)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    if item.get_closest_marker("unit") or item.get_closest_marker("model"):
        pytest_socket.enable_socket()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if used := config.stash[SERVERS]:
        terminalreporter.write_line("servers: " + ", ".join(used.values()))


def _hold(config: pytest.Config, kind: str, server: contextlib.AbstractContextManager[Held]) -> Iterator[Held]:
    """Enter a server's context; what cannot be had is a skip on a laptop and a failure in CI."""
    with contextlib.ExitStack() as held:
        missing = ""
        try:
            found = held.enter_context(server)
        except NoServerError as error:
            missing = str(error)
        if missing:
            config.stash[SERVERS][kind] = f"NO {kind.upper()}, ITS TESTS WERE NOT RUN ({missing})"
            if in_ci():
                pytest.fail(f"CI must run every ring, but {missing}", pytrace=False)
            pytest.skip(missing)
        config.stash[SERVERS][kind] = found.words
        yield found


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> Iterator[str]:
    """The DSN of a PostgreSQL on which databases may be made."""
    for server in _hold(pytestconfig, "PostgreSQL", postgres.postgres_server()):
        yield server.url


@pytest.fixture(scope="session")
def migrated_template(postgres_server: str) -> Iterator[str]:
    """The name of a database that holds the newest schema and no rows; it can only be copied."""
    from shared.db.migrate import migrate  # noqa: PLC0415 (a unit run needs no asyncpg)

    with postgres.template_database(postgres_server, migrate) as name:
        yield name


@pytest.fixture
def database(postgres_server: str, migrated_template: str) -> Iterator[str]:
    """The DSN of a fresh, migrated, empty database of this test's own."""
    with postgres.copied_database(postgres_server, migrated_template) as dsn:
        yield dsn


@pytest.fixture(scope="session")
def rabbit_url(pytestconfig: pytest.Config) -> Iterator[str]:
    """The URL of a RabbitMQ; share it politely, with names that begin with `queue_prefix`."""
    for server in _hold(pytestconfig, "RabbitMQ", rabbitmq.rabbit_server()):
        yield server.url


@pytest.fixture
def rabbit_node(pytestconfig: pytest.Config) -> Iterator[rabbitmq.PrivateNode]:
    """A RabbitMQ of this test's own, to be killed and started again."""
    yield from _hold(pytestconfig, "RabbitMQ to kill", rabbitmq.private_node())


@pytest.fixture(scope="session")
def tools(pytestconfig: pytest.Config) -> Iterator[helm.Tools]:
    """Helm and kubectl."""
    yield from _hold(pytestconfig, "Helm", helm.tools())


@pytest.fixture(scope="session")
def espeak_ng(pytestconfig: pytest.Config) -> Iterator[str]:
    """The path of espeak-ng."""
    for program in _hold(pytestconfig, "espeak-ng", espeak.espeak()):
        yield program.url


@pytest.fixture
def queue_prefix() -> str:
    """A prefix no other test uses; who declares queues under it deletes them."""
    return rabbitmq.make_prefix()
