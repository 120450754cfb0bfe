"""Works under the lease of a row: keeps it alive, and ends the work as soon as the ledger says that it must end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from app.domain.errors import LedgerUnavailable
from app.domain.row import Pulse, Row
from app.ports import Ledger
from app.usecases.fence import Fence
from app.usecases.job import OwnershipLost, check
from app.wiring.cancelling import end

_log = logging.getLogger(__name__)

BEAT_SECONDS = 0.25
"""So that work that is superseded or stopped has ended within a second, with what comes before it on a slow GitHub."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Lease:
    """One owner's hold on one row."""

    ledger: Ledger
    row: Row
    owner: str
    beat_seconds: float = BEAT_SECONDS
    fence: Fence = field(default_factory=Fence)
    newer_ends_it: bool = True
    """False for work that goes on, whatever else is wanted meanwhile."""

    async def guard(self) -> None:
        """Raises an interruption when the row is lost, or wanted anew, or was stopped."""
        check(await self._beat(), self.row, newer_ends_it=self.newer_ends_it)

    async def _beat(self) -> Pulse | None:
        asked_at = self.fence.clock()
        pulse = await self.ledger.beat(self.row.key, self.owner)
        if pulse is not None:
            self.fence.renew(asked_at)
        return pulse

    async def keep(self, work: Coroutine[Any, Any, T], *, heed: bool = True) -> T:
        """The work's result, with the lease extended meanwhile.

        The work is cancelled, and the interruption raised, when the row is lost; and, if it is to `heed` them, when
        something newer is wanted or a person asks to stop.
        """
        with self.fence.around():
            task = asyncio.create_task(work)
        watch = asyncio.create_task(self._watch(heed=heed))
        try:
            await asyncio.wait((task, watch), return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                await self._ending(task)
            if task.cancelled() or (task.exception() is not None and watch.done()):
                watch.result()
            return task.result()
        finally:
            await end((task, watch))

    async def _ending(self, task: asyncio.Task[Any]) -> None:
        """Ends the work. The lease goes on meanwhile: a write that is on its way is waited for."""
        watch = asyncio.create_task(self._watch(heed=False))
        try:
            await end((task,))
        finally:
            await end((task, watch))

    async def _watch(self, *, heed: bool) -> None:
        while True:
            await asyncio.sleep(self.beat_seconds)
            try:
                pulse = await self._beat()
            except LedgerUnavailable as error:
                # Nothing is written meanwhile: every write asks first.
                _log.warning("heartbeat of %s: %s", self.row.key, error)
                continue
            if heed:
                check(pulse, self.row, newer_ends_it=self.newer_ends_it)
            elif pulse is None:
                raise OwnershipLost(f"{self.row.key} was taken over by another worker")
