"""One run of a review job: read the pull request, freeze it, examine it, and publish if it is still the newest."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from app.domain.entries import display_path
from app.domain.jobs import OUTAGE_ATTEMPTS
from app.domain.judgements import Decision
from app.domain.memory import Unpublished
from app.domain.messages import check as words
from app.domain.messages.check import Conclusion
from app.domain.messages.origin import Origin, ReceiptAt
from app.domain.messages.verdict_words import headline
from app.domain.money import Caps, caps_for
from app.domain.policy import Policy, Trigger
from app.domain.pull_request import PullRequest
from app.domain.report import Report
from app.domain.row import Order, Row, Wish
from app.domain.runs import added
from app.domain.snapshot import Snapshot
from app.ports import Answers, Mirrors, Place, PullRequests, Purse, Repository, RulesReader, Sandboxes
from app.usecases.check_runs import CheckRuns
from app.usecases.job import Guard, Outcome, Progress
from app.usecases.metered import MeteredModel
from app.usecases.newest import Newest
from app.usecases.policies import Ceilings, opened
from app.usecases.review.around import Surroundings
from app.usecases.review.engine import Engine
from app.usecases.review.examination import Examined, Matter
from app.usecases.review.gather import gather
from app.usecases.review.publish import Publisher
from app.usecases.review.receipts import ReceiptKeeper
from app.usecases.review.remembered import RememberedModel
from app.usecases.review.telling import Telling

_MOST_TOLD = 20
_NOTHING_NEW = frozenset((Trigger.PUSH.value, Order.RESUME.value))
"""Reasons to look that are none to review a head again."""


@dataclass(frozen=True, slots=True)
class ReviewRun:
    """The parts that a review of a pull request on GitHub needs."""

    pull_requests: PullRequests
    mirrors: Mirrors
    check_runs: CheckRuns
    engine: Engine
    publisher: Publisher
    receipts: ReceiptKeeper
    surroundings: Surroundings
    answers: Answers
    purse: Purse
    deployment_caps: Caps
    sandboxes: Sandboxes | None
    ceilings: Ceilings
    read_rules: RulesReader
    github_url: str
    public_url: str | None = None
    """Where people reach our web process."""
    seconds: Callable[[], float] = time.monotonic

    @property
    def _newest(self) -> Newest:
        return Newest(self.pull_requests, self.mirrors)

    async def run(self, row: Row, guard: Guard, progress: Progress) -> Outcome:
        """Ends with a concluded check on the newest head, or raises an error that says whether to try again."""
        pull = await self._newest.read(row)
        place = Place(pull.ref, pull.repository)
        await progress.note(f"GitHub says: {'open' if pull.open else 'closed'}, head {pull.head_sha[:10]}")
        await guard()
        if not pull.open:
            await self.check_runs.cancel_others(place, None, words.closed())
            return Outcome("the pull request is closed")
        await self.check_runs.cancel_others(place, pull.head_sha)
        if await self.check_runs.judged_by(pull.ref, pull.head_sha, row.run):
            await self.surroundings.published(pull.ref)
            return Outcome("the review was finished when its worker died", pull.head_sha)
        if row.triggers <= _NOTHING_NEW and row.reviewed == pull.head_sha and await self._is_over(pull):
            await self._newest.confirm(row, pull)
            return Outcome("this head was reviewed before", pull.head_sha)
        if not pull.draft:
            await self.check_runs.start(place, pull.head_sha, words.running())
        snapshot, repository = await self._gather(pull)
        await progress.note(f"{len(snapshot.changes)} changed entries against {snapshot.merge_base[:10]}")
        refusal = _refusal(snapshot.policy, pull, row.triggers)
        if refusal is not None:
            await guard()
            return await self._refuse(place, pull, refusal)
        around = await self.surroundings.read(place, pull, snapshot.policy)
        if Wish.IN_FULL in row.triggers:
            around = around.anew()
        matter = Matter(snapshot, repository, around=around, again=row.attempts < OUTAGE_ATTEMPTS)
        examined = await self._examine(row, matter, progress)
        report = examined.report
        for line in _second_look(report):
            await progress.note(line)
        await progress.note(f"examined: {headline(report.verdict)}")
        await guard()
        await self._newest.confirm(row, pull)
        unpublished = replace(examined.past, unpublished=Unpublished(around.past))
        await self.surroundings.past.keep(pull.ref, unpublished)  # a push may come before all of it is told
        await self.surroundings.taken_in(place, around)
        examined, receipt = await self._with_receipt(row, place, examined)
        origin = Origin(row.run, self.github_url, pull.repository, pull.head_sha, receipt)
        fixable = snapshot.policy.fix.enabled and self.sandboxes is not None and self.engine.choice is not None
        await self.publisher.publish(place, examined, around, origin, guard, person=pull.author, fixable=fixable)
        await self.surroundings.published(pull.ref)
        if examined.retry_at is None:  # else the next attempt finds again what was answered in this one
            await self.answers.forget(row.key)
        return Outcome(words.conclusion_of(report.verdict), pull.head_sha, examined.retry_at)

    async def end_early(self, row: Row, order: Order) -> Outcome:
        """A required check that was asked for is `cancelled`: neither green nor waiting for ever."""
        pull = await self._newest.read(row)
        place = Place(pull.ref, pull.repository)
        await self._cancel_what_is_not_wanted(place, pull)
        if pull.ready:
            told = words.paused() if order is Order.PAUSE else words.stopped()
            await self.check_runs.conclude(place, pull.head_sha, Conclusion.CANCELLED, told)
        return Outcome("paused" if order is Order.PAUSE else "stopped")

    async def superseded(self, row: Row) -> None:
        """The old head's check ends now, not when a worker comes to the new one. GitHub says which head is newest."""
        pull = await self._newest.read(row)
        place = Place(pull.ref, pull.repository)
        await self._cancel_what_is_not_wanted(place, pull)
        if pull.ready and not await self._is_over(pull):
            await self.check_runs.announce(place, pull.head_sha, words.queued())

    async def waits(self, row: Row, reason: str, until: datetime) -> None:
        place = Place(row.key.ref, row.wanted.repository)
        for head in await self.check_runs.open_heads(row.key.ref):
            await self.check_runs.start(place, head, words.waiting(reason, until, run_id=row.run))

    async def give_up(self, row: Row, reason: str) -> None:
        """Concludes every open check of the pull request: a required check must not wait for ever."""
        place = Place(row.key.ref, row.wanted.repository)
        await self.check_runs.fail(place, row.wanted.head, words.failed(reason, run_id=row.run), row.run)

    async def _cancel_what_is_not_wanted(self, place: Place, pull: PullRequest) -> None:
        if pull.ready:
            await self.check_runs.cancel_others(place, pull.head_sha)
        else:
            await self.check_runs.cancel_others(place, None, words.draft() if pull.open else words.closed())

    async def _is_over(self, pull: PullRequest) -> bool:
        return await self.check_runs.is_over(pull.ref, pull.head_sha)

    async def _gather(self, pull: PullRequest) -> tuple[Snapshot, Repository]:
        repository, above = await opened(self.ceilings, self.mirrors, pull)
        snapshot = await gather(
            repository,
            self.ceilings.parse,
            base=pull.base_sha,
            head=pull.head_sha,
            title=pull.title,
            body=pull.body,
            read_rules=self.read_rules,
            above=above,
        )
        return snapshot, repository

    async def _examine(self, row: Row, matter: Matter, progress: Progress) -> Examined:
        """What an earlier attempt paid for, and could not publish, is neither asked nor counted again."""
        ref, choice, snapshot = row.key.ref, self.engine.choice, matter.snapshot
        matter = replace(matter, sandboxes=self.sandboxes, cache_key=f"revwright-{ref.repository_id}")
        if choice is None:
            return await self.engine.examine(matter)
        caps = caps_for(snapshot.policy.limits, self.deployment_caps)
        meter = MeteredModel(choice.model, self.purse, ref, caps, choice.prices, chains=choice.chains)
        model = RememberedModel(meter, self.answers, row.key, choice.prices)
        telling = Telling(self.check_runs, Place(ref, row.wanted.repository), snapshot.head, meter, clock=self.seconds)
        try:
            examined = await self.engine.examine(replace(matter, model=model, tell=telling.hear))
        finally:
            if meter.calls:
                await progress.spent(meter.uses())
        report = replace(
            examined.report,
            models=(*added((*meter.uses(), *model.uses())),),
            calls=(*model.calls, *meter.calls),
            bill=await meter.bill(),
        )
        return replace(examined, report=report)

    async def _with_receipt(self, row: Row, place: Place, examined: Examined) -> tuple[Examined, ReceiptAt | None]:
        """It is kept before anything is said, so that what the check points at is there."""
        if await self.receipts.keep(row.run, place, examined):
            return examined, ReceiptAt(self.public_url)
        report = examined.report
        too_large = "the receipt is too large to be kept"
        return replace(examined, report=replace(report, notes=(*report.notes, too_large))), None

    async def _refuse(self, place: Place, pull: PullRequest, refusal: str) -> Outcome:
        if pull.draft:
            await self._cancel_what_is_not_wanted(place, pull)
        else:
            await self.check_runs.conclude(place, pull.head_sha, Conclusion.ACTION_REQUIRED, words.not_wanted(refusal))
        return Outcome(refusal)


def _second_look(report: Report) -> tuple[str, ...]:
    """For the run's record: how many claims stood, and why the others did not."""
    if not report.judgements:
        return ()
    fallen = [one for one in report.judgements if one.decision is not Decision.KEPT]
    told = [
        f"claim {one.decision}: {one.severity} {display_path(one.path)}:{one.line} {one.title}: {one.reason}"
        for one in fallen[:_MOST_TOLD]
    ]
    dropped = sum(one.decision is Decision.DROPPED for one in fallen)
    return (f"second look: {len(report.judgements)} claims, {dropped} dropped, {len(fallen) - dropped} lowered", *told)


def _refusal(policy: Policy, pull: PullRequest, triggers: frozenset[str]) -> str | None:
    """Why the base policy does not want this review, or None."""
    if pull.draft and not policy.review.drafts:
        return "Drafts are not reviewed here; the review starts when it is marked ready."
    known = {Trigger(t) for t in triggers if t in set(Trigger)}
    if known and not known & policy.review.triggers:
        told = ", ".join(sorted(known))
        return f"The policy of the base branch does not review on: {told}."
    return None
