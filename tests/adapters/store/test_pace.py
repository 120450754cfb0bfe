"""Turns to write, on a real server: a second apart for each installation, whoever asks, and none is left unused."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from arq.connections import ArqRedis, RedisSettings

from app.adapters.store import keys
from app.adapters.store.pace import RedisPace
from app.adapters.store.scripts import Scripts
from app.domain.errors import LedgerUnavailable
from app.wiring.redis import open_redis

OURS, OTHERS = 11, 12
LONG = 600.0


async def test_twenty_turns_asked_for_at_once_by_two_clients_are_a_second_apart(
    redis: ArqRedis, redis_settings: RedisSettings
) -> None:
    async with open_redis(redis_settings) as second:
        clients = [Scripts(redis), Scripts(second)] * 10
        answers = await asyncio.gather(
            *(client.call("pace", [keys.pace(OURS)], (keys.PACE_MS, 60_000)) for client in clients)
        )

    turns = sorted(turn for _now, turn in answers)
    assert all(later - earlier >= keys.PACE_MS for earlier, later in pairwise(turns))
    assert len(turns) == 20
    assert all(turn >= now for now, turn in answers)


async def test_the_first_turn_is_now_and_other_installations_are_not_in_the_line(redis: ArqRedis) -> None:
    pace = RedisPace(redis, apart_ms=60_000)

    assert await pace.turn(OURS, longest_seconds=LONG) == 0
    waits = [await pace.turn(OURS, longest_seconds=LONG) for _ in range(3)]
    assert await pace.turn(OTHERS, longest_seconds=LONG) == 0
    assert all(60 * n < wait <= 60 * (n + 1) for n, wait in enumerate(waits))


async def test_a_turn_that_is_too_far_away_is_told_and_not_taken(redis: ArqRedis) -> None:
    pace = RedisPace(redis, apart_ms=60_000)
    await pace.turn(OURS, longest_seconds=5)
    taken = await redis.get(keys.pace(OURS))

    waits = [await pace.turn(OURS, longest_seconds=5) for _ in range(10)]
    assert all(5 < wait <= 60 for wait in waits)
    assert await redis.get(keys.pace(OURS)) == taken


async def test_a_line_that_nobody_stands_in_leaves_nothing_in_redis(redis: ArqRedis) -> None:
    pace = RedisPace(redis, apart_ms=60_000)
    await pace.turn(OURS, longest_seconds=LONG)
    await pace.turn(OURS, longest_seconds=LONG)

    assert 60_000 < await redis.pttl(keys.pace(OURS)) <= 120_000


async def test_a_clock_of_the_server_that_was_set_back_stops_nobody(redis: ArqRedis) -> None:
    await redis.set(keys.pace(OURS), "99999999999999")

    assert await RedisPace(redis).turn(OURS, longest_seconds=5) == 0


async def test_without_a_distance_nobody_waits(redis: ArqRedis) -> None:
    pace = RedisPace(redis, apart_ms=0)

    assert [await pace.turn(OURS, longest_seconds=5) for _ in range(5)] == [0.0] * 5


async def test_an_error_of_redis_is_the_ledgers(redis: ArqRedis) -> None:
    await redis.zadd(keys.pace(OURS), {"not a time": 1})

    with pytest.raises(LedgerUnavailable):
        await RedisPace(redis).turn(OURS, longest_seconds=5)
