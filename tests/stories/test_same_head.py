"""GitHub keeps checks by commit: two pull requests with one head share them, so green needs both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from arq.connections import RedisSettings

from app.domain.jobs import Queue, RowKey
from app.domain.pull_request import PullRequestRef, Sha
from tests.fakes.github import FakeGitHub, PullRequest
from tests.fakes.model import FakeModel, Reviewer
from tests.stories.test_failures import pull_key, row_key
from tests.stories.test_first_review import DIVISION, open_bug
from tests.world import AT_ONCE, World, open_world
from workers.run_book import Entry


def newest(world: World, sha: str) -> str | None:
    """The conclusion that GitHub counts."""
    return max(world.checks(sha), key=lambda run: run.id).conclusion


async def in_order(world: World, pulls: list[PullRequest]) -> None:
    """Changes whose turn it is: within one repository the first to arrive is the first to be reviewed."""
    assert world.repo.installation is not None
    line = f"revwright:waiting:review:{world.repo.installation.id}:{world.repo.id}"
    for place, pull in enumerate(pulls):
        await world.redis.zadd(line, {f"review:{pull_key(world, pull)}": place})


def nearer_base(world: World) -> None:
    """A branch that has the bug already, so that a pull request onto it shows none of it."""
    world.repo.commit("feature", {"note.md": "x\n"})
    bug = world.repo.store.text("rev-parse", "refs/heads/feature~1")
    world.repo.store.set_ref("refs/heads/nearer", bug)
    world.repo.take_refs()


async def test_a_second_pull_request_with_the_same_head_does_not_turn_the_first_green(world: World) -> None:
    assert world.model is not None
    world.model.behaviour = Reviewer(DIVISION)
    pull = open_bug(world)
    nearer_base(world)
    await world.settle()
    assert newest(world, pull.head_sha) == "failure"

    second = world.repo.open_pull_request(head="feature", base="nearer")
    await world.settle()

    assert newest(world, pull.head_sha) == "action_required"
    check = max(world.checks(pull.head_sha), key=lambda run: run.id)
    assert check.title == f"Passed here, but #{pull.number} with the same head has not"
    assert "same head" in (check.summary or "")
    assert second.head_sha == pull.head_sha


async def test_green_comes_when_both_have_passed(world: World) -> None:
    pull = open_bug(world)
    nearer_base(world)
    world.repo.open_pull_request(head="feature", base="nearer")
    await world.settle()

    assert newest(world, pull.head_sha) == "success"


async def test_a_closed_pull_request_stands_against_nobody(world: World) -> None:
    assert world.model is not None
    world.model.behaviour = Reviewer(DIVISION)
    pull = open_bug(world)
    nearer_base(world)
    await world.settle()
    pull.close()
    second = world.repo.open_pull_request(head="feature", base="nearer")
    await world.settle()

    assert newest(world, second.head_sha) == "success"


async def test_one_whose_review_was_stopped_is_not_turned_green_by_another(world: World) -> None:
    """Stopped is not reviewed, and its base is another one."""
    assert world.model is not None
    world.model.behaviour = Reviewer(DIVISION)
    pull = open_bug(world)
    nearer_base(world)
    await world.deliver_new()
    assert await world.services.orders.stop(row_key(world, pull))
    await world.work()
    assert newest(world, pull.head_sha) == "cancelled"
    world.repo.open_pull_request(head="feature", base="nearer")
    await world.settle()

    assert newest(world, pull.head_sha) == "action_required"
    check = max(world.checks(pull.head_sha), key=lambda run: run.id)
    assert check.title == f"Passed here, but #{pull.number} with the same head has not"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_green_comes_when_both_have_passed_whichever_is_first(
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, tmp_path: Path, order: tuple[int, int]
) -> None:
    """The one that waits for the other is held; the last to pass makes the newest check green."""
    one_by_one = replace(AT_ONCE, per_repository=1)
    async with open_world(github, redis_settings, tmp_path / "data", model=model, ledger=one_by_one) as world:
        pull = open_bug(world)
        nearer_base(world)
        second = world.repo.open_pull_request(head="feature", base="nearer")
        await world.deliver_new()
        await world.work_queue(Queue.INTERACTIVE)
        await in_order(world, [(pull, second)[index] for index in order])
        await world.work()

        assert newest(world, pull.head_sha) == "success"
        assert "action_required" in {run.conclusion for run in world.checks(pull.head_sha)}


async def test_one_that_was_held_looks_once_more(world: World) -> None:
    """The other passes between our first look and our being held."""
    pull = open_bug(world)
    await world.deliver_new()
    await world.work_queue(Queue.INTERACTIVE)
    heads = LateHeads()
    publisher = replace(world.services.review.publisher, heads=heads)
    row = await world.services.ledger.take(RowKey.parse(f"review:{pull_key(world, pull)}"), "me")
    assert row is not None

    async def ours() -> None:
        """Nobody else wants it."""

    heads.sibling = world.repo.open_pull_request(head="feature", base="main", title="Sibling").number
    await replace(world.services.review, publisher=publisher).run(row, ours, Entry(world.services.runs, row.run))

    assert newest(world, pull.head_sha) == "success"
    assert heads.looks == 3


class LateHeads:
    """Implements ports.Heads: the sibling is pending at the first look and has passed at the next."""

    def __init__(self) -> None:
        self.looks = 0
        self.sibling = 0

    async def note(self, ref: PullRequestRef, head: Sha, state: str) -> None:
        """Nothing to remember."""

    async def state(self, ref: PullRequestRef, head: Sha) -> str | None:
        return None

    async def others(self, ref: PullRequestRef, head: Sha) -> dict[int, str]:
        self.looks += 1
        return {self.sibling: "pending" if self.looks == 1 else "success"}
