"""GitHub keeps checks by commit: two pull requests with one head share them, so green needs both."""

from __future__ import annotations

from tests.fakes.model import Reviewer
from tests.stories.test_first_review import DIVISION, open_bug
from tests.world import World


def newest(world: World, sha: str) -> str | None:
    """The conclusion that GitHub counts."""
    return max(world.checks(sha), key=lambda run: run.id).conclusion


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
