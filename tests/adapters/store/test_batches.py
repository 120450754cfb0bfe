"""Scripts in batches on a real server: the same replies as one by one, and trouble stays with whom it belongs to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from arq.connections import ArqRedis, RedisSettings

from app.adapters.store.batches import BatchedScripts
from app.domain.errors import LedgerUnavailable
from app.wiring.redis import open_redis

LUA = {
    "add": "return redis.call('INCRBY', KEYS[1], ARGV[1])",
    "refuse": "return redis.error_reply('ERR not ' .. ARGV[1])",
    "nothing": "return false",
}
PAUSE_MS = 60_000


def batched(redis: ArqRedis, **limits: Any) -> BatchedScripts:
    return BatchedScripts(redis, lua=LUA, **limits)


async def add(scripts: BatchedScripts, key: str, number: int) -> int:
    return int(await scripts.call("add", [key], [number]))


@asynccontextmanager
async def paused(redis: ArqRedis) -> AsyncIterator[None]:
    """The server takes scripts and answers none of them until the block ends."""
    pause: Any = redis.client_pause(PAUSE_MS, all=False)
    await pause
    try:
        yield
    finally:
        unpause: Any = redis.client_unpause()
        await unpause


async def in_flight(redis: ArqRedis, calls: int) -> None:
    """Returns when the server has received a batch of so many scripts (it holds back the first of each client)."""
    async with asyncio.timeout(10):
        while (await redis.info("clients"))["blocked_clients"] < calls:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.005)


@pytest.fixture
def round_trips(redis: ArqRedis, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one number for each round trip of scripts: how many there were before."""
    made: list[int] = []
    pipeline = redis.pipeline

    def counted(transaction: bool = True) -> Any:
        made.append(len(made))
        return pipeline(transaction)

    monkeypatch.setattr(redis, "pipeline", counted)
    return made


async def test_each_call_has_its_own_reply_in_the_order_of_the_calls(redis: ArqRedis) -> None:
    scripts = batched(redis, max_batch=7)

    own = await asyncio.gather(*(add(scripts, f"key-{n}", n) for n in range(100)))
    shared = await asyncio.gather(*(add(scripts, "one", 1) for _ in range(100)))

    assert own == list(range(100))
    assert shared == list(range(1, 101))
    assert await scripts.call("nothing", [], []) is None


async def test_calls_made_meanwhile_share_a_round_trip(redis: ArqRedis, round_trips: list[int]) -> None:
    scripts = batched(redis, max_batch=4)
    await add(scripts, "a", 0)
    round_trips.clear()
    async with paused(redis):
        first = asyncio.create_task(add(scripts, "a", 1))
        await in_flight(redis, 1)
        rest = [asyncio.create_task(add(scripts, "a", 1)) for _ in range(10)]
        await asyncio.sleep(0)

    assert await asyncio.gather(first, *rest) == list(range(1, 12))
    assert len(round_trips) == 1 + 3


async def test_an_error_belongs_to_the_call_that_made_it(redis: ArqRedis) -> None:
    scripts = batched(redis)
    calls = [add(scripts, "a", 1), scripts.call("refuse", [], ["you"]), add(scripts, "a", 1)]

    before, refused, after = await asyncio.gather(*calls, return_exceptions=True)

    assert [before, after] == [1, 2]
    assert isinstance(refused, LedgerUnavailable)
    assert str(refused) == "Redis cannot be reached: ResponseError: not you"


async def test_a_server_that_forgot_the_scripts_is_told_again(redis: ArqRedis) -> None:
    scripts = batched(redis)
    await add(scripts, "a", 1)
    await redis.script_flush()
    calls = [add(scripts, "a", 1), scripts.call("refuse", [], ["you"]), add(scripts, "a", 1)]

    again = await asyncio.gather(*calls, return_exceptions=True)

    assert [again[0], again[2]] == [2, 3]
    assert str(again[1]) == "Redis cannot be reached: ResponseError: not you"


async def test_a_cancelled_call_that_was_not_sent_has_no_effect_and_others_have_theirs(redis: ArqRedis) -> None:
    scripts = batched(redis)
    async with paused(redis):
        sent = asyncio.create_task(add(scripts, "a", 1))
        await in_flight(redis, 1)
        waiting = [asyncio.create_task(add(scripts, "a", 10)) for _ in range(3)]
        await asyncio.sleep(0)
        sent.cancel()
        waiting[1].cancel()
        await asyncio.wait([sent, waiting[1]])

    # What was sent is the server's to answer; that its caller is gone changes nothing for the others.
    assert list(await asyncio.gather(waiting[0], waiting[2])) == [11, 21]
    assert sent.cancelled()
    assert waiting[1].cancelled()
    assert await add(scripts, "a", 0) == 21


async def test_when_every_caller_of_a_batch_is_gone_nothing_is_sent(redis: ArqRedis, round_trips: list[int]) -> None:
    scripts = batched(redis)
    await add(scripts, "a", 0)
    round_trips.clear()
    task = asyncio.create_task(add(scripts, "a", 1))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])

    assert await add(scripts, "a", 0) == 0
    assert len(round_trips) == 1


async def test_a_server_that_does_not_answer_in_time_is_unavailable_and_late_replies_reach_nobody(
    redis: ArqRedis,
) -> None:
    scripts = batched(redis, wait_seconds=0.1)
    async with paused(redis):
        results = await asyncio.gather(*(add(scripts, "a", 5) for _ in range(3)), return_exceptions=True)

    assert [str(result) for result in results] == ["Redis does not answer in time: TimeoutError"] * 3
    assert await add(batched(redis), "b", 7) == 7


async def test_too_many_waiting_calls_are_refused_at_once(redis: ArqRedis) -> None:
    scripts = batched(redis, max_waiting=2)
    async with paused(redis):
        sent = asyncio.create_task(add(scripts, "a", 1))
        await in_flight(redis, 1)
        waiting = [asyncio.create_task(add(scripts, "a", 1)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(LedgerUnavailable, match="2 calls are waiting"):
            await add(scripts, "a", 1)

    assert await asyncio.gather(sent, *waiting) == [1, 2, 3]


async def test_an_absent_server_is_unavailable_to_every_call(tmp_path: Path) -> None:
    async with open_redis(RedisSettings(unix_socket_path=str(tmp_path / "none"))) as absent:
        scripts = batched(absent)
        results = await asyncio.gather(*(add(scripts, "a", 1) for _ in range(5)), return_exceptions=True)

    assert {type(result) for result in results} == {LedgerUnavailable}


async def test_a_connection_that_breaks_fails_those_in_flight_and_the_next_call_has_a_new_one(
    redis: ArqRedis,
) -> None:
    scripts = batched(redis)
    async with paused(redis):
        broken = [asyncio.create_task(add(scripts, "a", 1)) for _ in range(3)]
        await in_flight(redis, 1)
        await redis.client_kill_filter(_type="normal", skipme=True)
        results = await asyncio.gather(*broken, return_exceptions=True)

    assert {type(result) for result in results} == {LedgerUnavailable}
    assert await add(scripts, "b", 7) == 7


async def test_a_process_that_ends_leaves_no_caller_waiting(redis: ArqRedis) -> None:
    scripts = batched(redis)
    async with paused(redis):
        calls = [asyncio.create_task(add(scripts, "a", 1))]
        await in_flight(redis, 1)
        calls += [asyncio.create_task(add(scripts, "a", 1)) for _ in range(2)]
        await asyncio.sleep(0)
        assert scripts._sender is not None
        scripts._sender.cancel()
        results = await asyncio.gather(*calls, return_exceptions=True)

    assert {type(result) for result in results} == {LedgerUnavailable}
    assert await add(scripts, "b", 7) == 7
