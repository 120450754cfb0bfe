"""What people ask of a running review, and what its record tells of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.adapters.store import keys
from app.domain.jobs import Queue
from app.domain.runs import RunRecord, RunState
from tests.fakes.github import PullRequest
from tests.fakes.model import Answer, Hang, Reviewer, Seen
from tests.stories.test_failures import row_key
from tests.stories.test_first_review import DIVISION, open_bug
from tests.stories.test_redis_trouble import working
from tests.world import World

CLEAN = Answer({"findings": [], "summary": "", "diagram": None})


async def until(world: World, pull: PullRequest, conclusion: str) -> None:
    async with asyncio.timeout(30):
        while [run.conclusion for run in world.checks(pull.head_sha)][-1:] != [conclusion]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def asked(world: World, times: int) -> None:
    assert world.model is not None
    async with asyncio.timeout(30):
        while len(world.model.requests) < times:  # noqa: ASYNC110 - another thread tells
            await asyncio.sleep(0.02)


async def records(world: World) -> list[RunRecord]:
    return list(await world.services.runs.recent(10))


async def recorded(world: World, state: RunState) -> None:
    async with asyncio.timeout(30):
        while (await records(world))[0].state is not state:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def hang(_seen: Seen) -> Hang:
    return Hang()


async def test_a_stop_ends_the_model_call_and_the_check_is_cancelled(world: World) -> None:
    assert world.model is not None
    world.model.behaviour = hang
    pull = open_bug(world)
    async with working(world):
        await world.deliver_new()
        await asked(world, 1)
        assert await world.services.orders.stop(row_key(world, pull))
        await until(world, pull, "cancelled")
        await recorded(world, RunState.STOPPED)

    assert world.model.requests[0].disconnected
    assert world.check(pull.head_sha).title == "Stopped"
    assert pull.comments == []
    (run,) = await records(world)
    assert (run.state, run.outcome) == (RunState.STOPPED, "stopped")
    assert ([use.calls for use in run.models], run.usd) == ([1], None), "broken off: nobody knows what it costs"


async def test_what_was_stopped_is_reviewed_after_the_next_push(world: World) -> None:
    pull = open_bug(world)
    await world.deliver_new()
    assert await world.services.orders.stop(row_key(world, pull))
    await world.work()
    assert world.check(pull.head_sha).conclusion == "cancelled"
    world.repo.commit("feature", {"app/price.py": "x = 1\n"})
    await world.settle()

    assert world.check(pull.head_sha).conclusion == "success"


async def test_a_pause_ends_a_running_review_and_lasts_until_somebody_resumes(world: World) -> None:
    assert world.model is not None
    world.model.behaviour = hang
    pull = open_bug(world)
    orders, key = world.services.orders, row_key(world, pull)
    async with working(world):
        await world.deliver_new()
        await asked(world, 1)
        assert await orders.pause(key)
        await until(world, pull, "cancelled")
        world.repo.commit("feature", {"app/price.py": "x = 1\n"})
        await world.deliver_new()
        await until(world, pull, "cancelled")
        assert world.check(pull.head_sha).title == "Paused"
        assert len(world.model.requests) == 1
        world.model.behaviour = lambda _seen: CLEAN
        assert await orders.resume(key)
        await until(world, pull, "success")
        await recorded(world, RunState.DONE)

    assert len(pull.comments) == 1
    assert [run.state for run in await records(world)] == [RunState.DONE, RunState.PAUSED, RunState.PAUSED]


@pytest.mark.parametrize("order", ["stop", "pause"])
async def test_what_is_closed_or_a_draft_meanwhile_has_no_check_to_end(world: World, order: str) -> None:
    pull = open_bug(world)
    pull.convert_to_draft()
    await world.deliver_new()
    assert await getattr(world.services.orders, order)(row_key(world, pull))
    await world.work()
    assert {run.conclusion for run in world.checks(pull.head_sha)} <= {"cancelled"}

    pull.close()
    again = world.services.orders.retry if order == "stop" else world.services.orders.resume
    assert await again(row_key(world, pull))
    assert await getattr(world.services.orders, order)(row_key(world, pull))
    await world.work()
    assert {run.conclusion for run in world.checks(pull.head_sha)} <= {"cancelled"}


async def test_a_push_while_the_model_thinks_cancels_the_old_check_and_announces_the_new_head_at_once(
    world: World,
) -> None:
    assert world.model is not None
    world.model.behaviour = hang
    pull = open_bug(world)
    old = pull.head_sha
    async with working(world):
        await world.deliver_new()
        await asked(world, 1)
        world.repo.commit("feature", {"app/price.py": "x = 1\n"})
        await world.deliver_new()
        await asked(world, 2)
        assert world.check(old).conclusion == "cancelled"
        assert world.check(pull.head_sha).status == "in_progress"
        pull.close()
        assert await world.services.orders.stop(row_key(world, pull))
        await until(world, pull, "cancelled")

    assert world.model.requests[0].disconnected
    assert (pull.comments, pull.reviews) == ([], [])


@pytest.mark.parametrize("meanwhile", ["close", "convert_to_draft"])
async def test_a_push_and_then_no_pull_request_to_review_leaves_no_open_check(world: World, meanwhile: str) -> None:
    assert world.model is not None
    world.model.behaviour = hang
    pull = open_bug(world)
    async with working(world):
        await world.deliver_new()
        await asked(world, 1)
        world.repo.commit("feature", {"app/price.py": "x = 1\n"})
        getattr(pull, meanwhile)()
        await world.deliver_new()
        await asyncio.sleep(0)
        async with asyncio.timeout(30):
            while any(run.status != "completed" for run in world.repo.check_runs.values()):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    assert {run.conclusion for run in world.repo.check_runs.values()} == {"cancelled"}
    assert len(world.model.requests) == 1


async def test_a_late_delivery_of_a_head_that_was_reviewed_costs_nothing(world: World) -> None:
    """The push came first by another way: found in git, or told by a later delivery."""
    assert world.model is not None
    world.model.behaviour = Reviewer(DIVISION)
    pull = open_bug(world)
    await world.settle()
    world.repo.commit("feature", {"app/price.py": "x = 1\n"})
    await world.settle()
    calls, late = len(world.model.requests), world.github.deliveries.of("pull_request", "synchronize")[-1]
    again = late.with_payload({**late.payload, "sender": {"id": 1}})
    assert (await world.deliver(again, x_github_delivery="another-id")).json()["result"] == "queued"
    await world.work()

    assert len(world.model.requests) == calls
    assert [run.conclusion for run in world.checks(pull.head_sha)] == ["success"]
    assert (await records(world))[0].outcome == "this head was reviewed before"


async def test_the_record_of_a_run_tells_what_happened_and_what_it_cost(world: World) -> None:
    assert world.model is not None
    world.model.behaviour = Reviewer(DIVISION)
    world.github.faults.add(method="POST", path=r"/reviews$", times=1, status=502)
    open_bug(world)
    await world.settle()

    (run,) = await records(world)
    assert (run.state, run.outcome, run.attempts) == (RunState.DONE, "failure", 2)
    assert run.tokens
    # A review and a judge: asked and counted once.
    assert [use.calls for use in run.models] == [len(world.model.requests)] == [2]
    told = [event.text for event in run.timeline]
    assert any("GitHub says: open, head" in text for text in told)
    assert any("Blocked by 1 finding" in text for text in told)
    logged = "\n".join((await world.services.runs.logs(run.start.id)).lines)
    assert "attempt 1: POST" in logged
    assert "502" in logged


async def test_a_worker_that_dies_right_after_the_last_word_leaves_nothing_to_say(world: World) -> None:
    """The check is concluded, and the ledger was never told: no second check run, no second bill."""
    assert world.model is not None
    world.model.behaviour = Reviewer(DIVISION)
    pull = open_bug(world)
    await world.settle()
    row = keys.row(str(row_key(world, pull)))
    for call in (world.redis.hset(row, "done", "0"), world.redis.zadd(keys.DEADLINES, {str(row_key(world, pull)): 1})):
        undone: Any = call
        await undone
    await world.work()

    assert world.check(pull.head_sha).conclusion == "failure"
    assert [seen.task for seen in world.model.requests] == ["review", "judge"]
    assert len(pull.comments) == len(pull.reviews) == 1
    assert (await records(world))[0].outcome == "the review was finished when its worker died"
    assert await world.services.bells.due() == frozenset()


async def test_a_retry_after_a_stop_that_was_not_told_yet_runs_and_one_of_a_paused_row_does_not(world: World) -> None:
    pull = open_bug(world)
    orders, key = world.services.orders, row_key(world, pull)
    await world.deliver_new()
    assert await orders.stop(key)
    assert await orders.retry(key)
    await world.work()
    assert world.check(pull.head_sha).conclusion == "success"

    assert await orders.pause(key)
    assert not await orders.retry(key)
    calls = len(world.github.calls)
    assert await orders.resume(key)
    await world.work()
    assert [run.conclusion for run in world.checks(pull.head_sha)] == ["success"], "nothing is new"
    assert not [call for call in world.github.calls[calls:] if call.method != "GET"]


async def test_a_check_of_what_is_closed_says_so(world: World) -> None:
    pull = open_bug(world)
    await world.deliver_new()
    await world.work_queue(Queue.INTERACTIVE)
    pull.close()
    await world.work()

    check = world.check(pull.head_sha)
    assert (check.conclusion, check.title) == ("cancelled", "The pull request is closed")
