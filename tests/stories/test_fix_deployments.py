"""What a deployment gives to fixes, or does not: sandboxes, a model, money, and words that hold everywhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from arq.connections import RedisSettings

from app.domain.errors import SandboxUnavailable
from app.domain.sandbox import WorkspaceKey
from app.ports import KeptSandbox, Prepared, Tree
from tests.fakes.directory_sandboxes import DirectorySandboxes
from tests.fakes.github import FakeGitHub, PullRequest
from tests.fakes.model import Answer, FakeModel, Reply, Seen, Usage
from tests.stories.fixing import FIXED, asked, later, writer
from tests.stories.refusing import (
    MEND,
    NEW_TEST,
    WISH,
    does,
    opened,
    patch,
    refused,
    run,
    small_world,
)
from tests.stories.saying import OURS, reply
from tests.stories.test_fix_asking import until
from tests.stories.test_money import PRICES
from tests.stories.test_redis_trouble import working
from tests.world import World, open_world


@pytest.fixture
async def world(
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, tmp_path: Path
) -> AsyncIterator[World]:
    async with small_world(github, redis_settings, model, tmp_path) as opening:
        yield opening


async def test_without_a_sandbox_nothing_of_a_pull_request_is_run(
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, tmp_path: Path
) -> None:
    async with open_world(github, redis_settings, tmp_path / "data", model=model) as world:
        does(world, patch(MEND))
        pull = opened(world)
        await world.settle()
        await asked(world, pull, WISH)
        assert "This deployment has no sandbox" in reply(pull)


def said(*pulls: PullRequest) -> str:
    return "\n".join(one.body for pull in pulls for one in pull.comments if one.user.login == OURS)


@dataclass(slots=True)
class FewBoxes(DirectorySandboxes):
    """At most two are open at a time, and who has waited for long is told to come back."""

    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))

    @asynccontextmanager
    async def open(
        self,
        tree: Tree,
        *,
        git: bool = False,
        environment: Prepared | None = None,
        keep: WorkspaceKey | None = None,
    ) -> AsyncIterator[KeptSandbox]:
        try:
            await asyncio.wait_for(self.places.acquire(), 5)
        except TimeoutError:
            raise SandboxUnavailable("all places for sandboxes are taken: try again later") from None
        try:
            async with DirectorySandboxes.open(self, tree, git=git, environment=environment, keep=keep) as sandbox:
                yield sandbox
        finally:
            self.places.release()


async def test_two_fixes_at_once_do_not_wait_for_each_others_sandboxes(
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, tmp_path: Path
) -> None:
    boxes = FewBoxes(tmp_path / "boxes")
    async with small_world(github, redis_settings, model, tmp_path, boxes, places="2") as world:
        does(world, run("sleep 1"), patch(NEW_TEST), patch(MEND))
        first = opened(world)
        world.repo.commit("other", {"OTHER.md": "Read me.\n"})
        second = world.repo.open_pull_request(head="other", title="Something else")
        await world.settle()
        later(world)
        for pull in (first, second):
            pull.comment(writer(world), WISH)
        async with working(world):
            await world.deliver_new()
            await until(lambda: "it waits until other fixes are done" in said(first, second))
            await until(lambda: said(first, second).count("**Fixed in") == 2)
        await world.settle()


@dataclass(slots=True)
class Restarting(DirectorySandboxes):
    """Away until it `is_back`."""

    is_back: bool = False

    @asynccontextmanager
    async def open(
        self,
        tree: Tree,
        *,
        git: bool = False,
        environment: Prepared | None = None,
        keep: WorkspaceKey | None = None,
    ) -> AsyncIterator[KeptSandbox]:
        if not self.is_back:
            raise SandboxUnavailable("the runner of sandboxes does not answer")
        async with DirectorySandboxes.open(self, tree, git=git, environment=environment, keep=keep) as sandbox:
            yield sandbox


async def test_a_runner_that_restarts_is_waited_for(
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, tmp_path: Path
) -> None:
    boxes = Restarting(tmp_path / "boxes")
    async with small_world(github, redis_settings, model, tmp_path, boxes) as world:
        does(world, patch(NEW_TEST), patch(MEND))
        pull = opened(world)
        await world.settle()
        later(world)
        pull.comment(writer(world), WISH)
        async with working(world):
            await world.deliver_new()
            await until(lambda: "the runner of sandboxes does not answer" in said(pull))
            boxes.is_back = True
            await until(lambda: "**Fixed in" in said(pull))
        await world.settle()
    assert boxes.is_back


async def test_with_one_sandbox_at_a_time_nothing_is_begun(
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, tmp_path: Path
) -> None:
    async with small_world(github, redis_settings, model, tmp_path, places="1") as world:
        does(world, patch(MEND))
        assert "A fix needs two sandboxes" in await refused(world, opened(world))


async def test_what_the_deployment_says_of_every_repository_holds_for_fixes(
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, tmp_path: Path
) -> None:
    above = tmp_path / "above.yml"
    above.write_text("version: 1\nreview:\n  instructions: Money is counted in whole cents.\n")
    boxes = DirectorySandboxes(tmp_path / "boxes")
    async with open_world(
        github, redis_settings, tmp_path / "data", model=model, sandboxes=boxes, REVWRIGHT_POLICY_FILE=str(above)
    ) as world:
        told: list[str] = []

        def listens(seen: Seen) -> Reply:
            told.append(seen.messages[0]["content"])
            return Answer(dict(FIXED))

        does(world, listens)
        await refused(world, opened(world))
        assert "Money is counted in whole cents." in told[0]


async def test_without_a_model_nothing_is_fixed(world_without_model: World) -> None:
    pull = opened(world_without_model)
    await world_without_model.settle()
    await asked(world_without_model, pull, WISH)
    assert "No model is configured" in reply(pull)


async def test_a_budget_that_is_used_up_ends_it(
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, tmp_path: Path
) -> None:
    boxes = DirectorySandboxes(tmp_path / "boxes")
    async with open_world(
        github, redis_settings, tmp_path / "data", model=model, sandboxes=boxes, REVWRIGHT_MODEL_PRICES=PRICES
    ) as world:

        def dear(_seen: Seen) -> Reply:
            return Answer(tool_calls=patch(MEND), usage=Usage(150_000, 0, 1_000))

        does(world, dear, dear)
        pull = opened(world, settings="limits:\n  usd_per_pull_request: 0.10\n")
        said = await refused(world, pull)
        assert "The model did not come to an end: the cap of `$0.10` for this pull request" in said
