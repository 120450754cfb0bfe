"""A task that swallows a cancellation, as clients with a breaking connection do, is ended all the same."""

from __future__ import annotations

import asyncio

from app.domain.jobs import RowKey
from tests.build import KEY
from workers.cancelling import end
from workers.leases import beating


async def test_a_task_that_loses_its_first_cancellations_ends() -> None:
    lost: list[int] = []

    async def stubborn() -> None:
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                lost.append(1)
                if len(lost) == 3:
                    raise

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await end((task,))

    assert (len(lost), task.cancelled()) == (3, True)
    await end((task,))


class LosesCancellations:
    """A ledger whose connection turns the first cancellation into an answer."""

    def __init__(self) -> None:
        self.beats = 0
        self.begun = asyncio.Event()

    async def beat(self, row: RowKey, owner: str) -> int | None:
        self.beats += 1
        self.begun.set()
        if self.beats == 1:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                return 1
        return 1


async def test_a_heartbeat_that_loses_its_cancellation_does_not_hold_the_run() -> None:
    ledger = LosesCancellations()
    async with asyncio.timeout(10):
        async with beating(ledger, KEY, "me", seconds=0.01):  # type: ignore[arg-type]
            await ledger.begun.wait()

    assert ledger.beats >= 1
