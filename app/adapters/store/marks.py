"""How far GitHub's log of deliveries was read, and whose turn it is to read it: two keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from redis.asyncio import Redis

from app.adapters.store import keys
from app.adapters.store.scripts import translated


class RedisMarks:
    """Implements ports.Marks."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def scanned_until(self) -> datetime | None:
        async with translated():
            value = await self._redis.get(keys.SCANNED)
        return None if value is None else datetime.fromtimestamp(int(value) / 1000, UTC)

    async def scanned(self, until: datetime) -> None:
        """Two workers may finish in the wrong order; the mark then goes back a little, and a little is read twice."""
        async with translated():
            await self._redis.set(keys.SCANNED, int(until.timestamp() * 1000), ex=keys.DELIVERIES_SECONDS)

    async def claim(self, turn: timedelta) -> bool:
        async with translated():
            return bool(await self._redis.set(keys.RECOVERY_TURN, "1", nx=True, px=turn))
