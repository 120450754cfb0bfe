"""Connections to Redis, from arq's settings, so that we and arq always talk to the same server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from arq.connections import ArqRedis, RedisSettings
from redis.asyncio import Sentinel

from app.adapters.store.bells import deserialize, serialize

_CONNECT_SECONDS = 3.0
_ANSWER_SECONDS = 10.0


@asynccontextmanager
async def open_redis(settings: RedisSettings) -> AsyncIterator[ArqRedis]:
    """A client that connects when it is first used, so that a process can start and say that Redis is away.

    arq's own `create_pool` pings first and would refuse to start.
    """
    client = _sentinel(settings) if settings.sentinel else _direct(settings)
    client.job_serializer = serialize
    client.job_deserializer = deserialize
    try:
        yield client
    finally:
        await client.aclose()


def _direct(settings: RedisSettings) -> ArqRedis:
    if settings.unix_socket_path is not None:
        return ArqRedis(
            unix_socket_path=settings.unix_socket_path,
            db=settings.database,
            username=settings.username,
            password=settings.password,
            socket_connect_timeout=_CONNECT_SECONDS,
            socket_timeout=_ANSWER_SECONDS,
        )
    return ArqRedis(
        host=settings.host,
        port=settings.port,
        db=settings.database,
        username=settings.username,
        password=settings.password,
        ssl=settings.ssl,
        ssl_ca_certs=settings.ssl_ca_certs,
        ssl_check_hostname=settings.ssl_check_hostname,
        socket_connect_timeout=_CONNECT_SECONDS,
        socket_timeout=_ANSWER_SECONDS,
    )


def _sentinel(settings: RedisSettings) -> ArqRedis:
    sentinel = Sentinel(  # type: ignore[no-untyped-call]
        sentinels=settings.host,
        db=settings.database,
        username=settings.username,
        password=settings.password,
        ssl=settings.ssl,
        socket_connect_timeout=_CONNECT_SECONDS,
        socket_timeout=_ANSWER_SECONDS,
    )
    client: ArqRedis = sentinel.master_for(settings.sentinel_master, redis_class=ArqRedis)
    return client
