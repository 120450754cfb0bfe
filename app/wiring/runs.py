"""What `revwright runs` needs: the record of runs, orders to the ledger; settings for GitHub for transcripts alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from redis.asyncio import Redis

from app.adapters.store.embedded import running_server
from app.adapters.store.ledger import RedisLedger
from app.adapters.store.redis_url import parse_redis_url
from app.adapters.store.runs import RedisRuns
from app.ports import Orders, Runs, Transcripts
from app.settings import Settings
from app.wiring.ledger import keep_runs_seconds, ledger_options
from app.wiring.redis import open_redis
from app.wiring.transcripts import transcripts_store


@dataclass(frozen=True, slots=True)
class RunsServices:
    runs: Runs
    orders: Orders
    transcripts: Callable[[], Transcripts]
    """Raises SettingsInvalid where the App's settings are not given; nothing else of this needs them."""


@asynccontextmanager
async def open_runs_services(settings: Settings) -> AsyncIterator[RunsServices]:
    """On REVWRIGHT_REDIS_URL, or on the embedded server of the `revwright up` that runs. Raises SettingsInvalid."""
    async with open_runs_redis(settings) as (pool, runs):
        yield RunsServices(
            runs=runs,
            orders=RedisLedger(pool, ledger_options(settings)),
            transcripts=lambda: transcripts_store(settings, pool),
        )


@asynccontextmanager
async def open_runs_redis(settings: Settings) -> AsyncIterator[tuple[Redis, RedisRuns]]:
    """The server that keeps the record of runs, and the record."""
    url = settings.redis_url
    redis = parse_redis_url(url.expose()) if url is not None else await running_server(settings.data_dir)
    async with open_redis(redis) as pool:
        yield pool, RedisRuns(pool, keep_seconds=keep_runs_seconds(settings))
