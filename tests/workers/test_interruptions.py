"""What ends a running job before its end: a newer head, a person, another owner; on the real ledger."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, cast

import pytest
from arq.connections import ArqRedis

from app.adapters.store.ledger import RedisLedger
from app.domain.errors import (
    GitHubUnavailable,
    RevwrightError,
)
from app.domain.events import Delivery
from app.domain.jobs import LIMITS, JobKind, Queue, RowKey
from app.domain.row import Pulse, Row
from app.usecases.job import Guard, Outcome, OwnershipLost, Stopped, Superseded
from tests.adapters.store.ledger import PUSHED, taken_over
from tests.build import KEY
from tests.workers.scripted import Owners, Scripted, attempts_at, row_of, wanted


@pytest.mark.parametrize(
    ("meanwhile", "told"),
    [
        (lambda ledger: ledger.accept(Delivery("2", "pull_request", "2"), KEY, PUSHED), "superseded"),
        (lambda ledger: ledger.stop(KEY), "stop"),
        (lambda ledger: ledger.pause(KEY), "pause"),
    ],
)
async def test_what_happens_meanwhile_ends_a_running_job(
    ledger: RedisLedger, meanwhile: Callable[[RedisLedger], Awaitable[bool]], told: str
) -> None:
    ended: list[str] = []
    await wanted(ledger)

    async def endless(_row: Row, _guard: Guard) -> Outcome:
        assert await meanwhile(ledger)
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("cancelled")
        return Outcome("never")

    job = Scripted(endless)
    await attempts_at(ledger, job).answer(Queue.REVIEW)

    assert (ended, job.told) == (["cancelled"], ["run", told])
    row = await row_of(ledger)
    assert (row.done, row.attempts) == (0 if told == "superseded" else 1, 0)


@pytest.mark.parametrize(("stopped", "told"), [(False, ["run"]), (True, ["run", "stop"])])
async def test_what_came_meanwhile_does_not_end_a_command_but_a_person_does(
    ledger: RedisLedger, stopped: bool, told: list[str]
) -> None:
    """A second comment while the first is answered: both are answered, one after the other."""
    await wanted(ledger)

    async def goes_on(_row: Row, guard: Guard) -> Outcome:
        assert await ledger.accept(Delivery("2", "issue_comment", "2"), KEY, PUSHED)
        await asyncio.sleep(0.2)
        await guard()
        if stopped:
            assert await ledger.stop(KEY)
            await asyncio.sleep(60)
        return Outcome("done")

    job = Scripted(goes_on)
    attempts = attempts_at(ledger, job)
    patient = {kind: replace(limits, newer_ends_it=False) for kind, limits in attempts.limits.items()}
    await replace(attempts, limits=patient).answer(Queue.REVIEW)

    assert job.told == told
    row = await row_of(ledger)
    assert (row.done, row.generation) == (1, 2)


async def test_a_guard_before_a_write_hears_of_it_sooner_than_the_next_heartbeat(ledger: RedisLedger) -> None:
    heard: list[type[Exception]] = []
    owners: list[str] = []

    async def listens(guard: Guard) -> None:
        try:
            await guard()
        except RevwrightError as interruption:
            heard.append(type(interruption))

    async def writes(_row: Row, guard: Guard) -> Outcome:
        await ledger.pause(KEY)
        await listens(guard)
        await ledger.accept(Delivery("2", "pull_request", "2"), KEY, PUSHED)
        await listens(guard)
        await ledger.hand_back(KEY, owners[0], counted=True)
        await listens(guard)
        return Outcome("done")

    await wanted(ledger)
    plain = attempts_at(ledger, Scripted(writes))
    watched: Any = Owners(ledger, owners)
    await replace(plain, ledger=watched, beat_seconds=60.0).answer(Queue.REVIEW)

    assert heard == [Stopped, Superseded, OwnershipLost]
    assert (await row_of(ledger)).done == 0


async def test_a_row_that_was_lost_is_left_to_its_new_owner(ledger: RedisLedger, redis: ArqRedis) -> None:
    await wanted(ledger)

    async def loses(_row: Row, _guard: Guard) -> Outcome:
        await taken_over(ledger, redis)
        await asyncio.sleep(60)
        return Outcome("never")

    job = Scripted(loses)
    await attempts_at(ledger, job).answer(Queue.REVIEW)

    assert job.told == ["run"]
    assert await ledger.beat(KEY, "another") is not None


@pytest.mark.parametrize(("order", "told"), [("stop", "stop"), ("pause", "pause")])
async def test_what_was_stopped_before_its_turn_does_not_run(ledger: RedisLedger, order: str, told: str) -> None:
    await wanted(ledger)
    assert await getattr(ledger, order)(KEY)
    job = Scripted()
    await attempts_at(ledger, job).answer(Queue.REVIEW)

    assert job.told == [told]
    assert (await row_of(ledger)).done == 1


async def test_a_stop_that_github_does_not_hear_of_is_told_later(ledger: RedisLedger) -> None:
    await wanted(ledger)
    await ledger.stop(KEY)
    job = Scripted(refusals=[GitHubUnavailable("HTTP 502")])
    await attempts_at(ledger, job).answer(Queue.REVIEW)
    await attempts_at(ledger, job).answer(Queue.REVIEW)

    assert job.told == ["waits: HTTP 502", "stop"]


async def test_a_kind_that_does_its_work_one_by_one_goes_on_when_more_is_wanted(ledger: RedisLedger) -> None:
    heard: list[str] = []
    owners: list[str] = []
    beaten = asyncio.Event()

    async def writes(_row: Row, guard: Guard) -> Outcome:
        await ledger.accept(Delivery("2", "pull_request", "2"), KEY, PUSHED)
        beaten.clear()
        await beaten.wait()  # a heartbeat later it still runs
        await guard()
        await ledger.hand_back(KEY, owners[0], counted=True)
        try:
            await guard()
        except (OwnershipLost, asyncio.CancelledError):  # by the guard, or by a heartbeat that was faster
            heard.append("lost")
            raise
        return Outcome("never")

    class Beats(Owners):
        async def beat(self, row: RowKey, owner: str) -> Pulse | None:
            beaten.set()
            return await ledger.beat(row, owner)

    await wanted(ledger)
    watched: Any = Beats(ledger, owners)
    limits = {**LIMITS, JobKind.REVIEW: replace(LIMITS[JobKind.REVIEW], newer_ends_it=False)}
    await replace(attempts_at(ledger, Scripted(writes)), ledger=watched, limits=limits).answer(Queue.REVIEW)

    assert heard == ["lost"]


async def test_the_lease_goes_on_while_a_superseded_job_ends(ledger: RedisLedger) -> None:
    """A write that is on its way is waited for, and nobody else may take the row in that time."""
    await wanted(ledger)
    hearts = Hearts(ledger)

    async def ends_after_a_beat(_row: Row, _guard: Guard) -> Outcome:
        assert await ledger.accept(Delivery("2", "pull_request", "2"), KEY, PUSHED)
        try:
            await asyncio.sleep(60)
        finally:
            hearts.beaten.clear()
            while not hearts.beaten.is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await hearts.beaten.wait()
        return Outcome("never")

    job = Scripted(ends_after_a_beat)
    async with asyncio.timeout(20):
        await attempts_at(cast("RedisLedger", hearts), job).answer(Queue.REVIEW)
    assert job.told == ["run", "superseded"]


class Hearts:
    """The ledger; it tells of each heartbeat."""

    def __init__(self, ledger: RedisLedger) -> None:
        self._ledger, self.beaten = ledger, asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    async def beat(self, key: RowKey, owner: str) -> Pulse | None:
        pulse = await self._ledger.beat(key, owner)
        self.beaten.set()
        return pulse
