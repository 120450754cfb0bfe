"""With both checks required and pinned to our App, nothing that was not reviewed and approved can be merged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from app.domain.jobs import JobKind, Queue, RowKey
from app.domain.messages.check import REVIEW_CHECK
from app.domain.messages.gate import GATE_CHECK
from app.domain.pull_request import PullRequestRef
from tests.fakes.github import PullRequest, User
from tests.fakes.github.errors import GitHubError
from tests.fakes.github.merging import merge
from tests.fakes.model import Answer, Reviewer
from tests.stories.test_first_review import DIVISION, open_bug
from tests.stories.test_gate import approve, open_core
from tests.stories.test_gate import people as people  # noqa: PLC0414 - the fixture
from tests.world import World

Arrange = Callable[[World, dict[str, User]], Awaitable[PullRequest]]


async def nothing_ran(world: World, people: dict[str, User]) -> PullRequest:
    return open_bug(world)


async def only_announced(world: World, people: dict[str, User]) -> PullRequest:
    pull = open_bug(world)
    await world.deliver_new()
    await world.work_queue(Queue.INTERACTIVE)
    return pull


async def a_finding_blocks(world: World, people: dict[str, User]) -> PullRequest:
    assert world.model is not None
    world.model.behaviour = Reviewer(DIVISION)
    pull = open_bug(world)
    await world.settle()
    return pull


async def the_model_says_nothing_that_counts(world: World, people: dict[str, User]) -> PullRequest:
    assert world.model is not None
    world.model.behaviour = lambda _: Answer("<html>")
    pull = open_bug(world)
    await world.settle()
    return pull


async def a_file_was_not_read(world: World, people: dict[str, User]) -> PullRequest:
    world.repo.commit("feature", {"data.bin": b"\0" * 100, "app/x.py": "x = 1\n"})
    pull = world.repo.open_pull_request(head="feature")
    await world.settle()
    return pull


async def the_policy_is_invalid(world: World, people: dict[str, User]) -> PullRequest:
    world.repo.commit("main", {".github/revwright.yml": "version: 9\n"})
    pull = open_bug(world)
    await world.settle()
    return pull


async def nobody_approved(world: World, people: dict[str, User]) -> PullRequest:
    pull = open_core(world, people)
    await world.settle()
    return pull


async def the_author_approved(world: World, people: dict[str, User]) -> PullRequest:
    pull = open_core(world, people)
    pull.user = people["bob"]
    approve(pull, people["olga"])
    await world.settle()
    return pull


async def the_head_moved_after_both_passed(world: World, people: dict[str, User]) -> PullRequest:
    pull = open_bug(world)
    await world.settle()
    world.repo.commit("feature", {"app/more.py": "y = 2\n"})
    return pull


async def it_was_stopped(world: World, people: dict[str, User]) -> PullRequest:
    pull = open_bug(world)
    await world.deliver_new()
    await world.services.orders.stop(row_of(world, pull))
    await world.work()
    return pull


async def it_is_paused(world: World, people: dict[str, User]) -> PullRequest:
    pull = open_bug(world)
    await world.deliver_new()
    await world.services.orders.pause(row_of(world, pull))
    await world.work()
    return pull


async def somebody_else_says_that_it_passed(world: World, people: dict[str, User]) -> PullRequest:
    pull = open_core(world, people)
    await world.settle()
    other = world.github.add_app("impostor")
    for name in (REVIEW_CHECK, GATE_CHECK):
        body = {"name": name, "head_sha": pull.head_sha, "status": "completed", "conclusion": "success"}
        world.repo.add_check_run(body, app=other)
    return pull


async def github_refuses_everything_at_the_end(world: World, people: dict[str, User]) -> PullRequest:
    world.github.faults.add(method="GET", path=r"/pulls/\d+$", status=404, times=99, body={"message": "Not Found"})
    pull = open_bug(world)
    await world.settle()
    return pull


def row_of(world: World, pull: PullRequest) -> RowKey:
    assert world.repo.installation is not None
    return RowKey(JobKind.REVIEW, PullRequestRef(world.repo.installation.id, world.repo.id, pull.number))


def required(world: World) -> None:
    world.repo.required_checks = {REVIEW_CHECK: world.github.app.id, GATE_CHECK: world.github.app.id}


@pytest.mark.parametrize(
    "arrange",
    [
        nothing_ran,
        only_announced,
        a_finding_blocks,
        the_model_says_nothing_that_counts,
        a_file_was_not_read,
        the_policy_is_invalid,
        nobody_approved,
        the_author_approved,
        the_head_moved_after_both_passed,
        it_was_stopped,
        it_is_paused,
        somebody_else_says_that_it_passed,
        github_refuses_everything_at_the_end,
    ],
)
async def test_it_cannot_be_merged(gated: World, people: dict[str, User], arrange: Arrange) -> None:
    required(gated)
    pull = await arrange(gated, people)

    with pytest.raises(GitHubError) as refused:
        merge(pull, by=people["alice"])
    assert "Required status check" in str(refused.value)
    shown = {run.conclusion for run in gated.repo.check_runs.values() if run.app.id == gated.github.app.id}
    assert shown <= {None, "success", "failure", "action_required", "cancelled"}


async def test_what_was_reviewed_and_approved_is_merged(gated: World, people: dict[str, User]) -> None:
    required(gated)
    pull = open_core(gated, people)
    await gated.settle()
    approve(pull, people["alice"])
    await gated.settle()

    merge(pull, by=people["alice"])
    assert pull.state == "closed"
