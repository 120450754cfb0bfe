"""What allowed a fix is looked at again right before each push, however long it took to get there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from arq.connections import RedisSettings

from app.domain.sandbox import WorkspaceKey
from app.ports import KeptSandbox, Prepared, Tree
from tests.fakes.directory_sandboxes import DirectorySandboxes
from tests.fakes.github import FakeGitHub, PullRequest
from tests.fakes.model import FakeModel
from tests.stories.fixing import asked, policy, told, writer
from tests.stories.refusing import MEND, NEW_TEST, VERIFY, WISH, does, opened, patch, small_world
from tests.stories.test_fix_meanwhile import retarget
from tests.stories.test_fix_resumed import ask, lost, pushing
from tests.stories.test_fix_resumed import opened as opened_for_pushing
from tests.world import World

POLICY = ".github/revwright.yml"
Change = Callable[[World, PullRequest], None]


@dataclass(slots=True)
class Counted(DirectorySandboxes):
    """Something happens when the nth sandbox is opened."""

    happens: dict[int, Callable[[], None]] = field(default_factory=dict)

    @asynccontextmanager
    async def open(
        self,
        tree: Tree,
        *,
        git: bool = False,
        environment: Prepared | None = None,
        keep: WorkspaceKey | None = None,
    ) -> AsyncIterator[KeptSandbox]:
        if happening := self.happens.get(self.opened + 1):
            happening()
        async with DirectorySandboxes.open(self, tree, git=git, environment=environment, keep=keep) as sandbox:
            yield sandbox


def _says(text: str) -> Change:
    def change(world: World, _pull: PullRequest) -> None:
        world.repo.commit("main", {POLICY: text})

    return change


def _may_only_read(world: World, _pull: PullRequest) -> None:
    world.repo.permissions[writer(world).id] = "read"


def _is_closed(_world: World, pull: PullRequest) -> None:
    pull.close()


def _is_default(world: World, _pull: PullRequest) -> None:
    world.repo.default_branch = "feature"


def _carries_another(world: World, pull: PullRequest) -> None:
    world.repo.commit("above", {"above.md": "A."}, parent=pull.head_sha)
    world.repo.open_pull_request(head="above", base="feature", title="On top")


def _goes_on(world: World) -> None:
    world.repo.commit("feature", {"more.md": "M."})


TAKEN_AWAY: dict[str, Change] = {
    "the permission": _may_only_read,
    "the pull request": _is_closed,
    "the policy": _says(policy(VERIFY, enabled="false")),
    "the base": retarget,
    "the branch, which is the default one now": _is_default,
    "the branch, which another one is based on": _carries_another,
}


@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize("what", TAKEN_AWAY)
async def test_what_is_taken_away_during_the_last_checks_counts(
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, tmp_path: Path, what: str, *, moved: bool
) -> None:
    boxes = Counted(tmp_path / "boxes")
    async with small_world(github, redis_settings, model, tmp_path, boxes) as world:
        does(world, patch(NEW_TEST), patch(MEND))
        pull = opened(world)
        await world.settle()
        # Before; the workspace; with the patch; its test alone; and where it moved, both on the new head.
        start = boxes.opened
        last = {False: 4, True: 6}[moved]
        boxes.happens[start + last] = lambda: TAKEN_AWAY[what](world, pull)
        if moved:
            boxes.happens[start + 3] = lambda: _goes_on(world)
        await asked(world, pull, WISH)

        assert boxes.opened == start + last
        assert "Nothing was pushed." in told(pull)


CORE = "tiers:\n  core:\n    - paths: ['price.sh']\n      reason: Money\n"
CHANGED: dict[str, Change] = {
    "another way to deliver": _says(policy("sh check.sh", deliver="suggest")),
    "a core path": _says(policy("sh check.sh") + CORE),
    "fewer lines": _says(policy("sh check.sh", max_changed_lines="1")),
    "other checks": _says(policy("false")),
    "another base": retarget,
}


@pytest.fixture
async def world(
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, tmp_path: Path
) -> AsyncIterator[World]:
    async with small_world(github, redis_settings, model, tmp_path) as opening:
        yield opening


@pytest.mark.parametrize("what", CHANGED)
async def test_a_commit_is_pushed_only_under_the_policy_that_it_was_made_for(world: World, what: str) -> None:
    pull = await opened_for_pushing(world)
    before = pull.head_sha
    pushing(world, lost(lambda: CHANGED[what](world, pull)))
    await ask(world, pull)

    assert pull.head_sha == before
    assert "its policy, changed meanwhile" in told(pull)


@pytest.mark.parametrize("what", ["the permission", "the policy"])
async def test_a_patch_is_not_even_shown_where_it_is_not_allowed_any_more(
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, tmp_path: Path, what: str
) -> None:
    boxes = Counted(tmp_path / "boxes")
    async with small_world(github, redis_settings, model, tmp_path, boxes) as world:
        does(world, patch(NEW_TEST), patch(MEND))
        pull = opened(world, deliver="suggest")
        await world.settle()
        boxes.happens[boxes.opened + 4] = lambda: TAKEN_AWAY[what](world, pull)
        await asked(world, pull, WISH)

        assert "Nothing was pushed." in told(pull)
        assert "```diff" not in told(pull)


async def test_a_patch_for_a_head_that_moved_says_so(
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, tmp_path: Path
) -> None:
    boxes = Counted(tmp_path / "boxes")
    async with small_world(github, redis_settings, model, tmp_path, boxes) as world:
        does(world, patch(NEW_TEST), patch(MEND))
        pull = opened(world, deliver="suggest")
        await world.settle()
        made_for = pull.head_sha
        boxes.happens[boxes.opened + 4] = lambda: _goes_on(world)
        await asked(world, pull, WISH)

        assert f"It was made for `{made_for[:12]}`; the branch is at `{pull.head_sha[:12]}` now." in told(pull)
