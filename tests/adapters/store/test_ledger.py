"""The ledger's contract on a real server: one effect for a delivery, fenced leases, nothing lost."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from arq.connections import ArqRedis, RedisSettings

from app.adapters.store import keys
from app.adapters.store.bells import deserialize
from app.adapters.store.ledger import RedisLedger
from app.adapters.store.outbox import RedisOutbox
from app.domain.errors import LedgerUnavailable
from app.domain.events import Delivery
from app.domain.jobs import Bell
from app.domain.pull_request import Sha
from app.domain.row import Row, Wanted
from app.wiring.redis import open_redis
from tests.build import HEAD, KEY, REF, REPOSITORY

WANTED = Wanted(REPOSITORY, HEAD, "opened", draft=False)
NEXT = Wanted(REPOSITORY, Sha("e" * 40), "push", draft=True)


def delivery(number: int = 1) -> Delivery:
    return Delivery(f"id-{number}", "pull_request", f"digest-{number}")


@pytest.fixture
def ledger(redis: ArqRedis) -> RedisLedger:
    return RedisLedger(redis, lease_ms=80, grace_ms=40)


async def accepted(ledger: RedisLedger) -> None:
    assert await ledger.accept(delivery(), KEY, WANTED, "announce")


async def taken(ledger: RedisLedger, owner: str = "one") -> Row:
    row = await ledger.take(KEY, owner)
    assert row is not None
    return row


async def test_a_delivery_makes_a_row_and_rings_one_bell(ledger: RedisLedger, redis: ArqRedis) -> None:
    await accepted(ledger)

    row = await ledger.read(KEY)
    assert row == Row(KEY, 1, 0, WANTED, frozenset({"opened"}), 0, "")
    (bell,) = await redis.zrange(keys.INTERACTIVE_QUEUE, 0, -1)
    job = deserialize(await redis.get(b"arq:job:" + bell))
    assert (job["f"], job["a"], job["k"]) == ("announce", [str(KEY)], {})


async def test_the_same_delivery_has_one_effect_by_id_and_by_body(ledger: RedisLedger, redis: ArqRedis) -> None:
    same_body, same_id = Delivery("other", "pull_request", "digest-1"), Delivery("id-1", "pull_request", "other")
    results = await asyncio.gather(*(ledger.accept(delivery(), KEY, WANTED, "announce") for _ in range(5)))

    assert sorted(results) == [False] * 4 + [True]
    assert not await ledger.accept(same_body, KEY, WANTED, "announce")
    assert not await ledger.accept(same_id, KEY, WANTED, "announce")
    assert await redis.zcard(keys.INTERACTIVE_QUEUE) == 1
    row = await ledger.read(KEY)
    assert row is not None
    assert row.generation == 1


async def test_only_one_owner_at_a_time(ledger: RedisLedger) -> None:
    await accepted(ledger)

    assert (await taken(ledger)).attempts == 1
    assert await ledger.take(KEY, "two") is None
    assert await ledger.beat(KEY, "one") == 1
    assert await ledger.beat(KEY, "two") is None


async def test_a_dead_owner_loses_the_row_and_is_fenced_off(ledger: RedisLedger) -> None:
    await accepted(ledger)
    await taken(ledger)
    await asyncio.sleep(0.1)

    assert await ledger.due() == (KEY,)
    assert (await taken(ledger, "two")).attempts == 2
    assert await ledger.beat(KEY, "one") is None
    assert not await ledger.done(KEY, "one", 1)
    await ledger.retry_later(KEY, "one", at=datetime.now(UTC), error="late")
    assert await ledger.beat(KEY, "two") == 1


async def test_a_beating_owner_keeps_the_row(ledger: RedisLedger) -> None:
    await accepted(ledger)
    await taken(ledger)
    for _ in range(4):
        await asyncio.sleep(0.03)
        assert await ledger.beat(KEY, "one") == 1

    assert await ledger.take(KEY, "two") is None


async def test_a_push_during_the_run_is_wanted_after_it(ledger: RedisLedger) -> None:
    await accepted(ledger)
    await taken(ledger)
    assert await ledger.accept(delivery(2), KEY, NEXT, "announce")

    assert await ledger.beat(KEY, "one") == 2
    assert await ledger.done(KEY, "one", 1)
    again = await taken(ledger, "two")
    assert (again.generation, again.done, again.wanted, again.triggers) == (2, 1, NEXT, frozenset({"push"}))
    assert not await ledger.done(KEY, "two", 2)
    assert await ledger.take(KEY, "three") is None


async def test_triggers_add_up_until_they_are_answered(ledger: RedisLedger) -> None:
    await accepted(ledger)
    await ledger.accept(delivery(2), KEY, NEXT, "announce")
    await ledger.accept(delivery(3), KEY, NEXT, "announce")

    assert (await taken(ledger)).triggers == {"opened", "push"}


async def test_a_retry_waits_for_its_time_and_keeps_the_error(ledger: RedisLedger) -> None:
    await accepted(ledger)
    await taken(ledger)
    await ledger.retry_later(KEY, "one", at=datetime.now(UTC) + timedelta(seconds=0.08), error="GitHub is down")

    assert await ledger.take(KEY, "two") is None
    assert await ledger.due() == ()
    await asyncio.sleep(0.1)
    assert await ledger.due() == (KEY,)
    again = await taken(ledger, "two")
    assert (again.attempts, again.error) == (2, "GitHub is down")


async def test_a_row_that_is_handed_back_is_free_at_once_and_no_attempt_is_counted(ledger: RedisLedger) -> None:
    await accepted(ledger)
    await taken(ledger, "announcer")
    await ledger.hand_back(KEY, "somebody else")
    assert await ledger.take(KEY, "one") is None
    await ledger.hand_back(KEY, "announcer")

    assert (await taken(ledger)).attempts == 1


async def test_a_new_delivery_ends_the_back_off(ledger: RedisLedger) -> None:
    await accepted(ledger)
    await taken(ledger)
    await ledger.retry_later(KEY, "one", at=datetime.now(UTC) + timedelta(hours=1), error="down")
    await ledger.accept(delivery(2), KEY, NEXT, "announce")

    again = await taken(ledger)
    assert (again.attempts, again.error) == (1, "")


async def test_a_lost_bell_is_due_and_handed_out_once_a_while(ledger: RedisLedger, redis: ArqRedis) -> None:
    await accepted(ledger)
    await redis.delete(keys.INTERACTIVE_QUEUE)
    assert await ledger.due() == ()
    await asyncio.sleep(0.06)

    assert await ledger.due() == (KEY,)
    assert await ledger.due() == ()
    await ledger.ring(Bell("review", KEY))
    (bell,) = await redis.zrange(keys.REVIEW_QUEUE, 0, -1)
    assert deserialize(await redis.get(b"arq:job:" + bell))["f"] == "review"


async def test_a_row_that_waits_for_a_free_worker_is_rung_less_and_less(ledger: RedisLedger, redis: ArqRedis) -> None:
    await accepted(ledger)
    pauses = []
    for _ in range(9):
        await redis.zadd(keys.DEADLINES, {str(KEY): 0})
        seconds, micros = await redis.time()
        assert await ledger.due() == (KEY,)
        score = await redis.zscore(keys.DEADLINES, str(KEY))
        assert score is not None
        pauses.append(round((score - seconds * 1000 - micros / 1000) / 40))

    assert pauses == [1, 2, 4, 8, 16, 32, 64, 64, 64]
    await taken(ledger)
    await redis.zadd(keys.DEADLINES, {str(KEY): 0})
    await ledger.due()
    assert (await redis.zscore(keys.DEADLINES, str(KEY)) or 0) < (await redis.time())[0] * 1000 + 2_000


async def test_finished_rows_are_not_due(ledger: RedisLedger, redis: ArqRedis) -> None:
    await accepted(ledger)
    await taken(ledger)
    await ledger.done(KEY, "one", 1)
    await asyncio.sleep(0.1)

    assert await ledger.due() == ()
    assert await ledger.take(KEY, "two") is None
    assert await redis.zcard(keys.DEADLINES) == 0


async def test_a_forgotten_script_is_sent_again(ledger: RedisLedger, redis: ArqRedis) -> None:
    await accepted(ledger)
    await redis.script_flush()

    assert (await taken(ledger)).generation == 1


async def test_no_row_reads_as_none(ledger: RedisLedger) -> None:
    assert await ledger.read(KEY) is None
    assert await ledger.take(KEY, "one") is None
    assert await ledger.beat(KEY, "one") is None


async def test_an_absent_server_is_ledger_unavailable() -> None:
    async with open_redis(RedisSettings(unix_socket_path="/nonexistent/socket")) as client:
        ledger, outbox = RedisLedger(client), RedisOutbox(client)
        for call in (
            ledger.accept(delivery(), KEY, WANTED, "announce"),
            ledger.take(KEY, "one"),
            ledger.read(KEY),
            ledger.ring(Bell("review", KEY)),
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
            await ledger.accept(delivery(), KEY, WANTED, "announce")
    finally:
        await redis.config_set("maxmemory", 0)

    assert await ledger.accept(delivery(), KEY, WANTED, "announce")


@pytest.mark.parametrize("data", [b"\x80\x04N.", b"[]", b"3", b"not json"])
def test_a_bell_that_is_no_json_object_is_refused_not_executed(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        deserialize(data)


async def test_the_outbox_knows_fresh_begun_and_finished(redis: ArqRedis) -> None:
    outbox = RedisOutbox(redis)

    first, second = await outbox.begin(REF, "summary"), await outbox.begin(REF, "summary")
    assert ((first.id, first.uncertain), (second.id, second.uncertain)) == ((None, False), (None, True))
    await outbox.finish(REF, "summary", 99)
    await outbox.finish(REF, "finding:F1", 7)
    known = await outbox.begin(REF, "summary")
    assert (known.id, known.uncertain) == (99, False)
    assert await outbox.finished(REF, "finding:") == {"finding:F1": 7}
    await outbox.begin(REF, "finding:F2")
    assert await outbox.finished(REF, "") == {"summary": 99, "finding:F1": 7}
    await outbox.forget(REF, "summary")
    assert (await outbox.begin(REF, "summary")).uncertain is False
    assert 0 < await redis.ttl(keys.outbox(str(REF))) <= keys.OUTBOX_SECONDS
