"""What is remembered of the fixes of each pull request, in Redis: one sealed value."""

from __future__ import annotations

import logging

from redis.asyncio import Redis

from app.adapters.store import keys
from app.adapters.store.scripts import translated
from app.adapters.store.seal import Seal
from app.domain.fix.memory import FixMemory
from app.domain.plain_values import from_json, to_json
from app.domain.pull_request import PullRequestRef

_log = logging.getLogger(__name__)


class RedisFixes:
    """Implements ports.Fixes."""

    def __init__(self, redis: Redis, *, key: bytes, keep_seconds: int = keys.OUTBOX_SECONDS) -> None:
        self._redis = redis
        self._seal = Seal(key)
        self._keep_seconds = keep_seconds

    async def recall(self, ref: PullRequestRef) -> FixMemory:
        async with translated():
            found: bytes | None = await self._redis.get(keys.fixes(str(ref)))
        if found is None:
            return FixMemory()
        value = self._seal.opened(str(ref), found)
        memory = None if value is None else from_json(FixMemory, value)
        if memory is None:
            _log.warning(
                "what is kept of the fixes of %s is not ours, or of another version; it counts for nothing", ref
            )
        return memory or FixMemory()

    async def keep(self, ref: PullRequestRef, memory: FixMemory) -> None:
        value = to_json(memory).encode()
        async with translated():
            await self._redis.set(keys.fixes(str(ref)), self._seal.put(str(ref), value), ex=self._keep_seconds)
