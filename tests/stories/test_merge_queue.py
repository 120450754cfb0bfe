"""Groups of a merge queue: green only when all in them has passed before, and nothing else is in them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.jobs import JobKind, RowKey
from app.domain.messages.check import REVIEW_CHECK, Conclusion
from app.domain.messages.gate import GATE_CHECK
from app.domain.pull_request import PullRequestRef, Sha
from app.domain.report import ModelUse
from app.usecases.check_runs import HELD
from app.usecases.job import OwnershipLost
from tests.fakes.github import CheckRun, PullRequest, User
from tests.fakes.github.merge_queue import MergeGroup
from tests.stories.test_gate import approve, open_core
from tests.stories.test_gate import people as people  # noqa: PLC0414 - the fixture
from tests.world import World

BOTH = (REVIEW_CHECK, GATE_CHECK)


def opened(gated: World, name: str) -> PullRequest:
    """Two commits that touch no core path."""
    gated.repo.commit(name, {f"app/{name}.py": "x = 1\n"}, parent=gated.repo.head("main"))
    gated.repo.commit(name, {f"app/{name}.py": "x = 1\ny = 2\n"})
    return gated.repo.open_pull_request(head=name, title=f"Add {name}")


def of_group(world: World, group: MergeGroup) -> tuple[CheckRun, CheckRun]:
    return world.check(group.head_sha, REVIEW_CHECK), world.check(group.head_sha, GATE_CHECK)


class Silent:
    async def note(self, text: str) -> None: ...

    async def spent(self, uses: tuple[ModelUse, ...]) -> None: ...


async def begun(world: World) -> None:
    """The queue's job, until it is about to conclude its first check: then its worker is gone."""
    row = await world.services.ledger.read(RowKey(JobKind.QUEUE, PullRequestRef.parse(queue_ref(world))))
    assert row is not None
    asked = 0

    async def guard() -> None:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise OwnershipLost("gone")

    with pytest.raises(OwnershipLost):
        await world.services.jobs[JobKind.QUEUE].run(row, guard, Silent())


def conclusions(world: World, group: MergeGroup) -> tuple[str | None, str | None]:
    review, gate = of_group(world, group)
    return review.conclusion, gate.conclusion


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
async def test_merge_group_receives_a_meaningful_check(gated: World, method: str) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    gated.repo.commit("main", {"README.md": "# moved on\n"})
    group = gated.repo.queue(pull, method=method)
    await gated.settle()

    assert conclusions(gated, group) == ("success", "success")
    for run, name in zip(of_group(gated, group), BOTH, strict=True):
        assert f"`{name}` has passed on the present head" in (run.summary or "")
        assert f"#{pull.number}" in (run.summary or "")


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
async def test_a_file_that_both_sides_changed_is_merged_as_git_does_it(gated: World, method: str) -> None:
    lines = [f"line_{number} = {number}\n" for number in range(9)]
    gated.repo.commit("main", {"app/many.py": "".join(lines)})
    gated.repo.commit("one", {"app/many.py": "".join([*lines[:-1], "last = 1\n"])})
    pull = gated.repo.open_pull_request(head="one")
    await gated.settle()
    gated.repo.commit("main", {"app/many.py": "".join(["first = 1\n", *lines[1:]])})
    group = gated.repo.queue(pull, method=method)
    await gated.settle()

    assert conclusions(gated, group) == ("success", "success")


@pytest.mark.parametrize("method", ["merge", "squash"])
async def test_two_that_have_passed_pass_together(gated: World, method: str) -> None:
    pulls = [opened(gated, name) for name in ("one", "two")]
    await gated.settle()
    group = gated.repo.queue(*pulls, method=method)
    await gated.settle()

    assert conclusions(gated, group) == ("success", "success")


async def test_what_was_not_reviewed_does_not_pass(gated: World) -> None:
    passed, other = opened(gated, "one"), opened(gated, "two")
    await gated.settle()
    gated.repo.commit("two", {"app/two.py": "z = 3\n"})
    gated.taken = len(gated.github.deliveries)  # the push is not heard of
    group = gated.repo.queue(passed, other)
    await gated.settle()

    assert conclusions(gated, group) == ("failure", "failure")
    review, _gate = of_group(gated, group)
    assert review.title == f"Not passed: #{other.number}"
    assert f"#{other.number}: this check has not passed on its present head `{other.head_sha}`" in (
        review.summary or ""
    )
    assert "take the pull request out of the queue" in (review.summary or "")


async def test_each_check_asks_for_its_own_pass(gated: World, people: dict[str, User]) -> None:
    pull = open_core(gated, people)
    await gated.settle()
    group = gated.repo.queue(pull)
    await gated.settle()
    assert conclusions(gated, group) == ("success", "failure")
    assert "it is: action\\_required" in (of_group(gated, group)[1].summary or "")

    group.destroy()
    approve(pull, people["alice"])
    await gated.settle()
    gated.repo.commit("main", {"README.md": "# moved on\n"})
    again = gated.repo.queue(pull)
    await gated.settle()
    assert conclusions(gated, again) == ("success", "success")


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
async def test_a_head_that_moved_since_does_not_pass(gated: World, method: str) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    group = gated.repo.queue(pull, method=method)
    gated.repo.commit("one", {"app/one.py": "evil = 1\n"})
    await gated.settle()

    assert conclusions(gated, group) == ("failure", "failure")
    assert f"#{pull.number}" in (of_group(gated, group)[0].summary or "")


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
async def test_what_is_smuggled_into_a_group_does_not_pass(gated: World, method: str) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    group = gated.repo.queue(pull, method=method, smuggled={"app/evil.py": "evil = 1\n"})
    await gated.settle()

    assert conclusions(gated, group) == ("failure", "failure")


async def test_a_group_of_nothing_known_does_not_pass(gated: World) -> None:
    """Somebody's commit, and a name that leads to no pull request."""
    pull = opened(gated, "one")
    await gated.settle()
    group = gated.repo.queue(pull)
    pull.number = 77
    sha = gated.repo.commit("stray", {"evil.py": "x\n"}, message="Merge pull request #78", parent=group.base_sha)
    payload = gated.github.deliveries.of("merge_group")[-1].payload
    payload["merge_group"] |= {"head_sha": sha, "head_ref": f"refs/heads/gh-readonly-queue/main/pr-79-{sha}"}
    gated.taken = len(gated.github.deliveries)
    await gated.deliver(gated.github.deliveries.of("merge_group")[-1].with_payload(payload))
    await gated.work()

    review = gated.check(sha)
    assert (review.conclusion, review.title) == ("failure", "Not what was reviewed")
    assert "no merge of a pull request that could be found" in (review.summary or "")


async def test_a_group_on_another_stands_on_what_became_of_that(gated: World) -> None:
    one, two = opened(gated, "one"), opened(gated, "two")
    await gated.settle()
    first = gated.repo.queue(one)
    second = gated.repo.queue(two, onto=first)
    await gated.settle()
    assert conclusions(gated, first) == ("success", "success")
    assert conclusions(gated, second) == ("success", "success")

    smuggled = gated.repo.queue(one, smuggled={"app/evil.py": "evil = 1\n"})
    later = gated.repo.queue(two, onto=smuggled)
    await gated.settle()
    assert conclusions(gated, later) == ("failure", "failure")
    assert f"put on `{smuggled.head_sha}`, where this check has not passed" in (of_group(gated, later)[0].summary or "")


async def test_a_group_for_another_branch_vouches_for_nothing(gated: World) -> None:
    gated.repo.commit("release", {"release.md": "x\n"})
    one, two = opened(gated, "one"), opened(gated, "two")
    released = gated.repo.open_pull_request(head="one", base="release")
    await gated.settle()
    first = gated.repo.queue(released)
    second = gated.repo.queue(two, onto=first)
    await gated.settle()

    assert one.head_sha == released.head_sha
    assert conclusions(gated, first) == ("success", "success")
    assert conclusions(gated, second) == ("failure", "failure")


@pytest.mark.parametrize(("sibling", "expected"), [(Conclusion.SUCCESS, "success"), (Conclusion.FAILURE, "failure")])
async def test_what_was_held_back_by_another_one_passes_when_that_has(
    gated: World, sibling: Conclusion, expected: str
) -> None:
    """Of two pull requests with one head the first to pass waits for the other, and nobody looks at it again."""
    gated.repo.commit("release", {"release.md": "x\n"})
    one = opened(gated, "one")
    released = gated.repo.open_pull_request(head="one", base="release")
    await gated.settle()
    heads = gated.services.review.check_runs.heads
    ref = PullRequestRef.parse(queue_ref(gated))
    await heads.note(replace(ref, number=one.number), Sha(one.head_sha), HELD)
    await heads.note(replace(ref, number=released.number), Sha(one.head_sha), sibling)

    group = gated.repo.queue(one)
    await gated.settle()

    assert conclusions(gated, group) == (expected, "success")


async def test_without_what_is_known_of_the_heads_nothing_passes(gated: World) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    await gated.redis.flushall()
    group = gated.repo.queue(pull)
    await gated.settle()

    assert conclusions(gated, group) == ("failure", "failure")
    assert "no result is known" in (of_group(gated, group)[0].summary or "")


async def test_a_group_that_is_gone_is_not_looked_at_and_its_open_checks_end(gated: World) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    group = gated.repo.queue(pull)
    await gated.deliver_new()
    await begun(gated)
    assert conclusions(gated, group) == (None, None)
    group.destroy()
    await gated.settle()

    assert conclusions(gated, group) == ("cancelled", "cancelled")


async def test_a_group_that_comes_and_goes_at_once_gets_nothing(gated: World) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    group = gated.repo.queue(pull)
    group.destroy("dequeued")
    await gated.settle()

    assert gated.checks(group.head_sha) == []


async def test_what_is_over_stays_as_it_is_when_the_group_goes(gated: World) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    group = gated.repo.queue(pull)
    await gated.settle()
    group.destroy("merged")
    await gated.settle()

    assert conclusions(gated, group) == ("success", "success")
    assert await gated.redis.exists(f"revwright:outbox:{queue_ref(gated)}") == 0


async def test_a_redelivery_posts_nothing_twice(gated: World) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    group = gated.repo.queue(pull)
    await gated.settle()
    before = gated.written()
    (delivery,) = gated.github.deliveries.of("merge_group")
    await gated.redis.delete(*await gated.redis.keys("revwright:seen:*"))  # not even then
    await gated.deliver(gated.github.deliveries.redeliver(delivery))
    await gated.work()

    assert gated.written() == before
    assert conclusions(gated, group) == ("success", "success")


async def test_a_worker_that_ends_in_between_leaves_the_rest_to_the_next(gated: World) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    group = gated.repo.queue(pull)
    await gated.deliver_new()
    await begun(gated)
    await gated.work()

    assert conclusions(gated, group) == ("success", "success")


def queue_ref(world: World) -> str:
    assert world.repo.installation is not None
    return f"{world.repo.installation.id}:{world.repo.id}:0"
