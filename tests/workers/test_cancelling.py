"""A task that swallows a cancellation, as clients with a breaking connection do, is ended all the same."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from app.domain.jobs import RowKey
from app.domain.row import Pulse, Row, Wanted
from app.wiring.cancelling import end
from tests.build import HEAD, KEY, REPOSITORY
from workers.leases import Lease


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

    async def beat(self, row: RowKey, owner: str) -> Pulse:
        self.beats += 1
        self.begun.set()
        if self.beats == 1:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(60)
        return Pulse(1, 0, paused=False)


async def test_a_heartbeat_that_loses_its_cancellation_does_not_hold_the_run() -> None:
    ledger: Any = LosesCancellations()
    row = Row(KEY, 1, 0, Wanted(REPOSITORY, HEAD, "opened", draft=False), frozenset(), 1, "", "run")
    async with asyncio.timeout(10):
        assert await Lease(ledger, row, "me", 0.01).keep(ledger.begun.wait())

    assert ledger.beats >= 1
