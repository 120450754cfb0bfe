"""Buttons of our check and GitHub's "Re-run": the same authority as commands, bound to the head that they stand on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.github import CheckRun, FakeGitHub, PullRequest
from tests.stories.pushes import DIVISION, asked, conclusion, person, says
from tests.stories.saying import replies, reply, reviewed_bug, said, writer
from tests.world import World


def newest(world: World, pull: PullRequest) -> CheckRun:
    return max(world.checks(pull.head_sha), key=lambda run: run.id)


async def pressed(world: World, **changes: Any) -> None:
    """The newest delivery about a check, with parts of the check replaced, and everything that follows."""
    (delivery,) = world.github.deliveries.of("check_run")[-1:]
    payload = delivery.payload
    world.taken = len(world.github.deliveries)
    await world.deliver(delivery.with_payload({**payload, "check_run": {**payload["check_run"], **changes}}))
    await world.work()


async def test_a_blocked_check_has_two_buttons_and_a_green_one_none(github: FakeGitHub, world: World) -> None:
    pull = await reviewed_bug(world)
    assert [one["label"] for one in newest(world, pull).actions] == ["Re-review", "Ask a human"]
    says(world, {})
    world.repo.commit("feature", {"app/price.py": "x = 1\n"})
    await world.settle()

    assert conclusion(world, pull) == "success"
    assert newest(world, pull).actions == []


@pytest.mark.parametrize("how", ["button", "re-run", "re-run all"])
async def test_who_may_has_it_reviewed_again(github: FakeGitHub, world: World, how: str) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    run = newest(world, pull)
    if how == "button":
        world.repo.request_action(run, "review", by=ann)
    elif how == "re-run":
        world.repo.rerequest(run, by=ann)
    else:
        world.repo.rerequest_suite(run.suite, by=ann)
    await world.settle()

    assert len(world.checks(pull.head_sha)) == 2
    assert replies(pull) == []


async def test_it_may_be_pressed_again_when_it_is_done(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    for number in (2, 3):
        world.repo.rerequest(newest(world, pull), by=ann)
        await world.settle()
        assert len(world.checks(pull.head_sha)) == number


async def test_re_run_all_is_about_every_pull_request_with_that_head(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    world.repo.commit("release", {"r.txt": "r\n"}, parent=world.repo.head("main"))
    other = world.repo.open_pull_request(head="feature", base="release")
    closed = world.repo.open_pull_request(head="feature", base="release")
    closed.close()
    await world.settle()
    before = len(await world.services.runs.recent(50))
    world.repo.rerequest_suite(newest(world, pull).suite, by=ann)
    delivery = github.deliveries[-1]
    payload = delivery.payload
    numbers = [{"number": one.number} for one in (pull, other, closed)]
    world.taken = len(github.deliveries)
    await world.deliver(
        delivery.with_payload({**payload, "check_suite": {**payload["check_suite"], "pull_requests": numbers}})
    )
    await world.work()

    assert len(await world.services.runs.recent(50)) == before + 3, "the command and two reviews"


@pytest.mark.parametrize("role", [None, "read", "triage"])
async def test_who_may_not_presses_in_vain(github: FakeGitHub, world: World, role: str | None) -> None:
    pull, stranger = await reviewed_bug(world), person(github, world.repo, "stranger", role)
    says(world, DIVISION)
    before = len(world.written())
    for button in ("review", "human"):
        world.repo.request_action(newest(world, pull), button, by=stranger)
    world.repo.rerequest(newest(world, pull), by=stranger)
    await world.settle()

    assert [call for call in world.written()[before:] if "/access_tokens" not in call] == []
    assert asked(world) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"app": {"id": 1}},
        {"external_id": "70001:500001:1:" + "0" * 40},
        {"external_id": "forged"},
        {"external_id": ""},
    ],
)
async def test_a_forged_button_is_none(github: FakeGitHub, world: World, changes: dict[str, Any]) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    before = len(world.written())
    world.repo.request_action(newest(world, pull), "human", by=ann)
    await pressed(world, **changes)

    assert [call for call in world.written()[before:] if "/access_tokens" not in call] == []


async def test_a_button_of_an_old_head_or_another_version_or_a_closed_pull_request_is_none(
    github: FakeGitHub, world: World
) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    old = newest(world, pull)
    world.repo.commit("feature", {"app/other.py": "x = 1\n"})
    await world.settle()
    before = len(world.written())
    world.repo.request_action(old, "human", by=ann)
    await world.settle()
    new = newest(world, pull)
    new.actions.append({"identifier": "dance", "label": "", "description": ""})
    world.repo.request_action(new, "dance", by=ann)
    await world.settle()
    pull.close()
    await world.settle()
    world.repo.request_action(new, "human", by=ann)
    await world.settle()

    written = [call for call in world.written()[before:] if "/comments" in call]
    assert written == []


async def test_a_person_is_asked_who_can_decide(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    world.repo.request_action(newest(world, pull), "human", by=ann)
    await world.settle()

    told = reply(pull)
    assert told.startswith("`human`, pressed by ann:")
    assert "Division by zero" in told
    assert "@" not in told


async def test_a_fix_button_where_nothing_may_be_executed(github: FakeGitHub, world: World) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    run = newest(world, pull)
    run.actions.append({"identifier": "fix", "label": "Fix these", "description": ""})
    world.repo.request_action(run, "fix", by=ann)
    await world.settle()

    assert reply(pull).startswith("`fix`, pressed by ann: This deployment has no sandbox")


async def test_a_button_where_reviews_are_paused_or_the_policy_is_invalid_or_after_too_many(
    github: FakeGitHub, world: World
) -> None:
    pull, ann = await reviewed_bug(world), writer(github, world)
    await said(world, pull, ann, "@revwright pause")
    world.repo.rerequest(newest(world, pull), by=ann)
    await world.settle()
    assert "are paused" in replies(pull)[1]
    assert replies(pull)[1].startswith("`review`, pressed by ann:")

    for _ in range(18):
        pull.comment(ann, "@revwright stop")
    await world.settle()
    before = len(replies(pull))
    world.repo.request_action(newest(world, pull), "human", by=ann)
    await world.settle()
    assert len(replies(pull)) == before


async def test_an_invalid_policy_holds_buttons_back(github: FakeGitHub, world: World) -> None:
    world.repo.commit("main", {".github/revwright.yml": "version: 2\n"})
    pull, ann = await reviewed_bug(world), writer(github, world)
    world.repo.request_action(newest(world, pull), "human", by=ann)
    await world.settle()

    assert replies(pull) == []
