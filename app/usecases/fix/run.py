"""The job of fixes: what people asked for on one pull request, the oldest first, each worked on and told of once."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from app.domain.fix.order import FixOrder, decode
from app.domain.messages import fix_answers as answers
from app.domain.row import Note, Order, Row
from app.usecases.fix.attending import Attending
from app.usecases.fix.parts import FixParts
from app.usecases.job import Guard, Outcome, Progress

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FixRun:
    """Implements usecases.job.Job. A note is a wish; what it says of people and findings is asked for again."""

    parts: FixParts

    async def run(self, row: Row, guard: Guard, progress: Progress) -> Outcome:
        """One wish after the other."""
        told = []
        for note, order in await self._orders(row):
            await guard()
            told.append(await Attending(self.parts, order, row).attend(guard, progress))
            await progress.note(f"{order.wish}: {told[-1]}")
            await self.parts.notes.done(row.key, note)
        await self.parts.answers.forget(row.key)
        return Outcome("; ".join(told) or "nothing is left to do")

    async def end_early(self, row: Row, order: Order) -> Outcome:
        """What was begun is ended honestly: a commit that may be on GitHub is looked for, and told of."""
        await self._end(row, answers.stopped())
        return Outcome("paused" if order is Order.PAUSE else "stopped")

    async def superseded(self, row: Row) -> None:
        """Nothing newer ends this job."""

    async def waits(self, row: Row, reason: str, until: datetime) -> None:
        """The comment of the wish that is worked on says so."""
        for _, order in (await self._orders(row))[:1]:
            await Attending(self.parts, order, row).waits(reason, until)

    async def give_up(self, row: Row, reason: str) -> None:
        """Who asked is told that nothing comes of it."""
        await self._end(row, answers.given_up(reason))

    async def _orders(self, row: Row) -> list[tuple[Note, FixOrder]]:
        found = []
        for kept in await self.parts.notes.of(row.key):
            order = decode(kept.note.text)
            if order is None:
                _log.warning("%s: a wish of another version is passed over", row.key)
                await self.parts.notes.done(row.key, kept.note)
            else:
                found.append((kept.note, order))
        return found

    async def _end(self, row: Row, why: str) -> None:
        for note, order in await self._orders(row):
            await Attending(self.parts, order, row).ended_early(why)
            await self.parts.notes.done(row.key, note)
