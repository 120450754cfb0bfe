"""One run of a merge queue's job: both checks on each group that GitHub asks about, the oldest first."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from app.domain.errors import GitFailed, GitHubRefused, RevwrightError
from app.domain.foreign_checks import Foreign
from app.domain.merge_group import Asked, AskedOfGroup, MergeGroup, parse_asked
from app.domain.messages import merge_queue as words
from app.domain.messages.check import CheckOutput, Conclusion
from app.domain.messages.gate import foreign_lack, with_foreign
from app.domain.messages.merge_queue import Lack
from app.domain.pull_request import PullRequest, PullRequestRef, Sha
from app.domain.row import KeptNote, Order, Row
from app.ports import Heads, Notes, Place
from app.usecases.check_runs import HELD, CheckRuns
from app.usecases.foreign.memory import ForeignChecks
from app.usecases.job import Guard, Outcome, Progress
from app.usecases.merge_queue.composing import Composing, Composition

_log = logging.getLogger(__name__)

_GONE = frozenset((404, 410, 422))
_PASSED = frozenset((Conclusion.SUCCESS, HELD))


@dataclass(frozen=True, slots=True)
class GroupCheck:
    """One of the checks on groups. `passes`: how pull requests stand in the check of the same name."""

    check_runs: CheckRuns
    passes: Heads
    foreign: ForeignChecks | None = None
    """Where a check that another source set keeps this one from passing."""

    async def lacks(self, place: Place, group: MergeGroup, found: Composition, foreign: Foreign | None) -> list[Lack]:
        """All that stands in the way of a green check."""
        lacks = list(found.lacks)
        if not found.on_branch and not await self._passed_base(place.ref, group):
            lacks.append(Lack(None, f"it is put on {group.base}, where this check has not passed"))
        if foreign is not None and not foreign.pinned:
            lacks.append(Lack(None, foreign_lack(foreign)))
        told = [(pull.ref.number, await self._lack(place, pull)) for pull in found.pulls]
        return lacks + [Lack(number, what) for number, what in told if what]

    async def conclude(self, place: Place, group: MergeGroup, found: Composition) -> bool:
        """Whether the check is green now."""
        foreign = await self.foreign.on(place, group.head, group.base_branch) if self.foreign else None
        lacks, passed = await self.lacks(place, group, found, foreign), self._passed_key(group, group.head)
        name = self.check_runs.name
        if lacks:
            await self.check_runs.outbox.forget(place.ref, passed)
            await self.check_runs.conclude(place, group.head, Conclusion.FAILURE, words.lacking(lacks, name))
            return False
        # Before the check is over, after which nobody looks again: the next group may be put on this one.
        await self.check_runs.outbox.finish(place.ref, passed, 1)
        output = words.passed([pull.ref.number for pull in found.pulls], name)
        if foreign is not None:
            output = with_foreign(output, foreign, passed=True)
        await self.check_runs.conclude(place, group.head, Conclusion.SUCCESS, output)
        return True

    async def take_away(self, place: Place, group: MergeGroup) -> None:
        """Ends the check if it is open, and forgets the group: a queue makes new ones for ever."""
        if group.head in await self.check_runs.open_heads(place.ref):
            await self._end(place, group.head, Conclusion.CANCELLED, words.gone())
        await self.check_runs.forget(place.ref, group.head)
        await self.check_runs.outbox.forget(place.ref, self._passed_key(group, group.head))

    async def fail(self, place: Place, group: MergeGroup, output: CheckOutput, *, even_over: bool) -> None:
        """Ends the check. `even_over`: also one that is over, because what it said is asked for anew."""
        if even_over or not await self.check_runs.is_over(place.ref, group.head):
            await self.check_runs.outbox.forget(place.ref, self._passed_key(group, group.head))
            await self._end(place, group.head, Conclusion.FAILURE, output)

    async def end_open(self, place: Place, output: CheckOutput) -> None:
        """Ends what is open though nobody asks about it any more."""
        for head in await self.check_runs.open_heads(place.ref):
            await self._end(place, head, Conclusion.FAILURE, output)

    async def _end(self, place: Place, head: Sha, conclusion: Conclusion, output: CheckOutput) -> None:
        try:
            await self.check_runs.conclude(place, head, conclusion, output)
        except GitHubRefused as error:  # with the group, its commit may be gone
            if error.status not in _GONE:
                raise

    async def _lack(self, place: Place, pull: PullRequest) -> str:
        """One that was held back by others with its head has passed as soon as they have: nobody wrote that down."""
        states = await self.passes.others(place.ref, pull.head_sha)
        state = states.get(pull.ref.number)
        if state == Conclusion.SUCCESS or (state == HELD and _PASSED.issuperset(states.values())):
            return ""
        known = "no result is known" if state is None else f"it is: {state}"
        return f"this check has not passed on its present head {pull.head_sha} ({known})"

    async def _passed_base(self, ref: PullRequestRef, group: MergeGroup) -> bool:
        """Whether what the group is put on is a group for the same branch that has passed."""
        key = self._passed_key(group, group.base)
        return key in await self.check_runs.outbox.finished(ref, key)

    def _passed_key(self, group: MergeGroup, commit: Sha) -> str:
        return f"{self.check_runs.prefix}passed:{commit}:{group.base_branch}"


@dataclass(frozen=True, slots=True)
class MergeQueueRun:
    """Implements Job. A newer group does not end the look at an older one. `groups`: what was asked about each head."""

    notes: Notes
    composing: Composing
    checks: tuple[GroupCheck, ...]
    groups: Heads

    async def run(self, row: Row, guard: Guard, progress: Progress) -> Outcome:
        """Ends with concluded checks on every group that was asked about. What stands in the way of one group is raised
        after the others had their turn.
        """
        place = Place(row.key.ref, row.wanted.repository)
        told: list[str] = []
        trouble: RevwrightError | None = None
        for kept, asked in await self._open(row):
            await guard()
            try:
                told.append(await self._answer(place, asked, guard))
            except (GitFailed, GitHubRefused) as error:
                _log.warning("%s: the group %s: %s", row.key, asked.group.head, error)
                if error.retry:
                    trouble = trouble or error
                    continue
                await self._abandon(place, asked, str(error), row)
                told.append(f"{asked.group.head}: {error}")
            await self.notes.done(row.key, kept.note)
            await progress.note(told[-1])
        if trouble is not None:
            raise trouble
        return Outcome("; ".join(told) or "nothing is asked")

    async def _open(self, row: Row) -> list[tuple[KeptNote, AskedOfGroup]]:
        """What is asked, oldest first; a group that is gone already is not looked at."""
        notes = [(kept, await self._asked(row, kept)) for kept in await self.notes.of(row.key)]
        every = [(kept, asked) for kept, asked in notes if asked is not None]
        gone = {asked.group.head for _, asked in every if asked.asked is Asked.DESTROYED}
        left = [one for one in every if one[1].asked is Asked.DESTROYED or one[1].group.head not in gone]
        for kept, _ in notes:
            if kept not in [one for one, _ in left]:
                await self.notes.done(row.key, kept.note)
        return left

    async def _asked(self, row: Row, kept: KeptNote) -> AskedOfGroup | None:
        """None where a head is asked about that is no group's, or no more."""
        asked = parse_asked(kept.note.text)
        if isinstance(asked, AskedOfGroup):
            return asked
        known = await self.groups.state(row.key.ref, asked.head)
        return replace(AskedOfGroup.parse(known), asked=Asked.AGAIN) if known else None

    async def _answer(self, place: Place, asked: AskedOfGroup, guard: Guard) -> str:
        group = asked.group
        if asked.asked is Asked.DESTROYED:
            await self._take_away(place, group)
            return f"{group.head}: gone"
        await self.groups.note(place.ref, group.head, AskedOfGroup(Asked.CHECKS, group).text)
        left = [one for one in self.checks if asked.again or not await one.check_runs.is_over(place.ref, group.head)]
        for check in left:
            await check.check_runs.start(place, group.head, words.checking())
        found = await self.composing.of(place, group) if left else None
        green = []
        for check in left:
            await guard()
            if found is not None and await check.conclude(place, group, found):
                green.append(check.check_runs.name)
        return f"{group.head}: {', '.join(green) or 'nothing'} passed"

    async def end_early(self, row: Row, order: Order) -> Outcome:
        """Whoever stops it gains nothing: a required check that is not green blocks."""
        return Outcome(f"{order}: the groups of {row.key.ref} are not looked at")

    async def superseded(self, row: Row) -> None:
        """Each group is asked about by itself."""

    async def waits(self, row: Row, reason: str, until: object) -> None:
        """The checks are open meanwhile."""

    async def give_up(self, row: Row, reason: str) -> None:
        """Concludes what is open as failed: a queue would wait for it until its time-out."""
        place = Place(row.key.ref, row.wanted.repository)
        for kept, asked in await self._open(row):
            await self._abandon(place, asked, reason, row)
            await self.notes.done(row.key, kept.note)
        for check in self.checks:  # a note is kept for a day only
            await check.end_open(place, words.failed(reason, run_id=row.run))

    async def _abandon(self, place: Place, asked: AskedOfGroup, reason: str, row: Row) -> None:
        if asked.asked is Asked.DESTROYED:
            await self._take_away(place, asked.group)
        else:
            for check in self.checks:
                await check.fail(place, asked.group, words.failed(reason, run_id=row.run), even_over=asked.again)

    async def _take_away(self, place: Place, group: MergeGroup) -> None:
        for check in self.checks:
            await check.take_away(place, group)
        await self.groups.note(place.ref, group.head, "")
