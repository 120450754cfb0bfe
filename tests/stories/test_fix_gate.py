"""Who asked for a fix cannot approve it at the gate, whatever becomes of its commit on the way there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from arq.connections import RedisSettings

from app.adapters.store import keys
from tests.fakes.github import FakeGitHub, PullRequest
from tests.fakes.model import FakeModel
from tests.stories.fixing import asked, later, told, writer
from tests.stories.refusing import MEND, WISH, does, opened, patch, small_world
from tests.stories.test_failures import row_key
from tests.world import World

CORE = "tiers:\n  core:\n    - paths: ['pay/**']\n      reason: Money\n"


@pytest.fixture
async def world(
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, tmp_path: Path
) -> AsyncIterator[World]:
    async with small_world(github, redis_settings, model, tmp_path) as opening:
        yield opening


async def stacked(world: World) -> tuple[PullRequest, PullRequest]:
    """A pull request to core files, and ours onto its branch, for which wanda asked."""
    does(world, patch(MEND))
    pull = opened(world, change={"pay/a.py": "x = 1\n"}, settings=CORE, deliver="pull_request")
    await world.settle()
    await asked(world, pull, WISH)
    assert "in pull request [" in told(pull)
    (ours,) = [one for one in world.repo.pulls.values() if one is not pull]
    return pull, ours


async def approved(world: World, pull: PullRequest, login: str) -> str | None:
    """What the gate says once that person has approved."""
    await world.settle()
    later(world, 20)
    pull.review(writer(world, login), event="APPROVE")
    await world.settle()
    return world.gate(pull).conclusion


def squash(world: World, ours: PullRequest) -> None:
    """As GitHub does it, with the title for a message."""
    mended = world.repo.store.run("show", f"{ours.head_sha}:shop.py").decode()
    world.repo.commit("feature", {"shop.py": mended}, message=f"{ours.title} (#{ours.number})", author=ours.user)


def merge(world: World, ours: PullRequest) -> None:
    world.repo.force_push("feature", ours.head_sha)


@pytest.mark.parametrize("merged", [squash, merge])
async def test_who_asked_cannot_approve_it_however_it_was_merged(world: World, merged: object) -> None:
    pull, ours = await stacked(world)
    merged(world, ours)  # type: ignore[operator]

    assert await approved(world, pull, "wanda") == "action_required"
    assert "wanda" in (world.gate(pull).summary or "")
    assert await approved(world, pull, "bob") == "success"


async def test_the_commits_alone_count_where_nothing_is_remembered(world: World) -> None:
    pull, ours = await stacked(world)
    assert await world.redis.delete(keys.fixes(str(row_key(world, pull).ref))) == 1
    merge(world, ours)

    assert await approved(world, pull, "wanda") == "action_required"
    assert await approved(world, pull, "bob") == "success"


async def test_who_asked_in_vain_can_approve(world: World) -> None:
    does(world)
    pull = opened(world, change={"pay/a.py": "x = 1\n"}, settings=CORE)
    await world.settle()
    await asked(world, pull, WISH)
    assert "Nothing was pushed" in told(pull)

    assert await approved(world, pull, "wanda") == "success"
