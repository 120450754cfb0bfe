"""Writes down for people what becomes of a row; no decision rests on it, so its troubles are nobody else's."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from app.domain.errors import LedgerUnavailable
from app.domain.report import ModelUse
from app.domain.row import Row
from app.domain.runs import RunStart, RunState
from app.ports import Runs
from workers.run_log import recording

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """The record of one run. Implements usecases.job.Progress."""

    runs: Runs
    run_id: str

    async def note(self, text: str) -> None:
        with _harmless(self.run_id):
            await self.runs.note(self.run_id, text)

    async def spent(self, uses: tuple[ModelUse, ...]) -> None:
        with _harmless(self.run_id):
            await self.runs.spent(self.run_id, uses)

    async def end(
        self, state: RunState, *, outcome: str = "", error: str = "", next_at: datetime | None = None
    ) -> None:
        with _harmless(self.run_id):
            await self.runs.end(self.run_id, state, outcome=outcome, error=error, next_at=next_at)


@dataclass(frozen=True, slots=True)
class RunBook:
    """The records of all runs."""

    runs: Runs

    @asynccontextmanager
    async def opened(self, row: Row) -> AsyncIterator[Entry]:
        """An attempt at the row; what is logged meanwhile becomes the log of its run."""
        entry = Entry(self.runs, row.run)
        with _harmless(row.run):
            await self._close(row.run_before)
            await self.runs.begin(
                RunStart(row.run, row.key, row.wanted.repository, row.wanted.head, row.triggers, row.generation)
            )
        async with recording(self.runs, row.run):
            yield entry

    async def _close(self, run_id: str) -> None:
        """A run that waited for another attempt, or whose worker died, when something newer was wanted."""
        before = await self.runs.read(run_id) if run_id else None
        if before is not None and before.state in {RunState.RUNNING, RunState.WAITING}:
            await self.runs.end(run_id, RunState.SUPERSEDED, outcome="something newer is wanted")


@contextlib.contextmanager
def _harmless(run_id: str) -> Iterator[None]:
    try:
        yield
    except LedgerUnavailable as error:
        _log.warning("the record of run %s cannot be written: %s", run_id, error)
