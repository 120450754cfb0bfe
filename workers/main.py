"""Runs arq's workers, one for each queue, in one loop, until told to stop; an arq worker that dies is started again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from arq.connections import RedisSettings
from arq.worker import Worker, func
from redis.exceptions import RedisError

from app.adapters.store import keys
from app.adapters.store.bells import deserialize, serialize
from app.wiring.redis import open_redis
from app.wiring.worker import WorkerServices
from workers.attempts import Announcements, BackOff, ReviewAttempts
from workers.cancelling import end
from workers.jobs import Context, announce, review
from workers.leases import BEAT_SECONDS
from workers.schedule import ring_forever

_log = logging.getLogger(__name__)

ARQ_REVIEW_SECONDS = 1800
ANNOUNCE_SECONDS = 120
_RESTART_SECONDS = 1.0
_MOST_SECONDS = 8.0
_STEADY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """How much runs at a time, and how soon."""

    reviews: int = 4
    announcements: int = 8
    poll_seconds: float = 0.1
    beat_seconds: float = BEAT_SECONDS
    review_seconds: float = 1500.0
    back_off: BackOff = field(default_factory=BackOff)


@contextlib.asynccontextmanager
async def arq_worker(
    redis: RedisSettings, services: WorkerServices, options: WorkerOptions, queue: str, *, burst: bool = False
) -> AsyncIterator[Worker]:
    """One arq worker on one queue. JSON both ways, no kept results, no abort: what the ledger relies on."""
    interactive = queue == keys.INTERACTIVE_QUEUE
    function = (
        func(announce, name="announce", timeout=ANNOUNCE_SECONDS, keep_result=0, max_tries=5)
        if interactive
        else func(review, name="review", timeout=ARQ_REVIEW_SECONDS, keep_result=0, max_tries=1_000)
    )
    slots = options.announcements if interactive else options.reviews
    async with open_redis(redis) as pool:
        worker = Worker(
            functions=[function],
            queue_name=queue,
            redis_pool=pool,
            burst=burst,
            handle_signals=False,
            max_jobs=slots,
            queue_read_limit=max(200, slots * 5),
            poll_delay=options.poll_seconds,
            keep_result=0,
            health_check_interval=10,
            job_serializer=serialize,
            job_deserializer=deserialize,
            log_results=False,
            ctx=context(services, options),
        )
        try:
            yield worker
        finally:
            await _stop_jobs(worker)


def context(services: WorkerServices, options: WorkerOptions) -> Context:
    ledger, bells = services.ledger, services.bells
    return {
        "announcements": Announcements(ledger, bells, services.check_runs, options.beat_seconds),
        "attempts": ReviewAttempts(
            ledger,
            bells,
            services.review,
            lambda: datetime.now(UTC),
            options.back_off,
            options.beat_seconds,
            options.review_seconds,
        ),
    }


async def run_worker(
    redis: RedisSettings, services: WorkerServices, options: WorkerOptions, stop: asyncio.Event
) -> None:
    """Works both queues until `stop` is set; then running jobs are cancelled and their rows handed back."""
    tasks = [
        asyncio.create_task(_supervised(redis, services, options, keys.INTERACTIVE_QUEUE)),
        asyncio.create_task(_supervised(redis, services, options, keys.REVIEW_QUEUE)),
        asyncio.create_task(ring_forever(services.bells)),
        asyncio.create_task(stop.wait()),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await end(tasks)
    for task in tasks:
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error


async def _supervised(redis: RedisSettings, services: WorkerServices, options: WorkerOptions, queue: str) -> None:
    """arq's loop ends when Redis goes away; ours begins it anew."""
    pause = _RESTART_SECONDS
    while True:
        started = time.monotonic()
        try:
            async with arq_worker(redis, services, options, queue) as worker:
                await worker.async_run()
        except (RedisError, OSError, TimeoutError) as error:
            told = type(error).__name__
            _log.warning("queue %s: no Redis (REVWRIGHT_REDIS_URL): %s; trying again in %.0f s", queue, told, pause)
        await asyncio.sleep(pause)
        pause = _RESTART_SECONDS if time.monotonic() - started > _STEADY_SECONDS else min(2 * pause, _MOST_SECONDS)


async def _stop_jobs(worker: Worker) -> None:
    """Cancels what runs and waits for it. arq's own close() also closes the pool, which is ours."""
    worker.allow_pick_jobs = False
    if worker.main_task is not None and not worker.main_task.done():
        worker.main_task.cancel()
    await end(worker.tasks.values())
