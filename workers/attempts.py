"""One attempt at the next row of a queue: take it, do its job under the lease, and write down how it ended."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.domain.errors import (
    GitHubUnavailable,
    LedgerUnavailable,
    Limit,
    RateLimited,
    RevwrightError,
    SandboxUnavailable,
)
from app.domain.jobs import OUTAGE_ATTEMPTS, JobKind, JobLimits, Queue
from app.domain.row import Order, Row
from app.domain.runs import RunState
from app.ports import Clock, Ledger
from app.usecases.fence import Fence
from app.usecases.job import Job, OwnershipLost, Stopped, Superseded, check
from workers.back_off import BackOff
from workers.leases import Lease
from workers.run_book import Entry, RunBook

_log = logging.getLogger(__name__)

HOPELESS_ATTEMPTS = 10
"""After so many more refusals (4xx) to take even that we gave up, the row is closed and the log says so."""
MOST_DEATHS = 5
"""So many workers may die over one generation of a row."""
_FOREIGN_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class _Hold:
    """A row in our hands: who holds it, its job and what that may take."""

    row: Row
    job: Job
    limits: JobLimits
    lease: Lease
    entry: Entry


@dataclass(frozen=True, slots=True)
class Attempts:
    """What a `work` bell does."""

    ledger: Ledger
    book: RunBook
    jobs: Mapping[JobKind, Job]
    limits: Mapping[JobKind, JobLimits]
    now: Clock
    back_off: BackOff
    beat_seconds: float

    async def answer(self, queue: Queue) -> None:
        """Never raises but for cancellation: arq does not repeat failed jobs, the ledger does."""
        owner, fence = secrets.token_hex(8), Fence()
        try:
            row = await self.ledger.next(queue, owner, run=secrets.token_hex(8))
            if row is None:
                return
            job = self.jobs.get(row.key.kind)
            if job is None:
                _log.error("%s: this version has no job of the kind %s; it is put off", row.key, row.key.kind)
                await self.ledger.retry_later(row.key, owner, seconds=_FOREIGN_SECONDS, error="no such job here")
                return
            limits = self.limits[row.key.kind]
            lease = Lease(self.ledger, row, owner, self.beat_seconds, fence, newer_ends_it=limits.newer_ends_it)
            async with self.book.opened(row) as entry:
                await self._attempt(_Hold(row, job, limits, lease, entry))
        except LedgerUnavailable as error:
            # The lease runs out and the row is handed out again: nothing is lost, and nothing more can be written.
            _log.error("a job of the queue %s: the ledger went away: %s", queue, error)

    async def _attempt(self, hold: _Hold) -> None:
        """Whatever happens, also while a failure is told: the row is given back, or somebody else's already."""
        row = hold.row
        try:
            await self._ended(hold)
        except OwnershipLost as lost:
            _log.warning("run %s: %s", row.run, lost)
        except LedgerUnavailable:
            raise
        except asyncio.CancelledError:
            # Shutting down: hand the row to the next worker now instead of when the lease runs out.
            await asyncio.shield(self._hand_over(hold))
            raise

    async def _ended(self, hold: _Hold) -> None:
        async def in_time() -> None:
            async with asyncio.timeout(hold.limits.seconds):
                await self._work(hold)

        match await self._error_of(hold, in_time()):
            case None:
                return
            case TimeoutError() as error:
                await self._failed(hold, f"it took longer than {hold.limits.seconds:.0f} s", error)
            case RevwrightError() as error:
                await self._failed(hold, str(error), error)
            case error:
                await self._failed(hold, f"internal error: {type(error).__name__}", error)

    async def _error_of(self, hold: _Hold, doing: Coroutine[Any, Any, None]) -> Exception | None:
        """What stood in the way, unless the row is not ours any more or the ledger cannot be told."""
        row = hold.row
        try:
            await doing
        except (OwnershipLost, LedgerUnavailable):
            raise
        except (RevwrightError, TimeoutError) as error:
            return error
        except Exception as error:  # noqa: BLE001 - the job edge: whatever it was, the row must learn of it
            _log.exception("run %s of %s, attempt %d: unexpected error", row.run, row.key, row.attempts)
            return error
        return None

    async def _work(self, hold: _Hold) -> None:
        """The job, or what is to be done in its place."""
        row, job, lease = hold.row, hold.job, hold.lease
        if row.deaths >= MOST_DEATHS:
            await self._give_up(hold, f"{row.deaths} attempts ended with the worker that made them")
            return
        try:
            check(row.pulse, row)
            outcome, state = await lease.keep(job.run(row, lease.guard, hold.entry)), RunState.DONE
        except Stopped as asked:
            outcome = await lease.keep(job.end_early(row, asked.order), heed=False)
            state = RunState.PAUSED if asked.order is Order.PAUSE else RunState.STOPPED
        except Superseded as newer:
            _log.info("run %s: %s", row.run, newer)
            await self._withdraw(hold)
            return
        if outcome.again_at is not None and row.attempts < OUTAGE_ATTEMPTS:
            await self._later(hold, outcome.again_at, outcome.text, outage=True)
            return
        await hold.entry.end(state, outcome=outcome.text)  # first: the next run may begin as soon as the row is free
        await self.ledger.done(row.key, lease.owner, row.generation, reviewed=outcome.reviewed)
        _log.info("run %s of %s: %s", row.run, row.key, outcome.text)

    async def _withdraw(self, hold: _Hold) -> None:
        row = hold.row
        untold = await self._told(hold, hold.job.superseded(row))
        if untold is not None:  # the next run does the same
            _log.warning("run %s of %s: superseded, and GitHub was not told: %s", row.run, row.key, untold)
        await hold.entry.end(RunState.SUPERSEDED, outcome="something newer is wanted")
        await self.ledger.hand_back(row.key, hold.lease.owner, counted=True)

    async def _hand_over(self, hold: _Hold) -> None:
        await hold.entry.end(RunState.WAITING, error="the worker was stopped; another one goes on")
        await self.ledger.hand_back(hold.row.key, hold.lease.owner, counted=True)

    async def _failed(self, hold: _Hold, reason: str, error: Exception) -> None:
        row = hold.row
        _log.warning("run %s of %s, attempt %d: %s", row.run, row.key, row.attempts, reason)
        # What an outage has cost before says nothing about another error that comes after it.
        some_left = row.attempts < OUTAGE_ATTEMPTS if _is_outage(error) else _own(row) < hold.limits.attempts
        if (not isinstance(error, RevwrightError) or error.retry) and some_left:
            await self._again(hold, reason, error)
        else:
            await self._give_up(hold, reason)

    async def _again(self, hold: _Hold, reason: str, error: Exception) -> None:
        """Another attempt later; the slot is free meanwhile."""
        row = hold.row
        until = self._next_attempt(row, error)
        if isinstance(error, RateLimited) and error.limit is not Limit.PACE:
            await self.ledger.hold(row.key.ref.installation_id, until=until)
        untold = await self._told(hold, hold.job.waits(row, reason, until))
        if untold is not None:
            _log.info("run %s of %s: the check does not tell yet why it waits: %s", row.run, row.key, untold)
        await self._later(hold, until, reason, outage=_is_outage(error))

    async def _give_up(self, hold: _Hold, reason: str) -> None:
        row = hold.row
        refused = await self._told(hold, hold.job.give_up(row, reason))
        if refused is not None:
            if _passing(refused) or _own(row) < hold.limits.attempts + HOPELESS_ATTEMPTS:
                # While GitHub is away, however long, the check must not be left open.
                await self._later(hold, self._next_attempt(row, refused), reason, outage=_is_outage(refused))
                return
            _log.error("run %s of %s: gave up, and GitHub did not take it: %s", row.run, row.key, refused)
        await hold.entry.end(RunState.FAILED, outcome="given up", error=reason)
        await self.ledger.bury(row.key, hold.lease.owner, row.generation, error=reason)
        _log.error("run %s of %s: given up: %s", row.run, row.key, reason)

    async def _told(self, hold: _Hold, telling: Coroutine[Any, Any, None]) -> Exception | None:
        """Tells something on GitHub. What stood in the way is returned: the row is given back all the same."""
        return await self._error_of(hold, hold.lease.keep(telling, heed=False))

    async def _later(self, hold: _Hold, until: datetime, reason: str, *, outage: bool) -> None:
        seconds = (until - self.now()).total_seconds()
        await hold.entry.end(RunState.WAITING, error=reason, next_at=until)
        await self.ledger.retry_later(hold.row.key, hold.lease.owner, seconds=seconds, error=reason, outage=outage)

    def _next_attempt(self, row: Row, error: Exception) -> datetime:
        """When GitHub asks us to come back, that is the time; but not sooner than the back-off wants."""
        if isinstance(error, RateLimited) and error.limit is Limit.PACE:
            return max(error.retry_at, self.now())
        hint = error.retry_after_seconds if isinstance(error, GitHubUnavailable) else None
        own = self.now() + timedelta(seconds=max(self.back_off.seconds(row.attempts), hint or 0.0))
        # By a clock that is ahead of GitHub's, the time that GitHub asked for may be over already.
        return max(error.retry_at, own) if isinstance(error, RateLimited) else own


def _is_outage(error: Exception) -> bool:
    """Whether GitHub, or the runner of sandboxes, could not be asked: that is no fault of the job, and passes."""
    return isinstance(error, RateLimited | GitHubUnavailable | SandboxUnavailable)


def _own(row: Row) -> int:
    """The attempts that no outage ended."""
    return row.attempts - row.outages


def _passing(error: Exception) -> bool:
    return isinstance(error, RevwrightError) and error.retry
