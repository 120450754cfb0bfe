"""Which pull requests have a commit as their head, and how each of them stands: a hash for each commit."""

from __future__ import annotations

from redis.asyncio import Redis

from app.adapters.store import keys
from app.adapters.store.scripts import hgetall, translated
from app.domain.pull_request import PullRequestRef, Sha


class RedisHeads:
    """Implements ports.Heads, for each check apart."""

    def __init__(self, redis: Redis, check: str = "") -> None:
        self._redis = redis
        self._check = check

    async def note(self, ref: PullRequestRef, head: Sha, state: str) -> None:
        name = self._name(ref, head)
        async with translated(), self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(name, str(ref.number), state)
            pipe.expire(name, keys.OUTBOX_SECONDS)
            await pipe.execute()

    async def state(self, ref: PullRequestRef, head: Sha) -> str | None:
        async with translated():
            fields = await hgetall(self._redis, self._name(ref, head))
        found = fields.get(str(ref.number).encode())
        return None if found is None else found.decode()

    async def others(self, ref: PullRequestRef, head: Sha) -> dict[int, str]:
        async with translated():
            fields = await hgetall(self._redis, self._name(ref, head))
        return {int(n): state.decode() for n, state in fields.items() if int(n) != ref.number}

    def _name(self, ref: PullRequestRef, head: Sha) -> str:
        return keys.head(f"{self._check}{ref.installation_id}:{ref.repository_id}:{head}")
