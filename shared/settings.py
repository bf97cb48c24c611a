"""The settings that all rooms share; each room adds its own. Only settings classes read the environment."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Environment(StrEnum):
    """What a house is for. Only `test` and `demo` may run on a rehearsal clock."""

    PRODUCTION = "production"
    TEST = "test"
    DEMO = "demo"

    @property
    def rehearses(self) -> bool:
        """Whether the clock may run faster than the world's."""
        return self is not Environment.PRODUCTION


def _read_networks(written: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(part.strip()) for part in written.split(",") if part.strip())


def _check_networks(written: str) -> str:
    _read_networks(written)
    return written


def with_password(url: str, password: str) -> str:
    """Return an address with a password put after its user, whatever signs are in it.

    Raises:
        ValueError: it names no user, or has a password already; neither is in the message.
    """
    user, at, place = urlsplit(url).netloc.rpartition("@")
    if not at or not user:
        raise ValueError("a password for it is given, but it names no user")
    if ":" in user:
        raise ValueError("a password for it is given, and it holds another one already")
    return url.replace(f"{user}@{place}", f"{user}:{quote(password, safe='')}@{place}", 1)


def _full(url: SecretStr, password: SecretStr) -> str:
    bare, word = url.get_secret_value(), password.get_secret_value()
    return with_password(bare, word) if word and bare else bare


_EVENTS_EXCHANGE = "paceline.events"
# Where Docker puts a container's secrets, and Kubernetes when it is told to. A file has the name of its setting.
_SECRETS = Path("/run/secrets")
_LOOPBACK = _read_networks("127.0.0.0/8, ::1")


class HouseSettings(BaseSettings):
    """What every process needs: the ledger, the doorbell, its log and its own health port."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, secrets_dir=_SECRETS if _SECRETS.is_dir() else None
    )

    environment: Environment = Field(
        Environment.PRODUCTION,
        description="`production`, or `test` and `demo`, which may run a faster clock.",
    )
    database_url: SecretStr = Field(
        SecretStr(""),
        description="PostgreSQL, 15 to 18: `postgresql://user:password@host/name`. Only `./run` can do without.",
    )
    rabbitmq_url: SecretStr = Field(
        SecretStr("memory://"),
        description="RabbitMQ, 3.10 to 4.x: `amqp://user:password@host/`; `memory://` when all rooms share a process.",
    )
    database_password: SecretStr = Field(
        SecretStr(""), description="Put into DATABASE_URL, which then names a user and no password."
    )
    rabbitmq_password: SecretStr = Field(SecretStr(""), description="Put into RABBITMQ_URL in the same way.")
    queue_prefix: str = Field("", description="Put before every exchange and queue name, to share a broker.")
    events_exchange: str = Field(
        "",
        description="The topic exchange that public events are told on, such as `paceline.events`; empty: on none "
        "(docs/subscribing.md).",
        max_length=100,
    )
    log_level: str = Field("info", description="`debug`, `info`, `warning` or `error`.")
    log_format: str = Field("auto", description="`json`, `console`, or `auto`: console on a terminal.")
    ops_host: str = Field("127.0.0.1", description="Where /livez, /readyz and /metrics are served.")
    ops_port: int = Field(9090, description="Their port; 0 takes a free one.", ge=0, le=65535)
    drain_seconds: float = Field(30.0, description="How long SIGTERM waits for calls and posts in progress.", ge=0)
    pool_size: int = Field(10, description="Database connections of this process at the most.", ge=2)
    failover_loses_nothing: bool = Field(
        False,
        description="Whether each commit is on a replica before it counts (`synchronous_standby_names`): then the "
        "house goes on by itself when that replica takes over (docs/operations.md).",
    )
    outbound_allow: Annotated[str, AfterValidator(_check_networks)] = Field(
        "",
        description="Networks that start_url and result_url may lead to besides the public internet, such as "
        "`10.20.0.0/16, fd12::/16` (docs/outbound.md).",
    )
    otel_exporter_otlp_endpoint: str = Field(
        "",
        description="Where traces are sent: a collector of OTLP over HTTP, such as `http://collector:4318`; empty: "
        "nowhere. With it, the other standard variables of OpenTelemetry hold (docs/tracing.md).",
    )
    otel_exporter_otlp_traces_endpoint: str = Field(
        "", description="The same, as the whole address for traces: `http://collector:4318/v1/traces`."
    )
    otel_traces_exporter: str = Field("otlp", description="`otlp`, or `none`: no traces, whatever the endpoint.")
    otel_sdk_disabled: str = Field("", description="`true`: no traces, either.")
    otel_service_name: str = Field(
        "", description="What a process is called in traces; empty: `paceline-` and its room."
    )

    @property
    def traces(self) -> bool:
        """Whether traces are recorded and sent."""
        on = self.otel_sdk_disabled.strip().lower() != "true" and self.otel_traces_exporter in ("", "otlp")
        return on and bool(self.otel_exporter_otlp_endpoint or self.otel_exporter_otlp_traces_endpoint)

    @model_validator(mode="after")
    def _refuse_what_does_not_fit(self) -> Self:
        """Say at the start which address and password do not belong together."""
        for name in ("database", "rabbitmq"):
            try:
                getattr(self, f"{name}_address")
            except ValueError as error:
                raise ValueError(f"{name.upper()}_URL: {error}") from None
        return self

    @property
    def database_address(self) -> str:
        """DATABASE_URL with its password, wherever that was given; it is not to be shown."""
        return _full(self.database_url, self.database_password)

    @property
    def rabbitmq_address(self) -> str:
        """RABBITMQ_URL with its password, wherever that was given; it is not to be shown."""
        return _full(self.rabbitmq_url, self.rabbitmq_password)

    @property
    def events_exchange_name(self) -> str:
        """What the exchange is called on the broker; when there is none, what it would be called."""
        return self.queue_prefix + (self.events_exchange or _EVENTS_EXCHANGE)

    @property
    def outbound_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks of `outbound_allow`; a rehearsal's own applications run beside it."""
        return _read_networks(self.outbound_allow) + (_LOOPBACK if self.environment.rehearses else ())
