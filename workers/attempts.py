"""One attempt at a row: take it, keep its lease alive, run, and write down how it ended."""

from __future__ import annotations

import asyncio
import logging
import secrets
from dataclasses import dataclass
from datetime import timedelta

from app.domain.errors import GitHubError, LedgerUnavailable, RateLimited, RevwrightError
from app.domain.jobs import Bell, RowKey
from app.domain.row import Row
from app.ports import Bells, Clock, Ledger
from app.usecases.review.announce import announce
from app.usecases.review.check_run import CheckRuns
from app.usecases.review.run import NotReviewed, OwnershipLost, ReviewRun, Superseded
from workers.leases import beating

_log = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
HOPELESS_ATTEMPTS = 10
"""After so many refusals (4xx) to take even that we gave up, the row is closed and the log says so."""
SILENT_ATTEMPTS = 8
"""More than the attempts that end in an error can be: the rest died with their workers."""


@dataclass(frozen=True, slots=True)
class BackOff:
    """Waits of base, 2 x base, 4 x base ... seconds between attempts, at most `ceiling_seconds`."""

    base_seconds: float = 5.0
    ceiling_seconds: float = 600.0

    def wait(self, attempts: int) -> timedelta:
        return timedelta(seconds=min(self.base_seconds * 2 ** min(attempts - 1, 30), self.ceiling_seconds))


@dataclass(frozen=True, slots=True)
class Announcements:
    """What an `announce` bell does: the check run, then the bell of the review.

    It holds the row meanwhile, so that a review which is rung at the same time does not make a second check run.
    """

    ledger: Ledger
    bells: Bells
    check_runs: CheckRuns
    beat_seconds: float

    async def answer(self, key: RowKey) -> None:
        owner = secrets.token_hex(8)
        try:
            row = await self.ledger.take(key, owner)
            if row is None:
                return  # done already, or a running review will see that more is wanted
            try:
                async with beating(self.ledger, key, owner, seconds=self.beat_seconds):
                    await announce(row, self.check_runs)
            finally:
                await self.ledger.hand_back(key, owner)
            await self.bells.ring(Bell("review", key))
        except LedgerUnavailable as error:
            _log.warning("announce of %s: %s", key, error)


@dataclass(frozen=True, slots=True)
class ReviewAttempts:
    """What a `review` bell does."""

    ledger: Ledger
    bells: Bells
    run: ReviewRun
    now: Clock
    back_off: BackOff
    beat_seconds: float
    limit_seconds: float
    """Ends before arq's own time-out, which would not count as a failed attempt."""

    async def answer(self, key: RowKey) -> None:
        """Never raises but for cancellation: arq does not repeat failed jobs, the ledger does."""
        run_id = secrets.token_hex(8)
        try:
            row = await self.ledger.take(key, run_id)
            if row is None:
                return
            async with beating(self.ledger, key, run_id, seconds=self.beat_seconds):
                if row.attempts > SILENT_ATTEMPTS:  # each ended without a word: with its worker
                    finished = await self._give_up(row, run_id, f"{row.attempts - 1} attempts did not end")
                else:
                    finished = await self._attempt(row, run_id)
            if finished and await self.ledger.done(key, run_id, row.generation):
                await self.bells.ring(Bell("review", key))
        except LedgerUnavailable as error:
            # The lease runs out and the row is handed out again: nothing is lost, and nothing more can be written.
            _log.error("run %s of %s: the ledger went away: %s", run_id, key, error)

    async def _attempt(self, row: Row, run_id: str) -> bool:
        """True when the generation is finished, one way or another."""
        try:
            async with asyncio.timeout(self.limit_seconds):
                outcome = await self.run.review(row, run_id=run_id, still_ours=lambda: self._wanted(row.key, run_id))
        except OwnershipLost as lost:
            _log.warning("run %s: %s", run_id, lost)
            return False
        except Superseded as newer:
            _log.info("run %s: %s", run_id, newer)
            await self.ledger.hand_back(row.key, run_id)
            await self.bells.ring(Bell("review", row.key))
            return False
        except asyncio.CancelledError:
            # Shutting down: hand the row to the next worker now instead of when the lease runs out.
            await asyncio.shield(
                self.ledger.retry_later(row.key, run_id, at=self.now(), error="the worker was stopped")
            )
            raise
        except LedgerUnavailable:
            raise
        except TimeoutError as error:
            _log.warning("run %s of %s, attempt %d: over its time limit", run_id, row.key, row.attempts)
            return await self._failed(row, run_id, f"the review took longer than {self.limit_seconds:.0f} s", error)
        except RevwrightError as error:
            _log.warning("run %s of %s, attempt %d: %s", run_id, row.key, row.attempts, error)
            return await self._failed(row, run_id, str(error), error)
        except Exception as error:  # noqa: BLE001 - the job edge: whatever it was, the row must learn of it
            _log.exception("run %s of %s, attempt %d: unexpected error", run_id, row.key, row.attempts)
            return await self._failed(row, run_id, f"internal error: {type(error).__name__}", error)
        note = outcome.reason if isinstance(outcome, NotReviewed) else outcome.report_conclusion.value
        _log.info("run %s of %s: %s", run_id, row.key, note)
        return True

    async def _failed(self, row: Row, run_id: str, reason: str, error: Exception) -> bool:
        hopeful = not isinstance(error, RevwrightError) or error.retry
        if hopeful and row.attempts < MAX_ATTEMPTS:
            at = error.retry_at if isinstance(error, RateLimited) else self.now() + self.back_off.wait(row.attempts)
            await self.ledger.retry_later(row.key, run_id, at=at, error=reason)
            return False
        return await self._give_up(row, run_id, reason)

    async def _give_up(self, row: Row, run_id: str, reason: str) -> bool:
        try:
            await self.run.give_up(row, reason, run_id=run_id)
        except GitHubError as refused:
            if not refused.retry and row.attempts >= HOPELESS_ATTEMPTS:
                _log.error("run %s of %s: gave up, and GitHub did not take it: %s", run_id, row.key, refused)
                return True
            # While GitHub is away, however long, the check must not be left open.
            at = refused.retry_at if isinstance(refused, RateLimited) else self.now() + self.back_off.wait(row.attempts)
            await self.ledger.retry_later(row.key, run_id, at=at, error=reason)
            return False
        return True

    async def _wanted(self, key: RowKey, run_id: str) -> int | None:
        return await self.ledger.beat(key, run_id)
