"""Lost answers, refusals and lagging reads: nothing is said twice, and the newest head has its true verdict."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import pytest

from app.domain.jobs import JobKind, Queue, RowKey
from app.domain.memory import PastReview
from app.domain.model import Completion
from app.domain.pull_request import PullRequest, PullRequestRef, RepositoryName, Sha
from app.ports import PullRequests
from tests.fakes.model import Answer
from tests.stories.test_failures import FINDING, model_of, reviewed
from tests.stories.test_first_review import open_bug
from tests.world import World


@dataclass
class LagsOnce:
    """Reads pull requests; the first read still shows the head before the push."""

    real: PullRequests
    old: Sha
    stale: list[Sha] = field(default_factory=list)

    async def read(self, ref: PullRequestRef, hint: RepositoryName) -> PullRequest:
        pull = await self.real.read(ref, hint)
        if self.stale:
            return pull
        self.stale.append(pull.head_sha)
        return replace(pull, head_sha=self.old)


async def test_a_stale_read_of_the_pull_request_ends_with_the_new_head_reviewed(world: World) -> None:
    pull = open_bug(world)
    await world.settle()
    old = pull.head_sha
    world.repo.commit("feature", {"app/price.py": "x = 2\n"})
    await world.deliver_new()
    review = world.services.review
    lags = LagsOnce(review.pull_requests, Sha(old))
    lagging = replace(review, pull_requests=lags)
    world.services = replace(world.services, review=lagging, jobs={JobKind.REVIEW: lagging})
    await world.work()

    assert lags.stale == [pull.head_sha]
    assert [run.conclusion for run in world.checks(pull.head_sha)] == ["success"]
    assert all(run.status == "completed" for run in world.repo.check_runs.values())


class Forgetful:
    """Implements ports.Answers: the model is asked anew in each attempt."""

    async def recall(self, row: RowKey, request: str) -> None:
        """Nothing is known."""

    async def keep(self, row: RowKey, request: str, completion: Completion) -> None:
        """Nothing is kept."""

    async def forget(self, row: RowKey) -> None:
        """There is nothing to forget."""


class Unremembered:
    """Implements ports.PastReviews: every attempt is the first one."""

    async def recall(self, ref: PullRequestRef) -> None:
        """Nothing is known."""

    async def keep(self, ref: PullRequestRef, past: PastReview) -> None:
        """Nothing is kept."""


async def test_a_review_whose_posting_got_no_answer_is_not_asked_for_again(world: World) -> None:
    world.github.faults.add(method="POST", path=r"/reviews$", times=1, when="after", drop=True)
    pull = reviewed(world)
    await world.settle()

    assert world.model is not None
    assert [seen.task for seen in world.model.requests] == ["review", "judge"]
    assert len(pull.review_comments) == 1


@pytest.mark.parametrize("second", [{"start_line": 1, "end_line": 1, "title": "Second"}, {"title": "Other words"}])
async def test_a_lost_answer_and_a_model_with_other_words_give_no_duplicate(
    world: World, second: dict[str, object]
) -> None:
    other = [FINDING, FINDING | second] if "start_line" in second else [FINDING | second]
    model_of(
        world,
        Answer({"findings": [FINDING], "summary": "s", "diagram": None}),
        Answer({"findings": other, "summary": "s", "diagram": None}),
    )
    world.github.faults.add(method="POST", path=r"/reviews$", times=1, when="after", drop=True)
    review = world.services.review
    surroundings = replace(review.surroundings, past=Unremembered())
    forgetful = replace(review, answers=Forgetful(), surroundings=surroundings)
    world.services = replace(world.services, review=forgetful, jobs={JobKind.REVIEW: forgetful})
    pull = open_bug(world)
    await world.settle()

    ids = re.findall(r"`(F[0-9a-f]{9})`", " ".join(comment.body for comment in pull.review_comments))
    assert len(ids) == len(set(ids)) == len(other)
    assert world.check(pull.head_sha).conclusion == "failure"


@pytest.mark.parametrize("message", ["issue is locked", "Resource not accessible by integration"])
async def test_a_refused_summary_still_concludes_the_check_with_the_true_verdict(world: World, message: str) -> None:
    world.github.faults.add(
        method="POST", path=r"/issues/\d+/comments$", times=99, status=403, body={"message": message}
    )
    pull = reviewed(world)
    await world.settle()

    check = world.check(pull.head_sha)
    assert (check.conclusion, check.title) == ("failure", "Blocked by 1 finding")
    assert pull.comments == []


@pytest.mark.parametrize("status", [404, 422])
async def test_an_old_check_that_cannot_be_written_does_not_hold_the_new_head(world: World, status: int) -> None:
    pull = open_bug(world)
    await world.deliver_new()
    await world.work_queue(Queue.INTERACTIVE)  # announced, not reviewed
    old = world.check(pull.head_sha)
    world.github.faults.add(
        method="PATCH", path=rf"/check-runs/{old.id}$", times=999, status=status, body={"message": "no"}
    )
    world.repo.commit("feature", {"app/price.py": "x = 1\n"})
    await world.settle()

    check = world.check(pull.head_sha)
    assert old.head_sha != pull.head_sha
    assert (check.status, check.conclusion) == ("completed", "success")


async def test_a_check_that_may_not_be_written_ends_in_a_reason_and_not_in_silence(world: World) -> None:
    """A lost permission is no old check that can be passed over."""
    pull = open_bug(world)
    await world.deliver_new()
    await world.work_queue(Queue.INTERACTIVE)
    (first,) = world.repo.check_runs.values()
    world.github.faults.add(method="PATCH", path=rf"/check-runs/{first.id}$", status=403, body={"message": "no"})
    world.repo.commit("feature", {"app/price.py": "x = 1\n"})
    await world.settle()

    assert world.check(pull.head_sha).conclusion == "action_required"
    assert "403" in (world.check(pull.head_sha).summary or "")
