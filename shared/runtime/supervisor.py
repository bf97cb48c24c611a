"""The only place that makes tasks: workers are watched, and a crew's tasks are never forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from types import TracebackType
from typing import Any, Self

import structlog

from shared.observability.logging import log_unexpected
from shared.runtime.service import Worker

log = structlog.get_logger()


class Crew:
    """A bounded number of tasks that belong together; leaving the context waits for all of them.

    A task that fails is logged and counted, and disturbs no other: each must have decided its own errors.
    """

    def __init__(self, name: str, *, limit: int) -> None:
        self.name = name
        self.failures = 0
        self._places = asyncio.Semaphore(limit)
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    async def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Start a task as soon as a place is free."""
        try:
            await self._places.acquire()
        except BaseException:
            work.close()
            raise
        task = asyncio.create_task(self._watch(work), name=self.name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watch(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 (logged, but not its words)
            self.failures += 1
            log_unexpected(log, "crew.task_failed", error, crew=self.name)
        finally:
            self._places.release()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            for task in self._tasks:
                task.cancel()
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)


class WorkerFailed(Exception):
    """A worker ended by an exception or before it was told to."""


async def supervise(stages: Sequence[Sequence[Worker]], stopping: asyncio.Event, *, drain_seconds: float) -> None:
    """Run the workers until `stopping` is set and they have drained, one stage after the other.

    What a stage still reports while it drains is taken by the stages after it.

    Raises:
        WorkerFailed: one of them ended by itself; all others were told to stop first.
    """
    told = [asyncio.Event() for _ in stages]
    tasks = [
        {asyncio.create_task(worker.run(event), name=worker.name): worker.name for worker in stage}
        for stage, event in zip(stages, told, strict=True)
    ]
    every = {task: name for stage in tasks for task, name in stage.items()}
    waiting = asyncio.create_task(stopping.wait(), name="stopping")
    try:
        await asyncio.wait({waiting, *every}, return_when=asyncio.FIRST_COMPLETED)
        early = [task for task in every if task.done() and not stopping.is_set()]
        stopping.set()
        deadline = asyncio.get_running_loop().time() + drain_seconds
        for stage, event in zip(tasks, told, strict=True):
            event.set()
            if stage:
                left = max(0.1, deadline - asyncio.get_running_loop().time())
                await asyncio.wait(stage, timeout=left)
        for task in (task for task in every if not task.done()):
            log.warning("worker.cut_off", worker=every[task], drain_seconds=drain_seconds)
            task.cancel()
        ends = await asyncio.gather(*every, return_exceptions=True)
    finally:
        waiting.cancel()
        for task in every:
            task.cancel()
    failed = [(name, end) for (task, name), end in zip(every.items(), ends, strict=True) if _failed(task, end, early)]
    if failed:
        name, end = failed[0]
        raise WorkerFailed(f"worker {name} ended by itself") from (end if isinstance(end, Exception) else None)


def _failed(task: asyncio.Task[None], end: BaseException | None, early: Sequence[asyncio.Task[None]]) -> bool:
    return task in early or (isinstance(end, Exception) and not isinstance(end, asyncio.CancelledError))
