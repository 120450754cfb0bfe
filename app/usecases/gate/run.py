"""One run of a gate job: what the base commit demands, what people have approved, and the check that says so."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from app.domain.foreign_checks import Foreign
from app.domain.gate.asking import Ask
from app.domain.gate.decision import GateDecision, decide
from app.domain.gate.reading import reading_list
from app.domain.messages import gate as words
from app.domain.messages.check import CheckOutput, Conclusion
from app.domain.messages.gate import GateStory
from app.domain.messages.origin import Origin
from app.domain.pull_request import PullRequest, Sha
from app.domain.row import Order, Row
from app.ports import Mirrors, Place, PullRequests
from app.usecases.check_runs import PENDING, CheckRuns
from app.usecases.foreign.memory import ForeignChecks
from app.usecases.gate.escalating import Escalation
from app.usecases.gate.gathering import Gathering
from app.usecases.gate.standing import Demand, demand
from app.usecases.intake_people import TRIGGER
from app.usecases.job import Guard, Outcome, Progress
from app.usecases.newest import Newest
from app.usecases.passing import Passing
from app.usecases.policies import Ceilings

_NOTHING = GateDecision(met=True, requirements=())


@dataclass(frozen=True, slots=True)
class GateRun:
    """Implements Job. `check_runs` are those of the gate's check."""

    pull_requests: PullRequests
    mirrors: Mirrors
    check_runs: CheckRuns
    gathering: Gathering
    escalation: Escalation
    foreign: ForeignChecks
    ceilings: Ceilings
    github_url: str

    async def run(self, row: Row, guard: Guard, progress: Progress) -> Outcome:
        """Ends with a concluded check on the newest head, or raises an error that says whether to try again."""
        newest = Newest(self.pull_requests, self.mirrors)
        pull = await newest.read(row)
        place = Place(pull.ref, pull.repository)
        await guard()
        if not pull.open:
            await self.check_runs.cancel_others(place, None, words.closed())
            return Outcome("the pull request is closed")
        await self.check_runs.cancel_others(place, pull.head_sha, words.superseded())
        origin = Origin(row.run, self.github_url, pull.repository, pull.head_sha)
        story, output = await self._story(place, pull, origin, guard)
        passed = story.decision.met and not story.problems
        foreign = await self._foreign(place, pull)
        if foreign is not None:
            output = words.with_foreign(output, foreign, passed=passed)
            passed = passed and foreign.pinned
        await progress.note(f"gate: {output.title}")
        await newest.confirm(row, pull)
        await guard()
        if TRIGGER in row.triggers:  # somebody had the check run once more, and GitHub forgot what it said
            await self.check_runs.outbox.forget(place.ref, _said(pull.head_sha))
        await self._conclude(place, pull.head_sha, output, row.run, passed=passed)
        await self.escalation.tell(place, story, origin, guard)
        return Outcome(output.title)

    async def _foreign(self, place: Place, pull: PullRequest) -> Foreign | None:
        """Looked for when the head is known to be looked at: who finds such a check later asks for another run."""
        heads = self.check_runs.heads
        if await heads.state(place.ref, pull.head_sha) is None:
            await heads.note(place.ref, pull.head_sha, PENDING)
        return await self.foreign.on(place, pull.head_sha, pull.base_ref)

    async def _story(
        self, place: Place, pull: PullRequest, origin: Origin, guard: Guard
    ) -> tuple[GateStory, CheckOutput]:
        repository, wanted = await demand(self.ceilings, self.mirrors, pull)
        if not wanted.requirements:
            story = GateStory(_NOTHING, Ask(), reading_list((), ()), wanted.problems)
            return story, words.concluded(story, origin) if wanted.problems else words.untouched()
        gathered = await self.gathering.of(place, pull, repository, wanted.requirements)
        decision = decide(wanted.requirements, gathered.reviews, gathered.facts)
        ask, taken = Ask(), True
        if not decision.met:
            ask = await self.escalation.whom(place, decision, gathered.facts)
            taken = await self.escalation.ask(place, ask, guard)
        story = _told(decision, ask, wanted, taken=taken)
        return story, words.concluded(story, origin)

    async def _conclude(self, place: Place, head: Sha, output: CheckOutput, run_id: str, *, passed: bool) -> None:
        """A check that says the same already is left alone, unless another pull request shares the head."""
        said, digest = _said(head), _digest(output, passed=passed)
        before = (await self.check_runs.outbox.finished(place.ref, said)).get(said)
        if before == digest and not await self.check_runs.heads.others(place.ref, head):
            return
        await self.check_runs.outbox.forget(place.ref, said)  # whatever becomes of this attempt
        if passed:
            passing = Passing(self.check_runs, self.check_runs.heads, self.pull_requests)
            await passing.succeed(place, head, output, run_id)
        else:
            await self.check_runs.conclude(place, head, Conclusion.ACTION_REQUIRED, output)
        await self.check_runs.outbox.finish(place.ref, said, digest)

    async def end_early(self, row: Row, order: Order) -> Outcome:
        """Whoever stops it gains nothing: without a decision there is no green check."""
        return Outcome(f"{order}: the gate of {row.key.ref} is not decided")

    async def superseded(self, row: Row) -> None:
        """The next run ends the older heads' checks."""

    async def waits(self, row: Row, reason: str, until: object) -> None:
        """Until there is a decision there is no check, and a required check that is not there blocks."""

    async def give_up(self, row: Row, reason: str) -> None:
        """Concludes the newest head's check, and whatever a run that ended early left open."""
        place, told = Place(row.key.ref, row.wanted.repository), row.wanted.head
        output = words.failed(reason, run_id=row.run)
        if told is not None:
            await self.check_runs.outbox.forget(place.ref, _said(told))
        await self.check_runs.fail(place, told, output, row.run)


def _told(decision: GateDecision, ask: Ask, wanted: Demand, *, taken: bool) -> GateStory:
    reading = reading_list(decision.unmet, wanted.changes)
    return GateStory(decision, ask, reading, wanted.problems, unrequested=not taken)


def _said(head: Sha) -> str:
    """The outbox key of what the head's check says now."""
    return f"gate:said:{head}"


def _digest(output: CheckOutput, *, passed: bool) -> int:
    """The outbox keeps numbers."""
    material = "\0".join([str(passed), output.title, output.summary, output.text])
    return int.from_bytes(hashlib.sha256(material.encode()).digest()[:8], "big")
