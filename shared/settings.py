"""The settings that all rooms share; each room adds its own. Only settings classes read the environment."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, SecretStr
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


class HouseSettings(BaseSettings):
    """What every process needs: the ledger, the doorbell, its log and its own health port."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", secrets_dir=None)

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
    queue_prefix: str = Field("", description="Put before every exchange and queue name, to share a broker.")
    log_level: str = Field("info", description="`debug`, `info`, `warning` or `error`.")
    log_format: str = Field("auto", description="`json`, `console`, or `auto`: console on a terminal.")
    ops_host: str = Field("127.0.0.1", description="Where /livez, /readyz and /metrics are served.")
    ops_port: int = Field(9090, description="Their port; 0 takes a free one.", ge=0, le=65535)
    drain_seconds: float = Field(30.0, description="How long SIGTERM waits for calls and posts in progress.", ge=0)
    pool_size: int = Field(10, description="Database connections of this process at the most.", ge=2)
