"""Turns through real workers: a lone pull request comes next, however many wait for another repository."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from app.adapters.store.ledger import RedisLedger
from app.domain.jobs import JobKind, Queue, RowKey
from app.domain.row import Row
from app.usecases.job import Guard, Outcome
from tests.adapters.store.ledger import accepted, other
from tests.workers.scripted import Scripted
from tests.world import OPTIONS, World
from workers.main import arq_worker

CROWD = 500


@pytest.mark.parametrize("slots", [1, 4])
async def test_a_lone_pull_request_starts_in_the_next_free_slot(world: World, ledger: RedisLedger, slots: int) -> None:
    started: list[RowKey] = []
    free = asyncio.Semaphore(0)
    lone = other(1, repository=2)

    async def held(row: Row, _guard: Guard) -> Outcome:
        started.append(row.key)
        await free.acquire()
        return Outcome("done")

    for number in range(CROWD):
        await accepted(ledger, other(number, repository=1))
    services = replace(world.services, jobs={JobKind.REVIEW: Scripted(held)})
    options = replace(OPTIONS, slots={**OPTIONS.slots, Queue.REVIEW: slots})
    async with arq_worker(world.redis_settings, services, options, Queue.REVIEW) as worker:
        running = asyncio.create_task(worker.async_run())
        await until(lambda: len(started) == slots)
        await accepted(ledger, lone)
        free.release()
        await until(lambda: len(started) == slots + 1)
        assert started[slots] == lone
        free.release()
        await until(lambda: len(started) == slots + 2)
        running.cancel()
        await asyncio.wait((running,))

    assert sorted(key.ref.number for key in started if key != lone) == list(range(slots + 1)), "the first to arrive"


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not what():  # noqa: ASYNC110 - arq has no event for it
            await asyncio.sleep(0.01)
