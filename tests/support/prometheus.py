"""A Prometheus of a test's own: it scrapes what it is told to, and is asked by HTTP."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from tests.support.installed import installed
from tests.support.servers import free_ports
from tests.support.waiting import until


class Prometheus:
    """What is asked of it; `url` is its address."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self.url = url
        self._http = http

    async def ready(self) -> bool:
        with contextlib.suppress(aiohttp.ClientError):
            async with self._http.get(f"{self.url}/-/ready") as answer:
                return answer.status == 200
        return False

    async def ask(self, expression: str) -> list[dict[str, Any]]:
        """Return the series of an instant query; a query that is none fails the test."""
        async with self._http.get(f"{self.url}/api/v1/query", params={"query": expression}) as answer:
            body = await answer.json()
            assert body["status"] == "success", f"{expression}: {body}"
            return body["data"]["result"]

    async def rules(self) -> list[dict[str, Any]]:
        """Return the alerting rules as it has evaluated them."""
        async with self._http.get(f"{self.url}/api/v1/rules") as answer:
            return [rule for group in (await answer.json())["data"]["groups"] for rule in group["rules"]]


@contextlib.asynccontextmanager
async def prometheus(home: Path, targets: Sequence[str], *, rules: Path) -> AsyncIterator[Prometheus]:
    """Run one that scrapes the targets (`host:port`) every second as the job `paceline`."""
    program = installed("prometheus", package="prometheus")
    (port,) = free_ports(1)
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(rules)],
        "scrape_configs": [{"job_name": "paceline", "static_configs": [{"targets": list(targets)}]}],
    }
    (home / "prometheus.yml").write_text(yaml.safe_dump(config))
    with (home / "prometheus.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            program, f"--config.file={home}/prometheus.yml", f"--storage.tsdb.path={home}/tsdb",
            f"--web.listen-address=127.0.0.1:{port}", stdout=log, stderr=log,
        )  # fmt: skip
    try:
        async with aiohttp.ClientSession() as http:
            found = Prometheus(f"http://127.0.0.1:{port}", http)
            await until(found.ready)
            yield found
    finally:
        process.terminate()
        await process.wait()
