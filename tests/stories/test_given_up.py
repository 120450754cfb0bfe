"""Jobs that are given up conclude their checks: no check is left queued or in progress, and none is green by that."""

from __future__ import annotations

import pytest

from app.domain.errors import GitHubUnavailable
from app.domain.jobs import JobKind, Queue, RowKey
from app.domain.messages.check import REVIEW_CHECK
from app.domain.messages.gate import GATE_CHECK
from app.domain.pull_request import PullRequestRef
from tests.adapters.store.ledger import expire
from tests.fakes.github import CheckRun
from tests.stories.test_foreign_checks import TITLE, forge, our_gate
from tests.stories.test_merge_queue import Silent, begun, of_group, opened
from tests.stories.test_merge_queue_again import newest
from tests.world import World
from workers.attempts import MOST_DEATHS

BOTH = (REVIEW_CHECK, GATE_CHECK)


def key(world: World, kind: JobKind, number: int = 0) -> RowKey:
    assert world.repo.installation is not None
    return RowKey(kind, PullRequestRef(world.repo.installation.id, world.repo.id, number))


async def died(world: World, kind: JobKind, number: int = 0) -> None:
    """So many workers took the row that it is given up next, and never came back; rows that wait beside it rest."""
    row = key(world, kind, number)
    queue = Queue.REVIEW if kind is JobKind.REVIEW else Queue.INTERACTIVE
    for time in range(MOST_DEATHS):
        taken = await world.services.ledger.next(queue, f"dead{time}", run="r")
        assert taken is not None
        assert taken.key == row
        await expire(world.redis, row)


async def may() -> None:
    """Nothing newer is wanted."""


def all_over(world: World) -> bool:
    return all(run.status == "completed" for run in world.repo.check_runs.values())


def told(run: CheckRun) -> tuple[str | None, bool]:
    return run.conclusion, f"{MOST_DEATHS} attempts ended with the worker" in (run.summary or "")


async def test_a_review_whose_workers_die(gated: World) -> None:
    pull = opened(gated, "one")
    await gated.deliver_new()
    await gated.work_queue(Queue.INTERACTIVE)
    await died(gated, JobKind.REVIEW, pull.number)
    await gated.work()

    assert told(gated.check(pull.head_sha)) == ("action_required", True)
    assert gated.gate(pull).conclusion == "success"
    assert all_over(gated)


async def test_a_gate_whose_workers_die_before_it_has_a_check(gated: World) -> None:
    pull = opened(gated, "one")
    await gated.deliver_new()
    await died(gated, JobKind.GATE, pull.number)
    await gated.work()

    assert told(gated.gate(pull)) == ("action_required", True)
    assert all_over(gated)


async def test_a_gate_whose_workers_die_though_it_was_green(gated: World) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    assert gated.gate(pull).conclusion == "success"
    pull.review(gated.github.add_user("alice"), event="APPROVE")
    await gated.deliver_new()
    await died(gated, JobKind.GATE, pull.number)
    await gated.work()

    assert told(gated.gate(pull)) == ("action_required", True)


async def test_a_gate_that_left_an_older_heads_check_open(gated: World) -> None:
    """Its worker died between making that check and concluding it."""
    pull = opened(gated, "one")
    gated.github.faults.add(method="PATCH", path="/check-runs/", status=500, times=9, body={"message": "no"})
    await gated.deliver_new()
    row, old = await gated.services.ledger.read(key(gated, JobKind.GATE, pull.number)), pull.head_sha
    assert row is not None
    with pytest.raises(GitHubUnavailable):
        await gated.services.jobs[JobKind.GATE].run(row, may, Silent())
    gated.github.faults.clear()
    assert gated.check(old, GATE_CHECK).status == "queued"
    gated.repo.commit("one", {"app/one.py": "z = 3\n"})
    gated.github.faults.add(method="GET", path="/pulls/1$", status=403, times=9, body={"message": "no"})
    await gated.settle()

    assert gated.check(old, GATE_CHECK).conclusion == "action_required"
    assert gated.gate(pull).conclusion == "action_required"
    assert all_over(gated)


async def test_of_two_open_checks_one_is_refused_and_the_other_is_concluded_once(gated: World) -> None:
    pull = opened(gated, "one")
    await gated.deliver_new()
    await gated.work_queue(Queue.INTERACTIVE)
    old = gated.check(pull.head_sha)
    gated.repo.commit("one", {"app/one.py": "z = 3\n"})
    gated.github.faults.add(method="GET", path="/pulls/1$", status=403, times=999, body={"message": "no"})
    gated.github.faults.add(
        method="PATCH", path=f"/check-runs/{old.id}$", status=403, times=999, body={"message": "no"}
    )
    await gated.settle()

    assert gated.check(pull.head_sha).conclusion == "action_required"
    assert len(gated.checks(pull.head_sha, GATE_CHECK)) == 1


@pytest.mark.parametrize("check", BOTH)
async def test_what_github_refuses_for_good(gated: World, check: str) -> None:
    pull = opened(gated, "one")
    gated.github.faults.add(method="GET", path=f"/pulls/{pull.number}$", status=403, times=99, body={"message": "no"})
    await gated.settle()

    (run,) = gated.checks(pull.head_sha, check)
    assert (run.status, run.conclusion) == ("completed", "action_required")
    assert all_over(gated)


@pytest.mark.parametrize("early", [False, True], ids=["under way", "not begun"])
async def test_a_merge_queue_whose_workers_die(gated: World, *, early: bool) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    group = gated.repo.queue(pull)
    await gated.deliver_new()
    if not early:
        await begun(gated)
        assert [run.status for run in of_group(gated, group)] == ["in_progress", "in_progress"]
    await died(gated, JobKind.QUEUE)
    await gated.work()

    assert [told(run) for run in of_group(gated, group)] == [("failure", True)] * 2
    assert all_over(gated)


async def test_a_merge_queue_that_forgot_what_it_was_asked(gated: World) -> None:
    """Notes are kept for a day."""
    pull = opened(gated, "one")
    await gated.settle()
    group = gated.repo.queue(pull)
    await gated.deliver_new()
    await begun(gated)
    await gated.redis.delete(f"revwright:notes:{key(gated, JobKind.QUEUE)}")
    await died(gated, JobKind.QUEUE)
    await gated.work()

    assert [told(run) for run in of_group(gated, group)] == [("failure", True)] * 2


async def test_a_group_that_was_to_be_decided_once_more(gated: World) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    group = gated.repo.queue(pull)
    await gated.settle()
    gated.repo.rerequest(of_group(gated, group)[0], by=pull.user)
    await gated.deliver_new()
    await died(gated, JobKind.QUEUE)
    await gated.work()

    assert [told(run) for run in newest(gated, group)] == [("failure", True)] * 2
    assert all_over(gated)


async def test_a_foreign_check_is_looked_into_all_the_same(gated: World) -> None:
    """That needs nothing of GitHub."""
    pull = opened(gated, "one")
    await gated.settle()
    forge(gated, pull.head_sha)
    await gated.deliver_new()
    await died(gated, JobKind.FOREIGN)
    await gated.work()

    assert our_gate(gated, pull).title == TITLE


@pytest.mark.parametrize("order", ["stop", "pause"])
async def test_stopping_the_look_at_foreign_checks_loses_none(gated: World, order: str) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    forge(gated, pull.head_sha)
    await gated.deliver_new()
    assert await getattr(gated.services.orders, order)(key(gated, JobKind.FOREIGN))
    await gated.work()
    pull.review(gated.github.add_user("alice"), event="APPROVE")
    await gated.settle()

    assert our_gate(gated, pull).title == TITLE


async def test_however_many_set_one_all_are_looked_into(gated: World) -> None:
    pull = opened(gated, "one")
    await gated.settle()
    for number in range(51):
        gated.repo.add_status(pull.head_sha, GATE_CHECK, by=gated.github.add_user(f"mallory-{number}"))
    await gated.settle()

    assert (our_gate(gated, pull).summary or "").count("a commit status by") == 10
    assert await gated.redis.exists(f"revwright:notes:{key(gated, JobKind.FOREIGN)}") == 0
