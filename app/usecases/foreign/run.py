"""The job of foreign checks: each is put on record, and what stands on its commit is decided again."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from hashlib import sha256

from app.domain.foreign_checks import ForeignOnHead
from app.domain.jobs import JobKind, RowKey
from app.domain.merge_group import AskedOfHead
from app.domain.row import KeptNote, Note, Order, Row, Wanted
from app.ports import Clock, Heads, Intake, Notes
from app.usecases.foreign.memory import ForeignChecks
from app.usecases.intake import Accepted
from app.usecases.job import Guard, Outcome, Progress
from app.usecases.take_in import take_in

_log = logging.getLogger(__name__)

MOST_AT_ONCE = 50
"""What one attempt looks into; the rest waits for the next one."""
MOST_PULLS = 20
"""Of so many pull requests with one head the gate decides again."""
TRIGGER = "foreign check"


@dataclass(frozen=True, slots=True)
class ForeignRun:
    """Implements Job. `heads`: where pull requests are known by their heads; `groups`: where merge groups are."""

    notes: Notes
    foreign: ForeignChecks
    heads: tuple[Heads, ...]
    groups: Heads
    intake: Intake
    now: Clock

    async def run(self, row: Row, guard: Guard, progress: Progress) -> Outcome:
        """The record is the run itself, and a warning in the log. It comes first: a gate that runs meanwhile notes its
        head before it looks for the record, so that one of the two sees the other.
        """
        kept = await self.notes.of(row.key)
        told: list[str] = []
        for note in kept[:MOST_AT_ONCE]:
            await guard()
            told.append(await self._one(row, note))
            await progress.note(told[-1])
            await self.notes.done(row.key, note.note)
        more = len(kept) > MOST_AT_ONCE
        return Outcome("; ".join(told) or "nothing is told", again_at=self.now() if more else None)

    async def end_early(self, row: Row, order: Order) -> Outcome:
        """What was told is kept: stopping it makes nothing green."""
        for kept in await self.notes.of(row.key):
            await self._remember(row, ForeignOnHead.parse(kept.note.text))
        return Outcome(f"{order}: put on record, and no gate is asked again")

    async def superseded(self, row: Row) -> None:
        """Nothing newer ends this job."""

    async def waits(self, row: Row, reason: str, until: object) -> None:
        """It has no check of its own."""

    async def give_up(self, row: Row, reason: str) -> None:
        """Nothing of it needs GitHub, so that it is done all the same."""
        _log.warning("%s: looked into for the last time: %s", row.key, reason)
        for kept in await self.notes.of(row.key):
            await self._one(row, kept)
            await self.notes.done(row.key, kept.note)

    async def _one(self, row: Row, kept: KeptNote) -> str:
        found = ForeignOnHead.parse(kept.note.text)
        await self._remember(row, found)
        wish = f"foreign:{row.key.ref}:{kept.note.id}:{kept.taken_at.timestamp():.3f}"
        numbers = [number for heads in self.heads for number in await heads.others(row.key.ref, found.head)]
        numbers = sorted(dict.fromkeys(numbers))[:MOST_PULLS]
        wanted = Wanted(row.wanted.repository, None, TRIGGER, draft=False)
        again = [Accepted(RowKey(JobKind.GATE, replace(row.key.ref, number=number)), wanted) for number in numbers]
        if await self.groups.state(row.key.ref, found.head):
            asked = AskedOfHead(found.head)
            again.append(Accepted(RowKey(JobKind.QUEUE, row.key.ref), wanted, note=Note(asked.id, asked.text)))
        for one in again:
            id_ = f"{wish}:{one.row}"
            await take_in(self.intake, one, id_=sha256(id_.encode()).hexdigest(), event=TRIGGER, body=id_.encode())
        decided = ", ".join(f"{one.row.kind} #{one.row.ref.number}" for one in again) or "nothing stands on it"
        return f"{found.check.source} set {found.check.name} on {found.head}; decided again: {decided}"

    async def _remember(self, row: Row, found: ForeignOnHead) -> None:
        check, where = found.check, row.wanted.repository
        _log.warning("%s: %s set %s on %s, which is not ours", where, check.source, check.name, found.head)
        await self.foreign.remember(row.key.ref, found.head, found.check)
