"""A worker as a process of its own, with short leases, for tests that kill it: `python -m tests.worker_process`."""

from __future__ import annotations

import asyncio
import os
import signal

from app.adapters.store.ledger import LedgerOptions
from app.adapters.store.redis_url import parse_redis_url
from app.cli.logs import configure
from app.settings import Settings
from app.wiring.worker import open_worker_services
from workers.back_off import BackOff
from workers.main import run_worker
from workers.options import WorkerOptions

LEDGER = LedgerOptions(lease_ms=1_500, debounce_ms=200)


async def main() -> None:
    settings = Settings.from_environment(os.environ)
    assert settings.redis_url is not None
    redis = parse_redis_url(settings.redis_url.expose())
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    options = WorkerOptions(poll_seconds=0.05, beat_seconds=0.2, ring_seconds=0.5, back_off=BackOff(base_seconds=0.2))
    async with open_worker_services(settings, redis, LEDGER) as services:
        await run_worker(redis, services, options, stop)


if __name__ == "__main__":
    configure("text")
    asyncio.run(main())
