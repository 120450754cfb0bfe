"""Marks and known repositories on a real server: turns that one worker has, and nothing that is lost with it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from arq.connections import ArqRedis, RedisSettings

from app.adapters.store import keys
from app.adapters.store.marks import RedisMarks
from app.adapters.store.repositories import RedisKnownRepositories
from app.domain.errors import LedgerUnavailable
from app.domain.missed import KnownRepository
from app.domain.pull_request import RepositoryName
from app.wiring.redis import open_redis

SINCE = datetime(2026, 11, 21, 12, 0, 0, 7000, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def test_the_mark_is_kept_as_long_as_githubs_log(redis: ArqRedis) -> None:
    marks = RedisMarks(redis)
    assert await marks.scanned_until() is None
    await marks.scanned(SINCE)

    assert await marks.scanned_until() == SINCE
    assert 71 * 3600 < await redis.ttl(keys.SCANNED) <= 72 * 3600


async def test_a_turn_is_one_workers_until_it_is_over(redis: ArqRedis) -> None:
    marks = RedisMarks(redis)
    claims = await asyncio.gather(*(marks.claim(HOUR) for _ in range(5)))

    assert sorted(claims) == [False] * 4 + [True]
    assert 0 < await redis.pttl(keys.RECOVERY_TURN) <= 3_600_000
    await redis.delete(keys.RECOVERY_TURN)
    assert await marks.claim(HOUR)


def known(number: int) -> KnownRepository:
    return KnownRepository(11, number, RepositoryName("acme", f"r{number}"), SINCE)


async def accepted(redis: ArqRedis, *repositories: KnownRepository, turn: datetime = SINCE) -> None:
    """What the accept script writes."""
    for one in repositories:
        since = str(int(one.since.timestamp() * 1000))
        fields = {"name": str(one.name), "since": since}
        await redis.hset(keys.repository(str(one)), mapping=fields)  # type: ignore[misc]
        await redis.zadd(keys.REPOSITORIES, {str(one): int(turn.timestamp() * 1000)}, nx=True)


async def test_each_due_repository_is_handed_out_once(redis: ArqRedis) -> None:
    await accepted(redis, *(known(n) for n in range(1, 8)))
    await accepted(redis, known(9), turn=datetime.now(UTC) + HOUR)
    workers = [RedisKnownRepositories(redis) for _ in range(4)]
    claims = await asyncio.gather(*(worker.claim(3) for worker in workers))

    assert max(len(claim) for claim in claims) == 3
    claimed = sorted((one for claim in claims for one in claim), key=lambda one: one.repository_id)
    assert claimed == [known(n) for n in range(1, 8)]
    assert await workers[0].claim(3) == ()


async def test_turns_are_an_hour_away_and_spread(redis: ArqRedis) -> None:
    await accepted(redis, *(known(n) for n in range(40)))
    before = datetime.now(UTC).timestamp() * 1000
    await RedisKnownRepositories(redis, period_ms=3_600_000, jitter_ms=300_000).claim(40)
    turns = [score for _, score in await redis.zrange(keys.REPOSITORIES, 0, -1, withscores=True)]

    assert before + 3_600_000 - 1 <= min(turns) <= max(turns) <= datetime.now(UTC).timestamp() * 1000 + 3_900_000
    assert len(set(turns)) > 20


async def test_a_repository_of_which_nothing_else_is_kept_is_dropped(redis: ArqRedis) -> None:
    await accepted(redis, known(1), known(2))
    await redis.delete(keys.repository(str(known(1))))

    assert await RedisKnownRepositories(redis).claim(10) == (known(2),)
    assert await redis.zrange(keys.REPOSITORIES, 0, -1) == [b"11:2"]


async def test_a_forgotten_repository_stays_so_until_a_delivery_brings_it_back(redis: ArqRedis) -> None:
    repositories = RedisKnownRepositories(redis)
    await accepted(redis, known(1))
    await repositories.forget(known(1))
    await repositories.put_off(known(1), SINCE)

    assert await redis.keys("*") == []
    await accepted(redis, known(1))
    await repositories.put_off(known(1), datetime.now(UTC) + HOUR)
    assert await repositories.claim(1) == ()
    await repositories.put_off(known(1), SINCE)
    assert await repositories.claim(1) == (known(1),)


async def test_without_a_server_it_says_so() -> None:
    async with open_redis(RedisSettings(unix_socket_path="/nonexistent/s")) as client:
        marks, repositories = RedisMarks(client), RedisKnownRepositories(client)
        calls = (
            marks.scanned_until(),
            marks.scanned(SINCE),
            marks.claim(HOUR),
            repositories.claim(1),
            repositories.put_off(known(1), SINCE),
            repositories.forget(known(1)),
        )
        for call in calls:
            with pytest.raises(LedgerUnavailable):
                await call
