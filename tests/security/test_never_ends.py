"""A row that kills its workers, or a row nobody knows, comes to an end and stops nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from app.adapters.store import keys
from tests.stories.test_failures import pull_key
from tests.stories.test_first_review import open_bug
from tests.workers.test_attempts import attempts, key
from tests.world import World
from workers.attempts import SILENT_ATTEMPTS
from workers.schedule import ring_due


async def died(world: World, times: int) -> None:
    """So many workers took the row and never came back."""
    for number in range(times):
        row = await world.services.ledger.take(key(world), f"dead{number}")
        assert row is not None
        expired: Any = world.redis.hset(keys.row(str(key(world))), "lease", "1")
        await expired


async def test_a_row_whose_workers_die_silently_is_given_up_after_bounded_attempts(world: World) -> None:
    assert world.model is not None
    pull = open_bug(world)
    await world.deliver_new()
    await world.work_queue(keys.INTERACTIVE_QUEUE)
    await died(world, SILENT_ATTEMPTS)
    await world.work()

    check = world.check(pull.head_sha)
    assert (check.status, check.conclusion) == ("completed", "action_required")
    assert f"{SILENT_ATTEMPTS} attempts did not end" in (check.summary or "")
    assert world.model.requests == []
    assert await world.services.ledger.take(key(world), "anyone") is None


async def test_a_row_that_killed_some_workers_is_still_reviewed(world: World) -> None:
    pull = open_bug(world)
    await world.deliver_new()
    await world.work_queue(keys.INTERACTIVE_QUEUE)
    await died(world, SILENT_ATTEMPTS - 1)
    await world.work()

    assert world.check(pull.head_sha).conclusion == "success"


async def test_a_push_after_the_row_was_given_up_is_reviewed(world: World) -> None:
    pull = open_bug(world)
    await world.deliver_new()
    await died(world, SILENT_ATTEMPTS + 3)
    await attempts(world).answer(key(world))
    world.repo.commit("feature", {"app/price.py": "x = 1\n"})
    await world.settle()

    assert world.check(pull.head_sha).conclusion == "success"


@pytest.mark.parametrize("name", ["fix:1:2:3", "review:1:2", "no row"])
async def test_an_unknown_row_among_the_deadlines_is_skipped(world: World, name: str) -> None:
    """Such as one of a kind that a newer version made."""
    pull = open_bug(world)
    await world.deliver_new()
    await world.redis.delete(keys.INTERACTIVE_QUEUE, keys.REVIEW_QUEUE)  # the bell is lost
    await world.redis.zadd(keys.DEADLINES, {name: 1, f"review:{pull_key(world, pull)}": 1})

    assert await ring_due(world.services.bells) == 1
    await world.work_queue(keys.REVIEW_QUEUE)
    await world.work_queue(keys.INTERACTIVE_QUEUE)

    assert world.check(pull.head_sha).conclusion == "success"
