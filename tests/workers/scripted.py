"""A job that does what a test tells it, on the real ledger."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NoReturn

from app.adapters.store.ledger import RedisLedger
from app.adapters.store.runs import RedisRuns
from app.domain.events import Delivery
from app.domain.jobs import LIMITS, JobKind, JobLimits, Queue, RowKey
from app.domain.row import Order, Row
from app.usecases.job import Guard, Outcome, Progress
from tests.adapters.store.ledger import WANTED
from tests.build import KEY
from workers.attempts import Attempts
from workers.back_off import BackOff
from workers.run_book import RunBook

Body = Callable[[Row, Guard], Awaitable[Outcome]]


async def finished(_row: Row, _guard: Guard) -> Outcome:
    return Outcome("done")


@dataclass
class Scripted:
    """Implements usecases.job.Job; `told` is what it was asked to tell on GitHub."""

    body: Body = finished
    told: list[str] = field(default_factory=list)
    refusals: list[Exception] = field(default_factory=list)
    """Raised in place of telling, one after the other."""

    async def run(self, row: Row, guard: Guard, progress: Progress) -> Outcome:
        self.told.append("run")
        return await self.body(row, guard)

    async def end_early(self, row: Row, order: Order) -> Outcome:
        self._tell(f"{order}")
        return Outcome(order)

    async def superseded(self, row: Row) -> None:
        self._tell("superseded")

    async def waits(self, row: Row, reason: str, until: datetime) -> None:
        self._tell(f"waits: {reason}")

    async def give_up(self, row: Row, reason: str) -> None:
        self._tell(f"gave up: {reason}")

    def _tell(self, text: str) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.told.append(text)


def attempts_at(
    ledger: RedisLedger, job: Scripted, *, kind: JobKind = JobKind.REVIEW, seconds: float = 60.0
) -> Attempts:
    limits: Mapping[JobKind, JobLimits] = {**LIMITS, kind: replace(LIMITS[kind], seconds=seconds)}
    return Attempts(
        ledger,
        RunBook(RedisRuns(ledger._redis)),
        {kind: job},
        limits,
        lambda: datetime.now(UTC),
        BackOff(base_seconds=0.0),
        beat_seconds=0.01,
    )


class Owners:
    """The ledger; it notes who takes rows."""

    def __init__(self, ledger: RedisLedger, owners: list[str]) -> None:
        self._ledger = ledger
        self._owners = owners

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    async def next(self, queue: Queue, owner: str, *, run: str) -> Row | None:
        self._owners.append(owner)
        return await self._ledger.next(queue, owner, run=run)


async def wanted(ledger: RedisLedger, key: RowKey = KEY, number: int = 1) -> None:
    """One delivery that asks for the job."""
    assert await ledger.accept(Delivery(f"id-{number}", "pull_request", f"digest-{number}"), key, WANTED)


async def row_of(ledger: RedisLedger) -> Row:
    row = await ledger.read(KEY)
    assert row is not None
    return row


def fails(error: Exception) -> Body:
    async def body(_row: Row, _guard: Guard) -> NoReturn:
        raise error

    return body
