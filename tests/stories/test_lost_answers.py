"""What a review says is said once, whether a request or its answer was lost on the way."""

from __future__ import annotations

import re

import pytest

from tests.fakes.github import PullRequest
from tests.fakes.model import Reviewer
from tests.stories.test_first_review import DIVISION, open_bug
from tests.world import World

NEW = [
    pytest.param(r"/check-runs$", id="check run"),
    pytest.param(r"/reviews$", id="review"),
    pytest.param(r"/issues/\d+/comments$", id="summary"),
]
CHANGES = [
    pytest.param(r"/check-runs/\d+$", id="check run"),
    pytest.param(r"/issues/comments/\d+$", id="summary"),
]


def reviewed(world: World) -> PullRequest:
    assert world.model is not None
    world.model.behaviour = Reviewer(DIVISION)
    return open_bug(world)


def sent(world: World, method: str, path: str) -> int:
    return sum(call.method == method and re.search(path, call.path) is not None for call in world.github.calls)


def assert_said_once(world: World, pull: PullRequest) -> None:
    assert [run.conclusion for run in world.checks(pull.head_sha)] == ["failure"]
    assert (len(pull.comments), len(pull.reviews), len(pull.review_comments)) == (1, 1, 1)


@pytest.mark.parametrize("path", NEW)
async def test_what_was_applied_and_not_answered_is_found_and_not_sent_again(world: World, path: str) -> None:
    fault = world.github.faults.add(method="POST", path=path, when="after", drop=True)
    pull = reviewed(world)
    await world.settle()

    assert fault.hits == 1
    assert_said_once(world, pull)
    assert sent(world, "POST", path) == 1


@pytest.mark.parametrize("path", NEW)
async def test_what_was_lost_before_it_was_applied_is_sent_exactly_once_more(world: World, path: str) -> None:
    fault = world.github.faults.add(method="POST", path=path, when="before", drop=True)
    pull = reviewed(world)
    await world.settle()

    assert fault.hits == 1
    assert_said_once(world, pull)
    assert sent(world, "POST", path) == 2


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("path", CHANGES)
async def test_a_change_that_was_lost_is_made_again_and_says_nothing_twice(world: World, path: str, when: str) -> None:
    pull = reviewed(world)
    await world.settle()
    fault = world.github.faults.add(method="PATCH", path=path, when=when, drop=True)  # type: ignore[arg-type]
    world.repo.commit("feature", {"app/price.py": "x = 1\n"})
    await world.settle()

    assert fault.hits == 1
    assert [run.conclusion for run in world.checks(pull.head_sha)] == ["success"]
    assert "Passed" in world.summary(pull)


@pytest.mark.parametrize("path", NEW)
async def test_a_token_that_ends_at_a_write_makes_no_second_one(world: World, path: str) -> None:
    world.github.faults.add(method="POST", path=path, status=401, body={"message": "Bad credentials"})
    pull = reviewed(world)
    await world.settle()

    assert_said_once(world, pull)
    assert sent(world, "POST", path) == 2  # the refused one and the one
