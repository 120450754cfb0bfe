"""What people took back of our commits, in the ways in which people do that: nothing is done again unasked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from arq.connections import RedisSettings

from tests.fakes.github import FakeGitHub, PullRequest
from tests.fakes.model import FakeModel
from tests.stories.fixing import asked, later, told, writer
from tests.stories.refusing import (
    MEND,
    MENDED,
    NEW_TEST,
    SHOP,
    TESTS,
    WISH,
    adds,
    does,
    opened,
    patch,
    pushes,
    small_world,
)
from tests.stories.saying import OURS
from tests.world import World

COUNT = "\n\ndef count(prices):\n    return len(prices)\n"


@pytest.fixture
async def world(
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, tmp_path: Path
) -> AsyncIterator[World]:
    async with small_world(github, redis_settings, model, tmp_path) as opening:
        yield opening


async def fixed(world: World) -> tuple[PullRequest, str]:
    """A pull request with a commit of ours, and its id."""
    pull = opened(world)
    does(world, patch(NEW_TEST), patch(MEND))
    await world.settle()
    await asked(world, pull, WISH)
    assert "Fixed in" in told(pull)
    return pull, pull.head_sha


def newest(pull: PullRequest) -> str:
    return [one.body for one in pull.comments if one.user.login == OURS and "<!-- revwright:fix:" in one.body][-1]


async def again(world: World, pull: PullRequest, wish: str = WISH) -> str:
    """What is said when somebody asks once more; a model that is asked adds a file."""
    await world.settle()
    does(world, patch(adds("more.py", "x = 1")))
    later(world, 30)
    pull.comment(writer(world), wish)
    await world.settle()
    return newest(pull)


WAYS: dict[str, tuple[dict[str, str], dict[str, str], bool]] = {
    "all of it": ({}, {"shop.py": SHOP, "test_shop.py": TESTS}, True),
    "after more work in the same file": ({"shop.py": MENDED + COUNT}, {"shop.py": SHOP + COUNT}, True),
    "one of two files": ({}, {"shop.py": SHOP}, True),
    "one of two files, in words of their own": ({}, {"shop.py": SHOP}, False),
    "with a remark": ({}, {"shop.py": f"# hands off\n{SHOP}", "test_shop.py": TESTS + "\n"}, True),
}


@pytest.mark.parametrize(("first", "then", "by_git"), WAYS.values(), ids=WAYS.keys())
async def test_what_was_reverted_is_not_fixed_again(
    world: World, first: dict[str, str], then: dict[str, str], *, by_git: bool
) -> None:
    pull, ours = await fixed(world)
    if first:
        world.repo.commit("feature", first)
        await world.settle()
    said = f'Revert "fix: as asked"\n\nThis reverts commit {ours}.\n' if by_git else "No, thanks"
    world.repo.commit("feature", then, message=said)
    before = len(pushes(world))

    answer = await again(world, pull)
    assert "was taken back, so I fix nothing here any more" in answer
    assert ours[:12] in answer
    assert len(pushes(world)) == before


async def test_an_older_commit_of_ours_is_taken_back_like_the_newest(world: World) -> None:
    pull, ours = await fixed(world)
    assert "Fixed in" in await again(world, pull)
    world.repo.commit("feature", {"shop.py": SHOP + COUNT}, message=f"This reverts commit {ours}.")

    assert f"{ours[:12]}" in await again(world, pull)
    assert "was taken back" in newest(pull)


async def test_work_on_the_same_file_is_no_revert(world: World) -> None:
    pull, ours = await fixed(world)
    world.repo.commit("feature", {"shop.py": MENDED + COUNT}, message=f"Goes on after {ours}")

    assert "Fixed in" in await again(world, pull)
