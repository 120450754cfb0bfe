"""A job that could not do everything is wanted once more at the time that it names, and not for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from arq.connections import ArqRedis

from app.adapters.store import keys
from app.adapters.store.ledger import RedisLedger
from app.adapters.store.runs import RedisRuns
from app.domain.jobs import OUTAGE_ATTEMPTS, Queue
from app.domain.row import Row
from app.domain.runs import RunRecord, RunState
from app.usecases.job import Guard, Outcome
from tests.build import HEAD, KEY
from tests.workers.scripted import Scripted, attempts_at, row_of, wanted


def again(*outcomes: Outcome) -> Scripted:
    left = list(outcomes)

    async def body(_row: Row, _guard: Guard) -> Outcome:
        return left.pop(0) if len(left) > 1 else left[0]

    return Scripted(body)


async def the_run(redis: ArqRedis) -> RunRecord:
    (record,) = await RedisRuns(redis).recent(10)
    return record


async def due_in(redis: ArqRedis) -> timedelta:
    seconds, _ = await redis.time()
    return timedelta(seconds=float(await redis.zscore(keys.DEADLINES, str(KEY)) or 0) / 1000 - seconds)


async def test_the_row_is_due_at_that_time_and_its_slot_is_free_until_then(
    ledger: RedisLedger, redis: ArqRedis
) -> None:
    await wanted(ledger)
    until = datetime.now(UTC) + timedelta(hours=1)
    job = again(Outcome("action_required", HEAD, until))
    await attempts_at(ledger, job).answer(Queue.REVIEW)
    await attempts_at(ledger, job).answer(Queue.REVIEW)

    row = await row_of(ledger)
    assert (job.told, row.done, row.reviewed) == (["run"], 0, None)
    assert timedelta(minutes=59) < await due_in(redis) <= timedelta(hours=1, seconds=1)
    record = await the_run(redis)
    assert (record.state, record.error) == (RunState.WAITING, "action_required")
    assert record.next_at is not None
    assert abs(record.next_at - until) < timedelta(seconds=1)
    assert await redis.keys("revwright:running:*") == []


async def test_the_same_run_goes_on_then_and_may_come_to_its_end(ledger: RedisLedger, redis: ArqRedis) -> None:
    await wanted(ledger)
    job = again(Outcome("action_required", HEAD, datetime.now(UTC)), Outcome("success", HEAD))
    await attempts_at(ledger, job).answer(Queue.REVIEW)
    await attempts_at(ledger, job).answer(Queue.REVIEW)

    row, record = await row_of(ledger), await the_run(redis)
    assert (job.told, row.done, row.reviewed) == (["run", "run"], 1, HEAD)
    assert (record.state, record.outcome, record.attempts) == (RunState.DONE, "success", 2)


async def test_it_is_no_failure_of_the_job_however_often(ledger: RedisLedger) -> None:
    await wanted(ledger)
    job = again(Outcome("action_required", HEAD, datetime.now(UTC)))
    for _ in range(8):
        await attempts_at(ledger, job).answer(Queue.REVIEW)

    row = await row_of(ledger)
    assert job.told == ["run"] * 8
    assert (row.attempts, row.outages, row.done) == (8, 8, 0)


async def test_after_the_last_attempt_it_is_over_as_it_stands(ledger: RedisLedger, redis: ArqRedis) -> None:
    await wanted(ledger)
    call: Any = redis.hset(keys.row(str(KEY)), "attempts", str(OUTAGE_ATTEMPTS - 2))
    await call
    job = again(Outcome("action_required", HEAD, datetime.now(UTC)))
    for _ in range(4):
        await attempts_at(ledger, job).answer(Queue.REVIEW)

    row, record = await row_of(ledger), await the_run(redis)
    assert (job.told, row.done, row.reviewed) == (["run", "run"], 1, HEAD)
    assert (record.state, record.outcome) == (RunState.DONE, "action_required")
