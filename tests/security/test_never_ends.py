"""A row that kills its workers comes to an end and stops nobody else."""

from __future__ import annotations

from app.domain.jobs import Queue
from tests.adapters.store.ledger import expire
from tests.stories.test_failures import row_key
from tests.stories.test_first_review import open_bug
from tests.world import World
from workers.attempts import MOST_DEATHS


async def died(world: World, times: int) -> None:
    """So many workers took the row and never came back."""
    (pull,) = world.repo.pulls.values()
    for number in range(times):
        assert await world.services.ledger.next(Queue.REVIEW, f"dead{number}", run="r") is not None
        await expire(world.redis, row_key(world, pull))


async def test_a_row_whose_workers_die_silently_is_given_up_after_bounded_attempts(world: World) -> None:
    assert world.model is not None
    pull = open_bug(world)
    await world.deliver_new()
    await world.work_queue(Queue.INTERACTIVE)
    await died(world, MOST_DEATHS)
    await world.work()

    check = world.check(pull.head_sha)
    assert (check.status, check.conclusion) == ("completed", "action_required")
    assert f"{MOST_DEATHS} attempts ended with the worker" in (check.summary or "")
    assert world.model.requests == []
    assert await world.services.ledger.next(Queue.REVIEW, "anyone", run="r") is None


async def test_a_row_that_killed_some_workers_is_still_reviewed(world: World) -> None:
    pull = open_bug(world)
    await world.deliver_new()
    await world.work_queue(Queue.INTERACTIVE)
    await died(world, MOST_DEATHS - 1)
    await world.work()

    assert world.check(pull.head_sha).conclusion == "success"


async def test_a_push_after_the_row_was_given_up_is_reviewed(world: World) -> None:
    pull = open_bug(world)
    await world.deliver_new()
    await died(world, MOST_DEATHS)
    await world.work()
    assert world.check(pull.head_sha).conclusion == "action_required"
    world.repo.commit("feature", {"app/price.py": "x = 1\n"})
    await world.settle()

    assert world.check(pull.head_sha).conclusion == "success"
