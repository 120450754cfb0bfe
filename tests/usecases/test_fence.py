"""A write is not begun when the lease may be over: what a worker does that was frozen and goes on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from app.usecases.fence import Fence, now, still_ours
from app.usecases.job import OwnershipLost
from tests.stories.test_failures import row_key
from tests.stories.test_first_review import open_bug
from tests.world import World


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_has_no_lease_passes() -> None:
    still_ours()


async def test_a_lease_stands_for_its_time_after_the_last_heartbeat_also_in_tasks() -> None:
    clock = Clock()
    fence = Fence(5.0, clock)

    async def writes() -> None:
        still_ours()

    with fence.around():
        clock.now += 4.9
        await asyncio.create_task(writes())
        fence.renew(clock.now)
        fence.renew(clock.now - 3)
        clock.now += 4.9
        await asyncio.create_task(writes())
        clock.now += 0.2
        with pytest.raises(OwnershipLost, match="nothing is written any more"):
            await asyncio.create_task(writes())
    still_ours()


def test_the_clock_goes_forward() -> None:
    assert now() <= now()
    assert Fence().stands


async def test_a_worker_whose_lease_is_over_writes_nothing(world: World) -> None:
    """Its own guard and heartbeat may all be behind it: the last look is right before the call."""
    clock = Clock()
    fence = Fence(5.0, clock)
    pull = open_bug(world)
    await world.deliver_new()
    row = await world.services.ledger.take(row_key(world, pull), "me")
    assert row is not None
    clock.now += 6
    with fence.around(), pytest.raises(OwnershipLost):
        await world.services.review.give_up(row, "too late")

    assert world.written() == []
