"""Runs arq's workers, one for each queue, in one loop, until told to stop; an arq worker that dies is started again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from arq.connections import RedisSettings
from arq.worker import Worker, func
from redis.exceptions import RedisError

from app.adapters.store.bells import deserialize, queue_name, serialize
from app.adapters.store.troubles import unavailable
from app.domain.jobs import Queue
from app.wiring.cancelling import end
from app.wiring.redis import open_redis
from app.wiring.worker import WorkerServices
from workers.announcing import Announcements
from workers.attempts import Attempts
from workers.jobs import Context, announce, work
from workers.options import WorkerOptions
from workers.recovery import reconcile_forever, recover_forever
from workers.run_book import RunBook
from workers.schedule import ring_forever

_log = logging.getLogger(__name__)

ANNOUNCE_SECONDS = 120
_ARQ_MARGIN_SECONDS = 300
"""arq's own limit comes after ours, and after what is told on GitHub when ours was reached."""
_READ_AT_LEAST = 2_000
"""arq looks only at so many bells of a queue, those of the whole fleet's running jobs and of jobs that died with their
worker (for an hour) included: as many as the ledger ever rings."""
_MOST_SECONDS = 8.0
_STEADY_SECONDS = 10.0


@contextlib.asynccontextmanager
async def arq_worker(
    redis: RedisSettings, services: WorkerServices, options: WorkerOptions, queue: Queue
) -> AsyncIterator[Worker]:
    """One arq worker on one queue. JSON both ways, no kept results, no abort: what the ledger relies on."""
    longest = max(limits.seconds for limits in options.limits.values() if limits.queue is queue)
    functions = [func(work, name="work", timeout=longest + _ARQ_MARGIN_SECONDS, keep_result=0, max_tries=1_000)]
    if queue is Queue.INTERACTIVE:
        functions.append(func(announce, name="announce", timeout=ANNOUNCE_SECONDS, keep_result=0, max_tries=5))
    slots = options.slots[queue]
    async with open_redis(redis) as pool:
        worker = Worker(
            functions=functions,
            queue_name=queue_name(queue),
            redis_pool=pool,
            handle_signals=False,
            max_jobs=slots,
            queue_read_limit=max(_READ_AT_LEAST, slots * 5),
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
    return {
        "announcements": Announcements(services.ledger, services.check_runs, options.beat_seconds),
        "attempts": Attempts(
            services.ledger,
            RunBook(services.runs),
            services.jobs,
            options.limits,
            lambda: datetime.now(UTC),
            options.back_off,
            options.beat_seconds,
        ),
    }


async def run_worker(
    redis: RedisSettings, services: WorkerServices, options: WorkerOptions, stop: asyncio.Event
) -> None:
    """Works both queues until `stop` is set; then running jobs are cancelled and their rows handed back."""
    running: dict[Queue, Worker] = {}
    outage_over = asyncio.Event()

    def free(queue: Queue) -> int:
        worker = running.get(queue)
        return worker.max_jobs - worker.job_counter if worker else 0

    tasks: list[asyncio.Task[object]] = [
        *(asyncio.create_task(_supervised(redis, services, options, queue, running)) for queue in Queue),
        asyncio.create_task(ring_forever(services.bells, free, seconds=options.ring_seconds, outage_over=outage_over)),
        asyncio.create_task(
            recover_forever(services.missed.recovery, seconds=options.recover_seconds, outage_over=outage_over)
        ),
        asyncio.create_task(reconcile_forever(services.missed.reconciliation)),
        asyncio.create_task(stop.wait()),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await end(tasks)
    for task in tasks:
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error


async def _supervised(
    redis: RedisSettings,
    services: WorkerServices,
    options: WorkerOptions,
    queue: Queue,
    running: dict[Queue, Worker],
) -> None:
    """arq's loop ends when Redis goes away; ours begins it anew. `running` tells others of the worker meanwhile."""
    pause = options.restart_seconds
    while True:
        started = time.monotonic()
        try:
            async with arq_worker(redis, services, options, queue) as worker:
                running[queue] = worker
                await worker.async_run()
        except (RedisError, OSError, TimeoutError) as error:
            why = unavailable(error).reason
            _log.warning("queue %s: %s (REVWRIGHT_REDIS_URL); trying again in %.0f s", queue, why, pause)
        await asyncio.sleep(pause)
        pause = (
            options.restart_seconds if time.monotonic() - started > _STEADY_SECONDS else min(2 * pause, _MOST_SECONDS)
        )


async def _stop_jobs(worker: Worker) -> None:
    """Cancels what runs and waits for it. arq's own close() also closes the pool, which is ours."""
    worker.allow_pick_jobs = False
    if worker.main_task is not None and not worker.main_task.done():
        worker.main_task.cancel()
    await end(worker.tasks.values())
