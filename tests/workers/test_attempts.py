"""How an attempt ends: done, failed, stopped, superseded, out of time or with its worker; on the real ledger."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from arq.connections import ArqRedis

from app.adapters.store import keys
from app.adapters.store.ledger import RedisLedger
from app.domain.errors import (
    GitFailed,
    GitHubRefused,
    GitHubUnavailable,
    LedgerUnavailable,
    RateLimited,
    SandboxUnavailable,
)
from app.domain.events import Delivery
from app.domain.jobs import OUTAGE_ATTEMPTS, JobKind, Queue, RowKey
from app.domain.row import Row
from app.usecases.job import Guard, Outcome
from app.usecases.newest import HeadMoved
from tests.adapters.store.ledger import PUSHED, expire, taken_over
from tests.build import HEAD, KEY, REF
from tests.workers.scripted import Owners, Scripted, attempts_at, fails, row_of, wanted
from workers.attempts import HOPELESS_ATTEMPTS, MOST_DEATHS
from workers.back_off import BackOff


async def attempts_count(redis: ArqRedis, attempts: int) -> None:
    """Lets the row have been attempted so often."""
    call: Any = redis.hset(keys.row(str(KEY)), "attempts", str(attempts))
    await call


async def test_a_finished_job_leaves_the_row_at_rest(ledger: RedisLedger) -> None:
    async def reviewed(_row: Row, guard: Guard) -> Outcome:
        await guard()
        return Outcome("success", HEAD)

    await wanted(ledger)
    job = Scripted(reviewed)
    await attempts_at(ledger, job).answer(Queue.REVIEW)
    await attempts_at(ledger, job).answer(Queue.REVIEW)

    row = await row_of(ledger)
    assert (row.done, row.reviewed, job.told) == (1, HEAD, ["run"])


async def test_an_error_that_may_pass_is_tried_again_and_given_up_in_the_end(ledger: RedisLedger) -> None:
    await wanted(ledger)
    job = Scripted(fails(GitFailed("fetch: timed out", retry=True)))
    for _ in range(7):
        await attempts_at(ledger, job).answer(Queue.REVIEW)

    assert job.told == ["run", "waits: fetch: timed out"] * 4 + ["run", "gave up: fetch: timed out"]
    row = await row_of(ledger)
    assert (row.dead, row.error, row.done) == (True, "fetch: timed out", 1)


async def test_an_error_that_stays_is_given_up_at_once(ledger: RedisLedger) -> None:
    await wanted(ledger)
    job = Scripted(fails(GitHubRefused("HTTP 403", status=403)))
    await attempts_at(ledger, job).answer(Queue.REVIEW)

    assert job.told == ["run", "gave up: HTTP 403"]
    assert (await row_of(ledger)).dead


async def test_an_unexpected_error_is_logged_and_told_without_its_text(
    ledger: RedisLedger, caplog: pytest.LogCaptureFixture
) -> None:
    await wanted(ledger)
    job = Scripted(fails(ZeroDivisionError("a text with a secret")))
    await attempts_at(ledger, job).answer(Queue.REVIEW)

    assert job.told == ["run", "waits: internal error: ZeroDivisionError"]
    assert "ZeroDivisionError: a text with a secret" in caplog.text


async def test_a_job_over_its_time_is_ended_and_tried_again(ledger: RedisLedger) -> None:
    await wanted(ledger)
    ended: list[str] = []

    async def endless(_row: Row, _guard: Guard) -> Outcome:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("cancelled")
        return Outcome("never")

    job = Scripted(endless)
    await attempts_at(ledger, job, seconds=0.05).answer(Queue.REVIEW)

    assert ended == ["cancelled"]
    assert job.told == ["run", "waits: it took longer than 0 s"]
    assert (await row_of(ledger)).attempts == 1


async def test_a_rate_limit_holds_the_installation_and_frees_the_slot(ledger: RedisLedger, redis: ArqRedis) -> None:
    await wanted(ledger)
    until = datetime.now(UTC) + timedelta(minutes=10)
    job = Scripted(fails(RateLimited("secondary limit", retry_at=until)))
    await attempts_at(ledger, job).answer(Queue.REVIEW)

    assert job.told == ["run", "waits: secondary limit"]
    assert 9 * 60_000 < await redis.pttl(keys.held(REF.installation_id)) <= 10 * 60_000
    seconds, _ = await redis.time()
    due = float(await redis.zscore(keys.DEADLINES, str(KEY)) or 0) / 1000
    assert 9 * 60 < due - seconds <= 10 * 60 + 1


async def test_a_rate_limit_that_is_over_by_our_clock_is_not_met_again_and_again(
    ledger: RedisLedger, redis: ArqRedis
) -> None:
    await wanted(ledger)
    job = Scripted(fails(RateLimited("secondary limit", retry_at=datetime.now(UTC) - timedelta(minutes=5))))
    attempts = replace(attempts_at(ledger, job), back_off=BackOff(base_seconds=5.0))
    for _ in range(3):
        await attempts.answer(Queue.REVIEW)

    assert job.told == ["run", "waits: secondary limit"]


async def test_a_check_that_cannot_tell_why_it_waits_does_not_hold_the_row(ledger: RedisLedger) -> None:
    await wanted(ledger)
    job = Scripted(fails(GitHubUnavailable("HTTP 502")), refusals=[GitHubUnavailable("HTTP 503")])
    await attempts_at(ledger, job).answer(Queue.REVIEW)
    await attempts_at(ledger, job).answer(Queue.REVIEW)

    assert job.told == ["run", "run", "waits: HTTP 502"]


@pytest.mark.parametrize("away", [GitHubUnavailable("HTTP 502"), SandboxUnavailable("no runner")], ids=str)
async def test_an_outage_is_waited_out_for_long_but_not_for_ever(
    ledger: RedisLedger, redis: ArqRedis, away: Exception
) -> None:
    await wanted(ledger)
    job = Scripted(fails(away))
    await attempts_count(redis, OUTAGE_ATTEMPTS - 2)
    await attempts_at(ledger, job).answer(Queue.REVIEW)
    await attempts_at(ledger, job).answer(Queue.REVIEW)

    assert job.told == ["run", f"waits: {away}", "run", f"gave up: {away}"]


async def test_a_github_whose_parts_disagree_for_long_is_waited_for(ledger: RedisLedger) -> None:
    await wanted(ledger)
    job = Scripted(fails(HeadMoved("git names another head")))
    for _ in range(8):
        await attempts_at(ledger, job).answer(Queue.REVIEW)

    assert job.told == ["run", "waits: git names another head"] * 8


async def test_what_an_outage_cost_is_not_counted_against_an_error_after_it(ledger: RedisLedger) -> None:
    await wanted(ledger)
    job = Scripted(fails(GitHubUnavailable("HTTP 502")))
    for _ in range(6):
        await attempts_at(ledger, job).answer(Queue.REVIEW)
    job.body = fails(GitFailed("fetch: timed out", retry=True))
    job.told.clear()
    for _ in range(6):
        await attempts_at(ledger, job).answer(Queue.REVIEW)

    assert job.told == ["run", "waits: fetch: timed out"] * 4 + ["run", "gave up: fetch: timed out"]


async def test_a_last_word_that_breaks_unexpectedly_does_not_go_on_for_ever(
    ledger: RedisLedger, redis: ArqRedis, caplog: pytest.LogCaptureFixture
) -> None:
    await wanted(ledger)
    await attempts_count(redis, 5)
    job = Scripted(fails(GitHubRefused("HTTP 404", status=404)), refusals=[KeyError("id")] * 20)
    for _ in range(15):
        await attempts_at(ledger, job).answer(Queue.REVIEW)

    assert job.told == ["run"] * HOPELESS_ATTEMPTS
    assert (await row_of(ledger)).dead
    assert "unexpected error" in caplog.text


async def test_a_row_that_is_lost_while_its_failure_is_told_is_left_alone(ledger: RedisLedger, redis: ArqRedis) -> None:
    class Slow(Scripted):
        async def waits(self, row: Row, reason: str, until: datetime) -> None:
            await taken_over(ledger, redis)
            await asyncio.sleep(60)

    await wanted(ledger)
    await attempts_at(ledger, Slow(fails(GitHubUnavailable("HTTP 502")))).answer(Queue.REVIEW)

    assert await ledger.beat(KEY, "another") is not None


async def test_a_worker_that_is_stopped_while_it_tells_of_a_failure_hands_the_row_back(ledger: RedisLedger) -> None:
    there = asyncio.Event()

    class Slow(Scripted):
        async def waits(self, row: Row, reason: str, until: datetime) -> None:
            there.set()
            await asyncio.sleep(60)

    await wanted(ledger)
    task = asyncio.create_task(attempts_at(ledger, Slow(fails(GitHubUnavailable("HTTP 502")))).answer(Queue.REVIEW))
    await there.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    row = await ledger.next(Queue.REVIEW, "another", run="r")
    assert row is not None
    assert (row.attempts, row.deaths) == (1, 0)


@pytest.mark.parametrize("refusal", [GitHubUnavailable("HTTP 502"), GitHubRefused("HTTP 403", status=403)])
async def test_a_last_word_that_github_does_not_take_is_tried_again(ledger: RedisLedger, refusal: Exception) -> None:
    await wanted(ledger)
    job = Scripted(fails(GitHubRefused("HTTP 404", status=404)), refusals=[refusal])
    await attempts_at(ledger, job).answer(Queue.REVIEW)
    assert not (await row_of(ledger)).dead
    await attempts_at(ledger, job).answer(Queue.REVIEW)

    assert job.told == ["run", "run", "gave up: HTTP 404"]
    assert (await row_of(ledger)).dead


async def test_when_github_never_takes_the_last_word_the_row_is_closed_and_the_log_says_so(
    ledger: RedisLedger, redis: ArqRedis, caplog: pytest.LogCaptureFixture
) -> None:
    await wanted(ledger)
    refusal = GitHubRefused("HTTP 403", status=403)
    await attempts_count(redis, 5 + HOPELESS_ATTEMPTS - 1)
    await attempts_at(ledger, Scripted(fails(refusal), refusals=[refusal])).answer(Queue.REVIEW)

    assert "gave up, and GitHub did not take it" in caplog.text
    assert (await row_of(ledger)).dead


async def test_a_superseded_run_that_cannot_take_its_check_back_is_still_over(ledger: RedisLedger) -> None:
    async def pushed(_row: Row, guard: Guard) -> Outcome:
        await ledger.accept(Delivery("2", "pull_request", "2"), KEY, PUSHED)
        await guard()
        return Outcome("never")

    await wanted(ledger)
    job = Scripted(pushed, refusals=[GitHubUnavailable("HTTP 502")])
    await attempts_at(ledger, job).answer(Queue.REVIEW)
    job.body = Scripted().body
    await attempts_at(ledger, job).answer(Queue.REVIEW)

    assert job.told == ["run", "run"]
    assert (await row_of(ledger)).done == 2


async def test_a_row_that_kills_its_workers_is_given_up(ledger: RedisLedger, redis: ArqRedis) -> None:
    await wanted(ledger)
    for number in range(MOST_DEATHS):
        assert await ledger.next(Queue.REVIEW, f"dead-{number}", run="r") is not None
        await expire(redis)
    job = Scripted()
    await attempts_at(ledger, job).answer(Queue.REVIEW)

    assert job.told == [f"gave up: {MOST_DEATHS} attempts ended with the worker that made them"]


async def test_a_row_that_killed_some_workers_still_gets_its_run(ledger: RedisLedger, redis: ArqRedis) -> None:
    await wanted(ledger)
    for number in range(MOST_DEATHS - 1):
        assert await ledger.next(Queue.REVIEW, f"dead-{number}", run="r") is not None
        await expire(redis)
    job = Scripted()
    await attempts_at(ledger, job).answer(Queue.REVIEW)

    assert job.told == ["run"]


async def test_a_worker_that_is_stopped_hands_the_row_back_and_it_counts_for_nothing(ledger: RedisLedger) -> None:
    await wanted(ledger)
    there = asyncio.Event()

    async def endless(_row: Row, _guard: Guard) -> Outcome:
        there.set()
        await asyncio.sleep(60)
        return Outcome("never")

    task = asyncio.create_task(attempts_at(ledger, Scripted(endless)).answer(Queue.REVIEW))
    await there.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    row = await ledger.next(Queue.REVIEW, "another", run="r")
    assert row is not None
    assert (row.attempts, row.deaths) == (1, 0)


async def test_a_job_of_a_kind_without_code_here_is_put_off(
    ledger: RedisLedger, caplog: pytest.LogCaptureFixture
) -> None:
    fix = RowKey(JobKind.FIX, REF)
    await wanted(ledger, fix)
    await attempts_at(ledger, Scripted()).answer(Queue.REVIEW)

    assert "no job of the kind fix" in caplog.text
    assert await ledger.next(Queue.REVIEW, "one", run="r") is None


async def test_each_kind_has_its_own_limits(ledger: RedisLedger) -> None:
    command = RowKey(JobKind.COMMAND, REF)
    await wanted(ledger, command)
    job = Scripted(fails(GitFailed("no", retry=True)))
    for _ in range(9):
        await attempts_at(ledger, job, kind=JobKind.COMMAND).answer(Queue.INTERACTIVE)

    assert job.told.count("run") == 5
    assert job.told[-1] == "gave up: no"


async def test_a_ledger_that_goes_away_ends_the_attempt_without_a_word(
    ledger: RedisLedger, caplog: pytest.LogCaptureFixture
) -> None:
    await wanted(ledger)
    job = Scripted(fails(LedgerUnavailable("Redis: gone")))
    with caplog.at_level(logging.ERROR):
        await attempts_at(ledger, job).answer(Queue.REVIEW)

    assert job.told == ["run"]
    assert "the ledger went away: Redis: gone" in caplog.text


async def test_a_heartbeat_that_fails_once_does_not_end_the_job(
    ledger: RedisLedger, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is written meanwhile: every write asks first."""
    beats: list[int] = []
    third = asyncio.Event()

    class Flaky(Owners):
        async def beat(self, row: RowKey, owner: str) -> object:
            beats.append(1)
            if len(beats) == 3:
                third.set()
            if len(beats) == 1:
                raise LedgerUnavailable("Redis: gone")
            return await ledger.beat(row, owner)

    async def waits(_row: Row, guard: Guard) -> Outcome:
        await third.wait()
        await guard()
        return Outcome("done")

    await wanted(ledger)
    plain = attempts_at(ledger, Scripted(waits))
    flaky: Any = Flaky(ledger, [])
    await replace(plain, ledger=flaky).answer(Queue.REVIEW)

    assert (await row_of(ledger)).done == 1
    assert "heartbeat of" in caplog.text


def test_back_off_doubles_up_to_its_ceiling() -> None:
    back_off = BackOff(base_seconds=5.0, ceiling_seconds=30.0)

    assert [back_off.seconds(n) for n in (1, 2, 3, 4, 50)] == [5, 10, 20, 30, 30]
