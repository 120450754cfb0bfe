"""A conversation that is locked while a fix is under way: it ends, its record tells how, and the next one is made."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from arq.connections import RedisSettings

from app.domain.jobs import JobKind
from app.domain.runs import RunState
from tests.fakes.github import FakeGitHub, PullRequest
from tests.fakes.model import Answer, FakeModel, Reply, Seen
from tests.stories.fixing import asked, later, writer
from tests.stories.refusing import MEND, NEW_TEST, WISH, adds, does, opened, patch, small_world
from tests.stories.saying import OURS
from tests.world import World


@pytest.fixture
async def world(
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, tmp_path: Path
) -> AsyncIterator[World]:
    async with small_world(github, redis_settings, model, tmp_path) as opening:
        yield opening


def said(pull: PullRequest) -> list[str]:
    return [one.body for one in pull.comments if one.user.login == OURS and "<!-- revwright:fix:" in one.body]


async def test_a_conversation_that_is_locked_ends_the_fix_and_not_the_next_one(world: World) -> None:
    pull = opened(world)
    await world.settle()
    before = pull.head_sha

    def locks(_seen: Seen) -> Reply:
        body = {"message": "Unable to create comment because issue is locked."}
        world.github.faults.add(method="PATCH", path=r"/issues/comments/", status=403, times=1_000, body=body)
        return Answer(tool_calls=patch(MEND))

    does(world, patch(NEW_TEST), locks)
    await asked(world, pull, WISH)
    assert pull.head_sha != before
    assert "it begins" in said(pull)[-1]
    await world.settle()
    (run,) = [one for one in await world.services.runs.recent(20) if one.start.key.kind is JobKind.FIX]
    assert (run.state, run.attempts, run.next_at) == (RunState.DONE, 1, None)
    assert any("GitHub did not take the report" in event.text for event in run.timeline), run.timeline

    world.github.faults.clear()
    later(world, 30)
    does(world, patch(adds("more.py", "x = 1")))
    pull.comment(writer(world), WISH)
    await world.settle()
    assert "Fixed in" in said(pull)[-1]
