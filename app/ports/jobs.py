"""The ledger of jobs: taking in, handing out, ordering about, and waking workers."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from app.domain.events import Delivery
from app.domain.jobs import Queue, RowKey
from app.domain.pull_request import Sha
from app.domain.row import KeptNote, Note, Pulse, Row, Wanted


class Intake(Protocol):
    """The one call that makes an accepted delivery durable."""

    async def accept(
        self,
        delivery: Delivery,
        row: RowKey,
        wanted: Wanted,
        *,
        also: tuple[RowKey, ...] = (),
        note: Note | None = None,
    ) -> bool:
        """In one step: remember the delivery, raise the row's generation, put it in line, ring the bell.

        `also`: further rows of which the same is wanted; `note`: kept for the job of `row`. False when the delivery was
        seen before (by id or body). Raises LedgerUnavailable.
        """
        ...


class Notes(Protocol):
    """What was asked of a row, one by one. Raises LedgerUnavailable."""

    async def of(self, row: RowKey) -> tuple[KeptNote, ...]:
        """Those that nobody has done yet, the oldest first."""
        ...

    async def done(self, row: RowKey, note: Note) -> None:
        """It is done, and forgotten."""
        ...


class Ledger(Protocol):
    """The truth about jobs. Every call raises LedgerUnavailable when Redis can not answer.

    What an owner asks of a row that it has lost does nothing.
    """

    async def next(self, queue: Queue, owner: str, *, run: str) -> Row | None:
        """The row whose turn it is, now leased to `owner`; None when none may run. `run`: an id for a new run."""
        ...

    async def take(self, row: RowKey, owner: str) -> Row | None:
        """This row, leased to `owner` out of turn; None when nothing is wanted of it or another owner is at work.

        It does not count as an attempt: give it back with hand_back(counted=False).
        """
        ...

    async def beat(self, row: RowKey, owner: str) -> Pulse | None:
        """Extends the lease and says what is wanted now; None when `owner` has lost the row."""
        ...

    async def done(self, row: RowKey, owner: str, generation: int, *, reviewed: Sha | None = None) -> None:
        """Generation finished; if a newer one is wanted, the row is in line for it. `reviewed`: the head whose
        review is now on GitHub, or None.
        """
        ...

    async def bury(self, row: RowKey, owner: str, generation: int, *, error: str) -> None:
        """Generation given up: the row is dead until a person or a new generation brings it back."""
        ...

    async def retry_later(self, row: RowKey, owner: str, *, seconds: float, error: str, outage: bool = False) -> None:
        """Gives the row back; it is due again after `seconds`. `outage`: it was GitHub's trouble, not the job's."""
        ...

    async def hand_back(self, row: RowKey, owner: str, *, counted: bool) -> None:
        """Gives the row back, due at once. `counted`: it was an attempt and shall not be one."""
        ...

    async def hold(self, installation_id: int, *, until: datetime) -> None:
        """No row of the installation is handed out before the latest `until`: GitHub asked for a pause."""
        ...

    async def held_until(self, installation_id: int) -> datetime | None:
        """Until when the installation is held, or None."""
        ...

    async def read(self, row: RowKey) -> Row | None:
        """The row as it stands, without taking it."""
        ...


class Orders(Protocol):
    """What people ask of a row. False: there was nothing to do. Raises LedgerUnavailable."""

    async def stop(self, row: RowKey) -> bool:
        """Ends what runs or waits; the next push starts anew."""
        ...

    async def pause(self, row: RowKey) -> bool:
        """Nothing runs for this pull request until `resume`."""
        ...

    async def resume(self, row: RowKey) -> bool:
        """Ends a pause; the pull request is looked at."""
        ...

    async def retry(self, row: RowKey) -> bool:
        """Runs a dead or finished row again, and one that waits for a later attempt now."""
        ...


class Bells(Protocol):
    """What wakes workers. A bell carries no work: who hears it asks for the next row."""

    async def due(self) -> frozenset[Queue]:
        """Puts rows in line whose time has come or whose worker died; the queues in which a row waits that may
        run.
        """
        ...

    async def ring(self, queue: Queue, times: int) -> None:
        """Wakes so many workers of the queue."""
        ...
