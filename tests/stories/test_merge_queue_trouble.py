"""A merge queue's groups where something is odd or in the way: each check is concluded, and never green by mistake."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.jobs import JobKind, RowKey
from app.domain.pull_request import PullRequestRef
from tests.stories.test_merge_queue import begun, conclusions, of_group, opened, queue_ref
from tests.world import World


async def deliver_changed(world: World, changes: dict[str, Any], guid: str = "changed") -> None:
    """The newest group's delivery with other facts, in place of what GitHub sent."""
    delivery = world.github.deliveries.of("merge_group")[-1]
    payload = delivery.payload
    payload["merge_group"] |= changes
    world.taken = len(world.github.deliveries)
    assert (await world.deliver(delivery.with_payload(payload), x_github_delivery=guid)).status_code == 202
    await world.work()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"base_ref": "refs/heads/none"}, "there is no branch none"),
        ({"base_ref": "refs/heads/release"}, "it is for the branch main, not release"),
        ({"base_sha": "9" * 40}, "does not have"),
        ({"base_sha": "aside"}, "do not lead from"),
        ({"head_ref": "refs/heads/odd"}, ""),
    ],
)
async def test_what_the_event_says_is_held_against_git(gated: World, changes: dict[str, str], why: str) -> None:
    gated.repo.commit("release", {"notes.md": "x\n"})
    aside = gated.repo.commit("aside", {"aside.md": "x\n"}, parent=gated.repo.head("main"))
    pull = opened(gated, "one")
    await gated.settle()
    group = gated.repo.queue(pull)
    await deliver_changed(gated, {key: aside if value == "aside" else value for key, value in changes.items()})

    wanted = "failure" if why else "success"
    assert conclusions(gated, group) == (wanted, wanted)
    assert why in (of_group(gated, group)[0].summary or "")


@pytest.mark.parametrize("number", [77, 1])
async def test_a_name_that_leads_elsewhere_proves_nothing(gated: World, number: int) -> None:
    other, pull = opened(gated, "one"), opened(gated, "two")
    await gated.settle()
    group = gated.repo.queue(pull, method="rebase")
    assert other.number == 1
    await deliver_changed(gated, {"head_ref": f"refs/heads/gh-readonly-queue/main/pr-{number}-{'a' * 40}"})

    assert conclusions(gated, group) == ("failure", "failure")


async def test_a_closed_pull_request_does_not_pass(gated: World) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    group = gated.repo.queue(pull)
    pull.close(by=pull.user)
    await gated.settle()

    assert conclusions(gated, group) == ("failure", "failure")
    assert f"#{pull.number}: it is not open" in (of_group(gated, group)[0].summary or "")


async def test_a_pull_request_that_may_not_be_read_ends_in_a_failed_check(gated: World) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    group = gated.repo.queue(pull)
    gated.github.faults.add(method="GET", path=f"/pulls/{pull.number}$", status=403, body={"message": "no"})
    await gated.settle()

    assert conclusions(gated, group) == ("failure", "failure")
    assert of_group(gated, group)[0].title == "Not decided: the look at the group failed"


async def test_what_is_over_stays_when_the_rest_is_given_up(gated: World) -> None:
    """And the next group cannot stand on what failed so."""
    pull, other = opened(gated, "one"), opened(gated, "two")
    await gated.settle()
    group = gated.repo.queue(pull)
    gated.github.faults.add(method="PATCH", path="/check-runs/", status=None, times=3)
    gated.github.faults.add(method="PATCH", path="/check-runs/", status=403, body={"message": "no"})
    await gated.settle()

    assert conclusions(gated, group) == ("success", "failure")
    later = gated.repo.queue(other, onto=group)
    await gated.settle()
    assert conclusions(gated, later) == ("success", "failure")


async def test_a_refusal_to_cancel_is_not_the_last_word(gated: World) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    group = gated.repo.queue(pull)
    await gated.deliver_new()
    await begun(gated)
    group.destroy()
    gated.github.faults.add(method="PATCH", path="/check-runs/", status=403, body={"message": "no"})
    await gated.settle()

    assert conclusions(gated, group) == ("cancelled", "cancelled")


async def test_who_stops_it_gains_nothing(gated: World) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    group = gated.repo.queue(pull)
    await gated.deliver_new()
    assert await gated.services.orders.pause(RowKey(JobKind.QUEUE, PullRequestRef.parse(queue_ref(gated))))
    await gated.work()
    assert gated.checks(group.head_sha) == []

    assert await gated.services.orders.resume(RowKey(JobKind.QUEUE, PullRequestRef.parse(queue_ref(gated))))
    await gated.work()
    assert conclusions(gated, group) == ("success", "success")


async def test_a_group_under_way_is_not_ended_by_the_next(gated: World) -> None:
    """Both are asked for by the time that the job runs, and again after it was done."""
    one, two = opened(gated, "one"), opened(gated, "two")
    await gated.settle()
    first = gated.repo.queue(one)
    await gated.deliver_new()
    await begun(gated)
    second = gated.repo.queue(two)
    await gated.settle()

    assert conclusions(gated, first) == ("success", "success")
    assert conclusions(gated, second) == ("success", "success")
    assert await gated.redis.keys("revwright:notes:*") == []


async def test_a_group_whose_commits_cannot_be_had_is_concluded_in_the_end(gated: World) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    group = gated.repo.queue(pull)
    payload = gated.github.deliveries.of("merge_group")[-1].payload
    payload["merge_group"]["base_sha"] = "9" * 40
    gated.taken = len(gated.github.deliveries)
    await gated.deliver(gated.github.deliveries.of("merge_group")[-1].with_payload(payload))
    await gated.work()

    assert conclusions(gated, group) == ("failure", "failure")
    assert "does not have" in (of_group(gated, group)[0].summary or "")


async def test_a_commit_that_is_gone_stands_in_no_other_group_s_way(gated: World) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    group = gated.repo.queue(pull)
    payload = gated.github.deliveries.of("merge_group")[-1].payload
    payload["merge_group"]["head_sha"] = "9" * 40
    await gated.deliver(gated.github.deliveries.of("merge_group")[-1].with_payload(payload), x_github_delivery="gone")
    await gated.settle()

    assert conclusions(gated, group) == ("success", "success")
    assert await gated.redis.keys("revwright:notes:*") == []
    gated.github.unprocessable.clear()
