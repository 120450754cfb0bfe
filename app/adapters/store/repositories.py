"""The repositories that the ledger knows, with the time of each one's next comparison: a sorted set and a hash each."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from redis.asyncio import Redis

from app.adapters.store import keys
from app.adapters.store.scripts import Scripts, translated
from app.domain.missed import KnownRepository
from app.domain.pull_request import RepositoryName

_JITTER_MS = 5 * 60 * 1000


class RedisKnownRepositories:
    """Implements ports.KnownRepositories. What is due is judged by the server's clock."""

    def __init__(self, redis: Redis, *, period_ms: int = keys.RECONCILE_MS, jitter_ms: int = _JITTER_MS) -> None:
        self._redis = redis
        self._scripts = Scripts(redis)
        self._period_ms = period_ms
        self._jitter_ms = jitter_ms

    async def claim(self, most: int) -> tuple[KnownRepository, ...]:
        seed = random.getrandbits(31)
        reply = await self._scripts.call(
            "repositories",
            [keys.REPOSITORIES],
            [most, self._period_ms, self._jitter_ms, seed, keys.repository("")],
        )
        return tuple(_known(*fields) for fields in zip(reply[::3], reply[1::3], reply[2::3], strict=True))

    async def put_off(self, repository: KnownRepository, until: datetime) -> None:
        async with translated():
            await self._redis.zadd(keys.REPOSITORIES, {str(repository): int(until.timestamp() * 1000)}, xx=True)

    async def forget(self, repository: KnownRepository) -> None:
        async with translated(), self._redis.pipeline(transaction=True) as pipe:
            pipe.zrem(keys.REPOSITORIES, str(repository))
            pipe.delete(keys.repository(str(repository)))
            await pipe.execute()


def _known(member: bytes, name: bytes, since: bytes) -> KnownRepository:
    installation, repository = member.split(b":")
    return KnownRepository(
        installation_id=int(installation),
        repository_id=int(repository),
        name=RepositoryName.parse(name.decode()),
        since=datetime.fromtimestamp(int(since) / 1000, UTC),
    )
