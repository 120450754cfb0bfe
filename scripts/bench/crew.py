"""Workers with all their slots taken, as processes that can be stopped and kept on cores of their own."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from app.adapters.store.embedded import EmbeddedServer
from app.adapters.store.ledger import RedisLedger
from app.domain.jobs import Queue, RowKey
from app.domain.row import Wanted
from app.wiring.redis import open_redis
from scripts.bench.ledger_use import accept
from scripts.bench.processes import python, running
from scripts.bench.stand_ins import READY, Waiting
from workers.options import WorkerOptions

WORKERS = 2
SLOTS = WORKERS * WorkerOptions().slots[Queue.REVIEW]
_READY_SECONDS = 60.0


@contextmanager
def apart(near: Iterable[int], far: Iterable[int]) -> Iterator[None]:
    """Keeps the processes `near` on the first core and the processes `far` off it, until the block ends.

    With no more than one core there is nothing to keep apart.
    """
    cores = os.sched_getaffinity(0)
    first = {min(cores)}
    try:
        _pin(near, first)
        _pin(far, cores - first or cores)
        yield
    finally:
        _pin([*near, *far], cores)


def _pin(processes: Iterable[int], cores: set[int]) -> None:
    """All threads; what they start later inherits it."""
    for process in processes:
        for thread in Path(f"/proc/{process}/task").iterdir():
            with suppress(ProcessLookupError):
                os.sched_setaffinity(int(thread.name), cores)


@dataclass(frozen=True, slots=True)
class Crew:
    """Workers, what they talk to, and the jobs they are given."""

    processes: tuple[int, ...]
    ledger: RedisLedger
    jobs: tuple[tuple[RowKey, Wanted], ...]

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Nobody works until the block ends."""
        try:
            for process in self.processes:
                os.kill(process, signal.SIGSTOP)
            yield
        finally:
            for process in self.processes:
                os.kill(process, signal.SIGCONT)

    async def beside(self, stage: Awaitable[tuple[float, ...]]) -> tuple[float, ...]:
        """The stage with all slots taken. Raises RuntimeError when one may have become free."""
        await self.feed()
        latencies = await stage
        left = [await self._open(row) for row, _ in self.jobs].count(True)
        if left < SLOTS:
            raise RuntimeError(f"only {left} jobs were left for {SLOTS} slots: nothing can be said of a full load")
        return latencies

    async def feed(self) -> None:
        """Every pull request is wanted (again), so that there is more to do than slots."""
        for row, wanted in self.jobs:
            if not await self._open(row):
                await accept(self.ledger, row, wanted)

    async def finished(self) -> int:
        """How many times some pull request was reviewed."""
        rows = [await self.ledger.read(row) for row, _ in self.jobs]
        return sum(row.done for row in rows if row is not None)

    async def _open(self, key: RowKey) -> bool:
        row = await self.ledger.read(key)
        return row is not None and row.generation > row.done


@asynccontextmanager
async def working(redis: EmbeddedServer, folder: Path, pulls: int) -> AsyncIterator[Crew]:
    """Real worker processes in the middle of their work, in a logical database of their own of the same server."""
    async with AsyncExitStack() as stack:
        command = python("scripts.bench.stand_ins", str(folder), str(pulls))
        standing = stack.enter_context(running(command, {}, folder / "stand-ins.log"))
        await _until((folder / READY).exists, "the stand-ins are not ready")
        waiting = Waiting.read(folder)
        workers = []
        for number in range(WORKERS):
            settings = {"REVWRIGHT_REDIS_URL": redis.url, "REVWRIGHT_DATA_DIR": str(folder / f"worker-{number}")}
            log = folder / f"worker-{number}.log"
            workers.append(
                stack.enter_context(running(python("app.cli", "worker"), waiting.environment | settings, log))
            )
        client = await stack.enter_async_context(open_redis(redis.settings))
        crew = Crew(tuple(p.pid for p in (standing, *workers)), RedisLedger(client), waiting.jobs)
        await crew.feed()
        deadline = time.monotonic() + _READY_SECONDS
        while await crew.finished() < SLOTS:
            if time.monotonic() > deadline:
                raise RuntimeError(f"the workers do not work; see their logs:\n{_tail(folder / 'worker-0.log')}")
            await asyncio.sleep(0.1)
        yield crew


async def _until(holds: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise RuntimeError(otherwise)
        await asyncio.sleep(0.05)


def _tail(log: Path) -> str:
    return log.read_text("utf-8", "replace")[-2000:]
