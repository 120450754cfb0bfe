"""Connections to Redis, from arq's settings, so that we and arq always talk to the same server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from arq.connections import ArqRedis, RedisSettings

from app.adapters.store.bells import deserialize, serialize
from app.adapters.store.connections import RedisClient


@asynccontextmanager
async def open_redis(settings: RedisSettings) -> AsyncIterator[ArqRedis]:
    """A client that connects when it is first used, so that a process can start and say that Redis is away.

    arq's own `create_pool` pings first and would refuse to start.
    """
    client = RedisClient(settings)
    client.redis.job_serializer = serialize
    client.redis.job_deserializer = deserialize
    try:
        yield client.redis
    finally:
        await client.aclose()
