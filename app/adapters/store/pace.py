"""Turns for writes that notify people: at most one a second for each installation, across all processes."""

from __future__ import annotations

from redis.asyncio import Redis

from app.adapters.store import keys
from app.adapters.store.scripts import Scripts


class RedisPace:
    """Implements ports.Pace. Turns are handed out by one script on the server, by the server's clock."""

    def __init__(self, redis: Redis, *, apart_ms: int = keys.PACE_MS) -> None:
        self._scripts = Scripts(redis)
        self._apart_ms = apart_ms

    async def turn(self, installation_id: int, *, longest_seconds: float) -> float:
        arguments = (self._apart_ms, round(longest_seconds * 1000))
        now_ms, turn_ms = await self._scripts.call("pace", [keys.pace(installation_id)], arguments)
        return float(turn_ms - now_ms) / 1000
