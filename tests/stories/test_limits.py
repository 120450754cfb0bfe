"""An installation that GitHub limits is left alone, whatever else happens there; its neighbours are not."""

from __future__ import annotations

from datetime import timedelta

from app.adapters.store import keys
from tests.fakes.github import Call, Installation, PullRequest
from tests.fakes.model import CutOff, Reviewer
from tests.stories.test_first_review import DIVISION, open_bug
from tests.world import World


def installation(world: World) -> Installation:
    assert world.repo.installation is not None
    return world.repo.installation


def second(world: World) -> PullRequest:
    world.repo.commit("second", {"b.py": "b = 1\n"})
    return world.repo.open_pull_request(head="second")


def calls_since(world: World, start: int) -> list[Call]:
    """What was sent for the installation, token requests aside: those count for the App itself."""
    return [call for call in world.github.calls[start:] if call.installation_id == installation(world).id]


async def held_for(world: World) -> timedelta:
    """No row of the installation gets its turn for so long."""
    return timedelta(milliseconds=await world.redis.pttl(keys.held(installation(world).id)))


async def test_after_a_secondary_refusal_the_check_says_so_and_nothing_else_is_sent(world: World) -> None:
    world.github.faults.secondary_rate_limit(3600, path=r"/pulls/\d+$")
    first = open_bug(world)
    await world.settle()
    check = world.check(first.head_sha)
    assert check.status == "in_progress"
    assert "GitHub's secondary rate limit" in (check.summary or "")
    start = len(world.github.calls)
    other = second(world)
    await world.settle()

    assert calls_since(world, start) == []
    assert world.checks(other.head_sha) == []
    assert timedelta(minutes=50) < await held_for(world) <= timedelta(hours=1)


async def test_when_the_calls_run_out_the_check_is_there_and_nothing_is_sent_to_be_refused(world: World) -> None:
    world.github.faults.calls_left(40, installation=installation(world))
    first = open_bug(world)
    await world.settle()
    other = second(world)
    await world.settle()

    assert [call.status for call in calls_since(world, 0) if call.status == 403] == []
    assert "the reserve of GitHub's primary rate limit" in (world.check(first.head_sha).summary or "")
    check = world.check(other.head_sha)
    assert check.status == "queued"
    assert "GitHub asked us to come back" in (check.summary or "")
    assert timedelta(minutes=50) < await held_for(world) <= timedelta(hours=1)


async def test_another_installation_is_reviewed_all_the_same(world: World) -> None:
    world.github.faults.calls_left(0, installation=installation(world))
    limited = open_bug(world)
    await world.settle()
    elsewhere = world.github.create_repository("umbrella/api", installation=world.github.add_installation("umbrella"))
    elsewhere.commit("main", {"a.py": "a = 1\n"})
    elsewhere.commit("feature", {"a.py": "a = 2\n"})
    pull = elsewhere.open_pull_request(head="feature")
    await world.settle()

    assert [run.conclusion for run in elsewhere.check_runs.values()] == ["success"]
    assert len(pull.comments) == 1
    assert world.checks(limited.head_sha) == []
    refused = [call for call in calls_since(world, 0) if call.status == 403]
    assert len(refused) == 1


async def test_an_answer_that_could_not_be_published_is_neither_paid_for_nor_asked_for_again(world: World) -> None:
    assert world.model is not None
    world.model.behaviour = Reviewer(DIVISION)
    world.github.faults.secondary_rate_limit(0, path=r"/reviews$")
    pull = open_bug(world)
    await world.settle()

    assert [seen.task for seen in world.model.requests] == ["review", "judge"]
    assert (len(pull.reviews), len(pull.comments)) == (1, 1)
    assert world.check(pull.head_sha).conclusion == "failure"
    assert [key for key in await world.redis.keys("*") if b"answers" in key] == []


async def test_an_answer_that_was_cut_off_is_asked_for_again(world: World) -> None:
    assert world.model is not None
    world.model.script(CutOff('{"findings": ['))
    world.github.faults.add(method="PATCH", path=r"/check-runs/", times=1, status=502)
    world.github.faults.add(method="POST", path=r"/comments$", times=1, status=502)
    pull = open_bug(world)
    await world.settle()

    assert len(world.model.requests) == 2
    assert world.check(pull.head_sha).conclusion == "success"
