"""Whose turn it is, on a real server: rounds over repositories, caps, holds, and what people ask of a row."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from arq.connections import ArqRedis

from app.adapters.store import keys
from app.adapters.store.ledger import LedgerOptions, RedisLedger
from app.domain.jobs import JobKind, Queue
from app.domain.row import Pulse
from tests.adapters.store.ledger import (
    PUSHED,
    accepted,
    delivery,
    expire,
    following,
    free,
    other,
)
from tests.build import KEY


async def test_a_lone_repository_comes_next_however_many_wait_for_another(ledger: RedisLedger) -> None:
    for number in range(500):
        await accepted(ledger, other(number, repository=1))
    for _ in range(3):
        assert (await following(ledger)).key.ref.repository_id == 1
    await accepted(ledger, other(1, repository=2))

    assert (await following(ledger)).key.ref.repository_id == 2
    assert [(await following(ledger)).key.ref.number for _ in range(3)] == [3, 4, 5]


async def test_repositories_take_turns_in_order_of_arrival_within_each(redis: ArqRedis) -> None:
    ledger = RedisLedger(redis, LedgerOptions(per_installation=100))
    for number in range(6):
        for repository in (1, 2, 3):
            await accepted(ledger, other(number, repository=repository))
    order = [(await following(ledger)).key.ref for _ in range(18)]

    assert [ref.repository_id for ref in order] == [1, 2, 3] * 6
    assert [ref.number for ref in order] == [n for n in range(6) for _ in range(3)]


async def test_a_repository_that_always_has_just_one_does_not_push_in(ledger: RedisLedger) -> None:
    """It lines up anew after each of its turns, behind those that have waited since."""
    for number in range(4):
        await accepted(ledger, other(number, repository=1))
    order: list[int] = []
    for number in range(6):
        await accepted(ledger, other(100 + number, repository=2))
        row = await following(ledger)
        order.append(row.key.ref.repository_id)
        await ledger.done(row.key, "one", 1)

    assert Counter(order) == {1: 3, 2: 3}


async def test_what_a_repository_had_before_everybody_was_served_is_forgotten(
    ledger: RedisLedger, redis: ArqRedis
) -> None:
    """Otherwise who had a turn last week would come after any number of those who never had one."""
    await accepted(ledger, other(1, repository=1))
    await accepted(ledger, other(1, repository=2))
    for repository in (1, 2):
        await ledger.done((await following(ledger)).key, "one", 1)
        assert await redis.exists("revwright:served:review") == int(repository == 1)
    await accepted(ledger, other(2, repository=1))
    for repository in range(10, 20):
        await accepted(ledger, other(1, repository=repository))

    assert (await following(ledger)).key == other(2, repository=1)


async def test_a_held_installation_with_many_repositories_is_passed_over(ledger: RedisLedger) -> None:
    for repository in range(600):
        await accepted(ledger, other(1, repository=repository))
    await ledger.hold(11, until=datetime.now(UTC) + timedelta(hours=1))
    assert await free(ledger)
    await accepted(ledger, other(1, installation=12))
    await accepted(ledger, other(2, installation=12))

    assert await ledger.due() == {Queue.REVIEW}
    assert [(await following(ledger)).key.ref.number for _ in range(2)] == [1, 2]
    assert await free(ledger)
    assert await ledger.due() == frozenset(), "nobody rings all the time for those who may not run"


async def test_a_repository_has_at_most_so_many_running(redis: ArqRedis) -> None:
    ledger = RedisLedger(redis, LedgerOptions(per_repository=2, per_installation=3))
    for number in range(5):
        await accepted(ledger, other(number, repository=1))
    await accepted(ledger, other(1, repository=2))
    await accepted(ledger, other(2, repository=2))
    await accepted(ledger, other(1, repository=3, installation=12))
    running = [(await following(ledger)).key for _ in range(4)]

    assert Counter(key.ref.repository_id for key in running) == {1: 2, 2: 1, 3: 1}
    assert await free(ledger)
    first = next(key for key in running if key.ref.repository_id == 1)
    await ledger.done(first, "one", 1)
    assert (await following(ledger)).key.ref.repository_id == 2, "the installation has room for one, and it is 2's turn"


async def test_the_running_of_a_dead_worker_do_not_count_for_ever(redis: ArqRedis) -> None:
    ledger = RedisLedger(redis, LedgerOptions(per_repository=1))
    await accepted(ledger)
    await accepted(ledger, other(8))
    await following(ledger)
    assert await free(ledger)
    await expire(redis)

    assert (await following(ledger)).key in {KEY, other(8)}


async def test_a_worker_that_was_taken_for_dead_and_beats_again_counts_again(redis: ArqRedis) -> None:
    ledger = RedisLedger(redis, LedgerOptions(per_repository=1))
    await accepted(ledger)
    await following(ledger)
    await expire(redis)
    await ledger.hold(11, until=datetime.now(UTC) + timedelta(hours=1))
    assert await free(ledger)
    await redis.delete(keys.held(11))
    await redis.zremrangebyscore("revwright:running:review:11:22", "-inf", 1)
    await redis.zremrangebyscore("revwright:running:review:11", "-inf", 1)
    assert await ledger.beat(KEY, "one") is not None
    await accepted(ledger, other(8))

    assert await free(ledger)


async def test_queues_do_not_wait_for_each_other(ledger: RedisLedger) -> None:
    await accepted(ledger, other(1, kind=JobKind.FIX))
    await accepted(ledger, other(1, kind=JobKind.COMMAND))

    assert (await following(ledger)).key.kind is JobKind.FIX
    answer = await ledger.next(Queue.INTERACTIVE, "two", run="r")
    assert answer is not None
    assert answer.key.kind is JobKind.COMMAND


async def test_a_held_installation_gets_no_turn_until_its_time_is_over(ledger: RedisLedger, redis: ArqRedis) -> None:
    await accepted(ledger)
    await accepted(ledger, other(1, installation=12))
    await ledger.hold(11, until=datetime.now(UTC) + timedelta(hours=1))
    await ledger.hold(12, until=datetime.now(UTC) - timedelta(seconds=1))

    assert (await following(ledger)).key.ref.installation_id == 12
    assert await free(ledger)
    assert 0 < await redis.pttl(keys.held(11)) <= 3_600_000
    await redis.delete(keys.held(11))
    assert (await following(ledger)).key == KEY


async def test_a_shorter_hold_does_not_end_a_longer_one(ledger: RedisLedger, redis: ArqRedis) -> None:
    for hours in (2, 1, 3):
        await ledger.hold(11, until=datetime.now(UTC) + timedelta(hours=hours))
        left = timedelta(milliseconds=await redis.pttl(keys.held(11)))
        assert abs(left - timedelta(hours=max(hours, 2))) < timedelta(minutes=1)


async def test_a_stop_reaches_the_owner_and_is_over_with_the_next_generation(ledger: RedisLedger) -> None:
    await accepted(ledger)
    await following(ledger)

    assert await ledger.stop(KEY)
    assert await ledger.beat(KEY, "one") == Pulse(1, 1, paused=False)
    await ledger.done(KEY, "one", 1)
    assert not await ledger.stop(KEY)
    await ledger.accept(delivery(2), KEY, PUSHED)
    assert (await following(ledger)).pulse == Pulse(2, 1, paused=False)


async def test_a_stop_of_a_row_that_waits_for_later_is_looked_at_now(ledger: RedisLedger) -> None:
    await accepted(ledger)
    await following(ledger)
    await ledger.retry_later(KEY, "one", seconds=3600, error="down")

    assert await ledger.stop(KEY)
    assert (await following(ledger)).pulse.stop_through == 1


async def test_a_pause_lasts_over_pushes_until_it_is_ended(ledger: RedisLedger) -> None:
    await accepted(ledger)
    await following(ledger)

    assert await ledger.pause(KEY)
    assert not await ledger.pause(KEY)
    assert (await ledger.beat(KEY, "one") or Pulse(0, 0, paused=False)).paused
    await ledger.done(KEY, "one", 1)
    await ledger.accept(delivery(2), KEY, PUSHED)
    assert (await following(ledger)).paused
    await ledger.done(KEY, "one", 2)
    assert await ledger.resume(KEY)
    assert not await ledger.resume(KEY)
    again = await following(ledger)
    assert (again.paused, again.generation, again.triggers) == (False, 3, frozenset({"resume"}))


async def test_a_pause_at_rest_is_for_what_comes(ledger: RedisLedger) -> None:
    await accepted(ledger)
    await following(ledger)
    await ledger.done(KEY, "one", 1)

    assert await ledger.pause(KEY)
    assert await free(ledger)


async def test_a_dead_row_rests_until_somebody_asks_again(ledger: RedisLedger, redis: ArqRedis) -> None:
    await accepted(ledger)
    await following(ledger)
    assert not await ledger.retry(KEY), "it runs"
    await ledger.bury(KEY, "one", 1, error="the key is wrong")
    dead = await ledger.read(KEY)
    assert dead is not None
    assert (dead.dead, dead.error) == (True, "the key is wrong")
    assert await free(ledger)

    assert await ledger.retry(KEY)
    again = await following(ledger)
    assert (again.generation, again.attempts, again.error, again.dead) == (2, 1, "", False)
    await ledger.bury(KEY, "one", 2, error="still wrong")
    await ledger.accept(delivery(2), KEY, PUSHED)
    assert not (await following(ledger)).dead


async def test_a_retry_of_a_row_in_back_off_is_now(ledger: RedisLedger) -> None:
    await accepted(ledger)
    await following(ledger)
    await ledger.retry_later(KEY, "one", seconds=3600, error="down")

    assert await ledger.retry(KEY)
    again = await following(ledger)
    assert (again.generation, again.attempts) == (1, 1)
