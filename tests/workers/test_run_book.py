"""What is written down of runs: how each ended, also when nobody was left to say so; and never in anyone's way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from arq.connections import ArqRedis

from app.adapters.store.ledger import RedisLedger
from app.adapters.store.runs import RedisRuns
from app.domain.errors import GitFailed, LedgerUnavailable
from app.domain.events import Delivery
from app.domain.jobs import Queue
from app.domain.runs import RunState
from tests.adapters.store.ledger import PUSHED, expire, following
from tests.build import KEY
from tests.workers.scripted import Scripted, attempts_at, fails, row_of, wanted
from workers.back_off import BackOff
from workers.run_book import RunBook


async def states(redis: ArqRedis) -> list[RunState]:
    return [run.state for run in await RedisRuns(redis).recent(10)]


async def pushed(ledger: RedisLedger) -> None:
    assert await ledger.accept(Delivery("2", "pull_request", "2"), KEY, PUSHED)


async def test_a_run_that_waits_for_another_attempt_is_superseded_by_a_push(
    ledger: RedisLedger, redis: ArqRedis
) -> None:
    await wanted(ledger)
    failing = replace(
        attempts_at(ledger, Scripted(fails(GitFailed("no", retry=True)))), back_off=BackOff(base_seconds=3600)
    )
    await failing.answer(Queue.REVIEW)
    assert await states(redis) == [RunState.WAITING]
    await pushed(ledger)
    await attempts_at(ledger, Scripted()).answer(Queue.REVIEW)

    assert await states(redis) == [RunState.DONE, RunState.SUPERSEDED]


async def test_a_run_whose_worker_died_goes_on_or_is_superseded(ledger: RedisLedger, redis: ArqRedis) -> None:
    await wanted(ledger)
    row = await following(ledger, "dead", run="0" * 16)
    async with RunBook(RedisRuns(redis)).opened(row):
        assert await states(redis) == [RunState.RUNNING]
    await expire(redis)
    await attempts_at(ledger, Scripted()).answer(Queue.REVIEW)
    (run,) = await RedisRuns(redis).recent(10)
    assert (run.state, run.attempts, run.start.id) == (RunState.DONE, 2, "0" * 16)

    await pushed(ledger)
    row = await following(ledger, "dead", run="1" * 16)
    async with RunBook(RedisRuns(redis)).opened(row):
        pass
    await expire(redis)
    assert await ledger.accept(Delivery("3", "pull_request", "3"), KEY, PUSHED)
    await attempts_at(ledger, Scripted()).answer(Queue.REVIEW)

    assert await states(redis) == [RunState.DONE, RunState.SUPERSEDED, RunState.DONE]


async def test_a_record_that_cannot_be_written_stops_nobody(
    ledger: RedisLedger, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            async def refuse(*_: object, **__: object) -> None:
                raise LedgerUnavailable("Redis: full")

            return refuse

    await wanted(ledger)
    runs: Any = Broken()
    await replace(attempts_at(ledger, Scripted()), book=RunBook(runs)).answer(Queue.REVIEW)

    assert (await row_of(ledger)).done == 1
    assert "cannot be written" in caplog.text
