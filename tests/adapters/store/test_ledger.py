"""The ledger's contract on a real server: one effect for a delivery, fenced leases, turns, nothing lost."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from arq.connections import ArqRedis, RedisSettings

from app.adapters.store import keys
from app.adapters.store.bells import deserialize, queue_name
from app.adapters.store.ledger import LedgerOptions, RedisLedger
from app.adapters.store.outbox import RedisOutbox
from app.domain.errors import LedgerUnavailable
from app.domain.events import Delivery
from app.domain.jobs import Queue
from app.domain.row import Pulse, Row, Wanted
from app.wiring.redis import open_redis
from tests.adapters.store.ledger import (
    OPTIONS,
    PUSHED,
    WANTED,
    accepted,
    bells,
    delivery,
    expire,
    following,
    free,
    other,
)
from tests.build import KEY, REF, REPOSITORY


async def test_a_delivery_makes_a_row_in_line_and_rings_for_its_announcement_and_its_job(
    ledger: RedisLedger, redis: ArqRedis
) -> None:
    await accepted(ledger)

    assert await ledger.read(KEY) == Row(KEY, 1, 0, WANTED, frozenset({"opened"}), 0, "", "")
    assert await bells(redis, Queue.INTERACTIVE) == [("announce", [str(KEY)])]
    assert await bells(redis, Queue.REVIEW) == [("work", ["review"])]


async def test_the_same_delivery_has_one_effect_by_id_and_by_body(ledger: RedisLedger) -> None:
    same_body, same_id = Delivery("other", "pull_request", "digest-1"), Delivery("id-1", "pull_request", "other")
    results = await asyncio.gather(*(ledger.accept(delivery(), KEY, WANTED) for _ in range(5)))

    assert sorted(results) == [False] * 4 + [True]
    assert not await ledger.accept(same_body, KEY, WANTED)
    assert not await ledger.accept(same_id, KEY, WANTED)
    row = await ledger.read(KEY)
    assert row is not None
    assert row.generation == 1


async def test_only_one_owner_at_a_time(ledger: RedisLedger) -> None:
    await accepted(ledger)

    assert (await following(ledger)).attempts == 1
    assert await free(ledger)
    assert await ledger.take(KEY, "two") is None
    assert await ledger.beat(KEY, "one") == Pulse(1, 0, paused=False)
    assert await ledger.beat(KEY, "two") is None


async def test_a_dead_owner_loses_the_row_and_is_fenced_off(ledger: RedisLedger, redis: ArqRedis) -> None:
    await accepted(ledger)
    await following(ledger)
    await expire(redis)

    assert await ledger.due() == {Queue.REVIEW}
    again = await following(ledger, "two", "another run")
    assert (again.attempts, again.deaths, again.run) == (2, 1, "run")
    assert await ledger.beat(KEY, "one") is None
    await ledger.done(KEY, "one", 1)
    await ledger.bury(KEY, "one", 1, error="late")
    await ledger.retry_later(KEY, "one", seconds=0, error="late")
    await ledger.hand_back(KEY, "one", counted=True)
    assert await ledger.beat(KEY, "two") == Pulse(1, 0, paused=False)


async def test_the_row_of_a_dead_owner_is_found_without_anyone_looking_for_it(
    ledger: RedisLedger, redis: ArqRedis
) -> None:
    """Whoever asks for the next row puts in line what is due."""
    await accepted(ledger)
    await following(ledger)
    await expire(redis)

    assert (await following(ledger, "two")).deaths == 1


async def test_a_beating_owner_keeps_the_row(redis: ArqRedis) -> None:
    ledger = RedisLedger(redis)
    await accepted(ledger)
    await following(ledger)
    before = await redis.zscore(keys.DEADLINES, str(KEY))
    await asyncio.sleep(0.01)

    assert await ledger.beat(KEY, "one") == Pulse(1, 0, paused=False)
    assert (await redis.zscore(keys.DEADLINES, str(KEY)) or 0) > (before or 0)
    assert await free(ledger)


async def test_a_push_during_the_run_is_heard_of_at_once_and_wanted_after_it(ledger: RedisLedger) -> None:
    await accepted(ledger)
    await following(ledger)
    assert await ledger.accept(delivery(2), KEY, PUSHED)

    assert await ledger.beat(KEY, "one") == Pulse(2, 0, paused=False)
    await ledger.done(KEY, "one", 1)
    again = await following(ledger, "two", "second run")
    assert (again.generation, again.done, again.wanted, again.triggers) == (2, 1, PUSHED, frozenset({"push"}))
    assert again.run == "second run"
    await ledger.done(KEY, "two", 2, reviewed=PUSHED.head)
    assert await free(ledger)
    rested = await ledger.read(KEY)
    assert rested is not None
    assert rested.reviewed == PUSHED.head


async def test_a_head_counts_as_reviewed_until_its_check_says_something_else(ledger: RedisLedger) -> None:
    """Stopped, or given up: then the same head is worth another look."""
    await accepted(ledger)
    await following(ledger)
    await ledger.done(KEY, "one", 1, reviewed=WANTED.head)
    await ledger.retry(KEY)
    assert (await following(ledger)).reviewed == WANTED.head
    await ledger.done(KEY, "one", 2)

    stopped = await ledger.read(KEY)
    assert stopped is not None
    assert stopped.reviewed is None


async def test_triggers_add_up_until_they_are_answered(ledger: RedisLedger) -> None:
    await accepted(ledger)
    await ledger.accept(delivery(2), KEY, PUSHED)
    await ledger.accept(delivery(3), KEY, PUSHED)

    assert (await following(ledger)).triggers == {"opened", "push"}
    await ledger.done(KEY, "one", 3)
    await ledger.accept(delivery(4), KEY, PUSHED)
    assert (await following(ledger)).triggers == {"push"}


async def test_what_came_during_the_last_write_is_answered_with_all_its_triggers(ledger: RedisLedger) -> None:
    await accepted(ledger)
    await following(ledger)
    ready = Wanted(REPOSITORY, WANTED.head, "ready_for_review", draft=False)
    await ledger.accept(delivery(2), KEY, ready)
    await ledger.accept(delivery(3), KEY, PUSHED)
    await ledger.done(KEY, "one", 1)

    assert (await following(ledger)).triggers == {"ready_for_review", "push"}
    await ledger.done(KEY, "one", 3)
    await ledger.accept(delivery(4), KEY, PUSHED)
    await ledger.accept(delivery(5), KEY, ready)
    assert (await following(ledger)).triggers == {"ready_for_review", "push"}


async def test_a_retry_waits_for_its_time_and_keeps_the_error(ledger: RedisLedger, redis: ArqRedis) -> None:
    await accepted(ledger)
    await following(ledger)
    await redis.delete(queue_name(Queue.REVIEW))
    await ledger.retry_later(KEY, "one", seconds=60, error="GitHub is down")

    assert await free(ledger)
    assert await ledger.due() == frozenset()
    assert await bells(redis, Queue.REVIEW) == [("work", ["review"])]
    await redis.zadd(keys.DEADLINES, {str(KEY): 1})
    assert await ledger.due() == {Queue.REVIEW}
    again = await following(ledger, "two")
    assert (again.attempts, again.error, again.deaths) == (2, "GitHub is down", 0)


async def test_an_announcement_is_no_attempt_and_keeps_the_place_in_line(ledger: RedisLedger) -> None:
    second = other(8)
    await accepted(ledger)
    await accepted(ledger, second)
    taken = await ledger.take(KEY, "announcer")
    assert taken is not None
    await ledger.hand_back(KEY, "somebody else", counted=False)
    assert (await following(ledger)).key == second
    await ledger.hand_back(second, "one", counted=True)
    await ledger.hand_back(KEY, "announcer", counted=False)

    assert [(await following(ledger)).key, (await following(ledger)).key] == [KEY, second]
    row = await ledger.read(second)
    assert row is not None
    assert row.attempts == 1


async def test_a_new_delivery_ends_the_back_off(ledger: RedisLedger) -> None:
    await accepted(ledger)
    await following(ledger)
    await ledger.retry_later(KEY, "one", seconds=3600, error="down")
    await ledger.accept(delivery(2), KEY, PUSHED)

    again = await following(ledger)
    assert (again.attempts, again.error) == (1, "")


async def test_two_pushes_close_together_are_one_job(redis: ArqRedis) -> None:
    ledger = RedisLedger(redis, LedgerOptions(debounce_ms=60_000))
    await accepted(ledger, wanted=PUSHED)
    first = float(await redis.zscore(keys.DEADLINES, str(KEY)) or 0)
    await asyncio.sleep(0.01)
    await ledger.accept(delivery(2), KEY, PUSHED)

    assert await free(ledger)
    assert float(await redis.zscore(keys.DEADLINES, str(KEY)) or 0) > first
    await redis.zadd(keys.DEADLINES, {str(KEY): 1})
    assert (await following(ledger)).generation == 2
    assert await free(ledger)


async def test_pushing_on_and_on_does_not_put_it_off_for_ever(redis: ArqRedis) -> None:
    ledger = RedisLedger(redis, LedgerOptions(debounce_ms=60_000))
    await accepted(ledger, wanted=PUSHED)
    seconds, _ = await redis.time()
    earlier: Any = redis.hset(keys.row(str(KEY)), "wanted_at", str((seconds - 5 * 60) * 1000))
    await earlier
    await ledger.accept(delivery(2), KEY, PUSHED)

    assert (await following(ledger)).generation == 2


async def test_a_push_during_an_announcement_keeps_its_time(redis: ArqRedis) -> None:
    ledger = RedisLedger(redis, LedgerOptions(debounce_ms=60_000))
    await accepted(ledger)
    assert await ledger.take(KEY, "announcer") is not None
    await ledger.accept(delivery(2), KEY, PUSHED)
    await ledger.hand_back(KEY, "announcer", counted=False)

    assert await free(ledger)
    assert await redis.zscore(keys.DEADLINES, str(KEY)) is not None


async def test_a_lost_bell_is_rung_again(ledger: RedisLedger, redis: ArqRedis) -> None:
    await accepted(ledger)
    await redis.delete(queue_name(Queue.INTERACTIVE), queue_name(Queue.REVIEW))

    assert await ledger.due() == {Queue.REVIEW}
    await ledger.ring(Queue.REVIEW, 2)
    assert await bells(redis, Queue.REVIEW) == [("work", ["review"])] * 2


async def test_bells_are_bounded(ledger: RedisLedger, redis: ArqRedis) -> None:
    await ledger.ring(Queue.REVIEW, 1_100)

    assert await redis.zcard(queue_name(Queue.REVIEW)) == 1_000
    await accepted(ledger)
    assert (await following(ledger)).key == KEY


async def test_bells_for_later_do_not_silence_those_for_now(ledger: RedisLedger, redis: ArqRedis) -> None:
    """While GitHub is down, thousands of rows may wait for their next attempts."""
    at = 4_000_000_000_000
    await redis.zadd(queue_name(Queue.REVIEW), {f"later:{n}": at + n for n in range(1_000)})
    await accepted(ledger)
    await following(ledger)
    await ledger.retry_later(KEY, "one", seconds=3600, error="one more for later")

    assert await redis.zcount(queue_name(Queue.REVIEW), "-inf", at - 1) == 1
    assert await redis.zcard(queue_name(Queue.REVIEW)) == 1_001


async def test_who_frees_a_slot_rings_for_the_next(ledger: RedisLedger, redis: ArqRedis) -> None:
    await accepted(ledger)
    await accepted(ledger, other(8))
    await following(ledger)
    await redis.delete(queue_name(Queue.REVIEW))
    await ledger.done(KEY, "one", 1)

    assert await bells(redis, Queue.REVIEW) == [("work", ["review"])]


async def test_finished_rows_are_at_rest_and_kept_for_a_while(ledger: RedisLedger, redis: ArqRedis) -> None:
    await accepted(ledger)
    await following(ledger)
    await ledger.done(KEY, "one", 1)

    assert await ledger.due() == frozenset()
    assert await free(ledger)
    assert await redis.zcard(keys.DEADLINES) == 0
    assert 0 < await redis.ttl(keys.row(str(KEY))) <= OPTIONS.keep_rows_seconds
    await ledger.accept(delivery(2), KEY, PUSHED)
    assert await redis.ttl(keys.row(str(KEY))) == -1


async def test_no_row_has_nothing_to_do(ledger: RedisLedger) -> None:
    assert await ledger.read(KEY) is None
    assert await ledger.take(KEY, "one") is None
    assert await ledger.beat(KEY, "one") is None
    for order in (ledger.stop, ledger.pause, ledger.resume, ledger.retry):
        assert not await order(KEY)


@pytest.mark.parametrize("name", ["fix:1:2:3", "review:1:2", "no row"])
async def test_an_unknown_name_among_the_deadlines_is_dropped(ledger: RedisLedger, redis: ArqRedis, name: str) -> None:
    await redis.zadd(keys.DEADLINES, {name: 1})

    assert await ledger.due() == frozenset()
    assert await redis.zcard(keys.DEADLINES) == 0


async def test_a_row_of_another_version_s_kind_is_put_off_and_stops_nobody(
    ledger: RedisLedger, redis: ArqRedis, caplog: pytest.LogCaptureFixture
) -> None:
    await accepted(ledger, other(1, repository=1))
    name = "dream:11:22:7"
    await redis.copy(keys.row(str(other(1, repository=1))), keys.row(name))
    await redis.zadd(keys.DEADLINES, {name: 1})
    rows = [await ledger.next(Queue.REVIEW, "one", run="r") for _ in range(2)]

    assert [row.key for row in rows if row] == [other(1, repository=1)]
    assert "dream:11:22:7" in caplog.text
    assert await redis.zscore(keys.DEADLINES, name) is not None


async def test_a_forgotten_script_is_sent_again(ledger: RedisLedger, redis: ArqRedis) -> None:
    await accepted(ledger)
    await redis.script_flush()

    assert (await following(ledger)).generation == 1


async def test_an_absent_server_is_ledger_unavailable() -> None:
    async with open_redis(RedisSettings(unix_socket_path="/nonexistent/socket")) as client:
        ledger, outbox = RedisLedger(client), RedisOutbox(client)
        for call in (
            ledger.accept(delivery(), KEY, WANTED),
            ledger.next(Queue.REVIEW, "one", run="r"),
            ledger.take(KEY, "one"),
            ledger.read(KEY),
            ledger.ring(Queue.REVIEW, 1),
            ledger.stop(KEY),
            ledger.hold(11, until=datetime.now(UTC) + timedelta(hours=1)),
            outbox.begin(REF, "summary"),
            outbox.finished(REF, ""),
        ):
            with pytest.raises(LedgerUnavailable):
                await call


async def test_a_full_server_is_ledger_unavailable_and_remembers_nothing(redis: ArqRedis) -> None:
    """A delivery that was refused must be taken when it comes again."""
    ledger = RedisLedger(redis)
    await redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(LedgerUnavailable, match="OutOfMemory"):
            await ledger.accept(delivery(), KEY, WANTED)
        assert await redis.keys("*") == []
    finally:
        await redis.config_set("maxmemory", 0)

    assert await ledger.accept(delivery(), KEY, WANTED)


@pytest.mark.parametrize("data", [b"\x80\x04N.", b"[]", b"3", b"not json"])
def test_a_bell_that_is_no_json_object_is_refused_not_executed(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        deserialize(data)
