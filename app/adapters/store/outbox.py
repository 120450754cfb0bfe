"""The outbox in Redis: for each pull request a hash of write key -> `?` (begun) or GitHub's id (finished)."""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis

from app.adapters.store import keys
from app.adapters.store.scripts import hgetall, translated
from app.domain.pull_request import PullRequestRef
from app.ports import Begun

_BEGUN = b"?"


class RedisOutbox:
    """Implements ports.Outbox."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def begin(self, ref: PullRequestRef, write: str) -> Begun:
        name = keys.outbox(str(ref))
        async with translated(), self._redis.pipeline(transaction=True) as pipe:
            pipe.hsetnx(name, write, _BEGUN)  # type: ignore[arg-type]
            pipe.hget(name, write)
            pipe.expire(name, keys.OUTBOX_SECONDS)
            fresh, value, _ = await pipe.execute()
        if fresh:
            return Begun(None, uncertain=False)
        return Begun(None, uncertain=True) if value == _BEGUN else Begun(int(value), uncertain=False)

    async def finish(self, ref: PullRequestRef, write: str, id_: int) -> None:
        name = keys.outbox(str(ref))
        async with translated(), self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(name, write, str(id_))
            pipe.expire(name, keys.OUTBOX_SECONDS)
            await pipe.execute()

    async def forget(self, ref: PullRequestRef, write: str) -> None:
        async with translated():
            answer: Any = self._redis.hdel(keys.outbox(str(ref)), write)
            await answer

    async def open(self, ref: PullRequestRef, prefix: str) -> tuple[str, ...]:
        async with translated():
            fields = await hgetall(self._redis, keys.outbox(str(ref)))
        return tuple(n.decode() for n, value in fields.items() if value == _BEGUN and n.decode().startswith(prefix))

    async def finished(self, ref: PullRequestRef, prefix: str) -> dict[str, int]:
        async with translated():
            fields = await hgetall(self._redis, keys.outbox(str(ref)))
        return {
            name.decode(): int(value)
            for name, value in fields.items()
            if value != _BEGUN and name.decode().startswith(prefix)
        }
