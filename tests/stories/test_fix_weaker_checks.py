"""A patch that leaves the checks green by making them check less is no fix, wherever it does so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from arq.connections import RedisSettings

from tests.fakes.github import FakeGitHub
from tests.fakes.model import FakeModel
from tests.stories.refusing import NEW_TEST, SHOP, changes, does, opened, patch, refused, small_world
from tests.world import World


@pytest.fixture
async def world(
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, tmp_path: Path
) -> AsyncIterator[World]:
    async with small_world(github, redis_settings, model, tmp_path) as opening:
        yield opening


SKIPS = """\
import unittest


def total(prices):
    if prices == [1, 2]:
        raise unittest.SkipTest("no")
    return sum(prices)
"""


async def test_a_new_test_does_not_make_up_for_one_that_is_skipped_now(world: World) -> None:
    does(world, patch(changes("shop.py", before=SHOP, after=SKIPS)), patch(NEW_TEST))

    assert "0 tests were skipped before and 1 now" in await refused(world, opened(world))
