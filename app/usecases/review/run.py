"""One run of a review job: read the pull request, freeze it, examine it, and publish if it is still the newest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from app.domain.errors import GitHubError, RevwrightError
from app.domain.messages import check as words
from app.domain.messages.check import Conclusion
from app.domain.messages.origin import Origin
from app.domain.policy import Policy, Trigger
from app.domain.pull_request import PullRequest
from app.domain.row import Row
from app.domain.snapshot import Snapshot
from app.ports import Mirrors, Place, PolicyParser, PullRequests
from app.usecases.review.check_run import CheckRuns
from app.usecases.review.engine import Engine
from app.usecases.review.gather import gather
from app.usecases.review.publish import Publisher

StillOurs = Callable[[], Awaitable[int | None]]
"""The generation that is wanted now, or None when another worker took the job over and we must not write."""


class OwnershipLost(RevwrightError):
    """Another worker owns the job now; this run ends without a word."""


class Superseded(RevwrightError):
    """A newer generation is wanted (a push, another base): what this run found must not be said any more."""


class HeadMoved(RevwrightError):
    """Git and the API disagree about the head: a push whose delivery is not here yet, or an API that lags behind."""

    retry = True


@dataclass(frozen=True, slots=True)
class Reviewed:
    report_conclusion: Conclusion


@dataclass(frozen=True, slots=True)
class NotReviewed:
    reason: str


Outcome = Reviewed | NotReviewed


@dataclass(frozen=True, slots=True)
class ReviewRun:
    """The parts that a review of a pull request on GitHub needs."""

    pull_requests: PullRequests
    mirrors: Mirrors
    check_runs: CheckRuns
    engine: Engine
    publisher: Publisher
    parse_policy: PolicyParser
    github_url: str

    async def review(self, row: Row, *, run_id: str, still_ours: StillOurs) -> Outcome:
        """Ends with a concluded check on the newest head, or raises an error that says whether to try again."""
        pull = await self.pull_requests.read(row.key.ref, row.wanted.repository)
        place = Place(pull.ref, pull.repository)
        if not pull.open:
            await self.check_runs.cancel_others(place, None)
            return NotReviewed("the pull request is closed")
        await self.check_runs.cancel_others(place, pull.head_sha)
        if not pull.draft:
            await self.check_runs.start(place, pull.head_sha, words.running())
        snapshot = await self._gather(pull)
        refusal = _refusal(snapshot.policy, pull, row.triggers)
        if refusal is not None:
            return await self._refuse(place, pull, refusal)
        report = await self.engine.examine(snapshot, cache_key=f"revwright-{pull.ref.repository_id}")
        wanted = await still_ours()
        if wanted is None:
            raise OwnershipLost(f"{row.key} was taken over by another worker")
        if wanted != row.generation:
            raise Superseded(f"{row.key} is wanted anew")
        if await self.mirrors.pull_request_head(pull.ref, pull.repository) != pull.head_sha:
            raise HeadMoved(f"the head of {row.key} moved during the review")
        origin = Origin(run_id, self.github_url, pull.repository, pull.head_sha)
        await self.publisher.publish(place, report, origin)
        return Reviewed(words.conclusion_of(report.verdict))

    async def give_up(self, row: Row, reason: str, *, run_id: str) -> None:
        """Concludes every open check of the pull request: a required check must not wait for ever."""
        place = Place(row.key.ref, row.wanted.repository)
        heads = await self.check_runs.open_heads(row.key.ref) or (row.wanted.head,)
        refused: GitHubError | None = None
        for head in heads:
            try:
                await self.check_runs.conclude(
                    place, head, Conclusion.ACTION_REQUIRED, words.failed(reason, run_id=run_id)
                )
            except GitHubError as error:  # it must not keep the others open
                refused = error
        if refused is not None:
            raise refused

    async def _gather(self, pull: PullRequest) -> Snapshot:
        repository = await self.mirrors.fetch(pull.ref, pull.repository, head=pull.head_sha, base=pull.base_sha)
        return await gather(
            repository,
            self.parse_policy,
            base=pull.base_sha,
            head=pull.head_sha,
            title=pull.title,
            body=pull.body,
        )

    async def _refuse(self, place: Place, pull: PullRequest, refusal: str) -> NotReviewed:
        if pull.draft:
            await self.check_runs.cancel_others(place, None)
        else:
            await self.check_runs.conclude(place, pull.head_sha, Conclusion.ACTION_REQUIRED, words.not_wanted(refusal))
        return NotReviewed(refusal)


def _refusal(policy: Policy, pull: PullRequest, triggers: frozenset[str]) -> str | None:
    """Why the base policy does not want this review, or None."""
    if pull.draft and not policy.review.drafts:
        return "Drafts are not reviewed here; the review starts when it is marked ready."
    known = {Trigger(t) for t in triggers if t in set(Trigger)}
    if known and not known & policy.review.triggers:
        told = ", ".join(sorted(known))
        return f"The policy of the base branch does not review on: {told}."
    return None
