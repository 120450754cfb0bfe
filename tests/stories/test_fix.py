"""From `@revwright fix` to a pushed, verified commit: real bugs of real projects, in the real sandbox."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from arq.connections import RedisSettings

from tests.adapters.sandbox.runner.conftest import Place
from tests.fakes.github import FakeGitHub
from tests.fakes.model import FakeModel
from tests.repairs.tasks import Task, files, scripted, tasks
from tests.stories.fixing import asked, open_task, repairer
from tests.stories.test_proof import place as place  # noqa: PLC0414 - the fixture
from tests.stories.test_proof import runner as runner  # noqa: PLC0414 - the fixture
from tests.world import World, open_world


@pytest.fixture
async def world(
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, place: Place, tmp_path: Path
) -> AsyncIterator[World]:
    async with open_world(github, redis_settings, tmp_path / "data", model=model, sandboxes=place.sandboxes) as opened:
        yield opened


@pytest.mark.parametrize("task", tasks(), ids=lambda task: task.name)
async def test_a_real_bug_goes_from_a_comment_to_a_pushed_and_verified_commit(world: World, task: Task) -> None:
    if task.python_below and sys.version_info[:2] >= tuple(map(int, task.python_below.split("."))):
        pytest.skip(f"the tests of {task.project} say something else from Python {task.python_below} on")
    assert world.model is not None
    world.model.behaviour = repairer(scripted(task))
    pull = open_task(world, files(task), task.verify, {"NOTES.md": "Read me.\n"})
    await world.settle()
    before = pull.head_sha

    await asked(world, pull, f"@revwright fix {task.bug}")

    assert pull.head_sha != before
