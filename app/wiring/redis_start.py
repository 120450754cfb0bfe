"""Looks at the Redis server when a process starts, or when the server is first there: wrong ones end the process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable

from arq.connections import RedisSettings
from redis.exceptions import TimeoutError as RedisTimeout

from app.adapters.store.server_check import check_server
from app.adapters.store.troubles import refusal
from app.domain.errors import LedgerUnavailable, SettingsInvalid
from app.wiring.cancelling import end
from app.wiring.redis import open_redis

_log = logging.getLogger(__name__)

_AGAIN_SECONDS = 2.0


async def look_at_redis(settings: RedisSettings, *, works_queues: bool) -> bool:
    """False when the server cannot answer now, which the log tells. Raises SettingsInvalid when it never will do."""
    try:
        await _look(settings, works_queues=works_queues)
    except LedgerUnavailable as error:
        hint = "; does this port speak TLS?" if settings.ssl and isinstance(error.__cause__, RedisTimeout) else ""
        _log.warning("Redis (REVWRIGHT_REDIS_URL) cannot be used yet; trying again: %s%s", error, hint)
        return False
    return True


@contextlib.asynccontextmanager
async def looking_when_there(
    settings: RedisSettings, refused: Callable[[SettingsInvalid], None], *, works_queues: bool
) -> AsyncIterator[None]:
    """Looks again and again while the body runs, until the server has answered once; `refused` ends the process."""
    task = asyncio.create_task(_until_there(settings, refused, works_queues=works_queues))
    try:
        yield
    finally:
        await end((task,))


async def _until_there(
    settings: RedisSettings, refused: Callable[[SettingsInvalid], None], *, works_queues: bool
) -> None:
    while True:
        await asyncio.sleep(_AGAIN_SECONDS)
        try:
            await _look(settings, works_queues=works_queues)
        except LedgerUnavailable:
            continue  # whoever needs it meanwhile says so
        except SettingsInvalid as error:
            refused(error)
            return
        _log.info("Redis is there")
        return


async def _look(settings: RedisSettings, *, works_queues: bool) -> None:
    async with open_redis(settings) as redis:
        try:
            warnings = await check_server(redis, works_queues=works_queues)
        except LedgerUnavailable as error:
            wrong = refusal(error)
            if wrong is None:
                raise
            # It was never right with this login or this certificate, so waiting will not help.
            raise wrong from error
    for warning in warnings:
        _log.warning("%s", warning)
