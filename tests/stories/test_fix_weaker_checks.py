"""A patch that leaves the checks green by making them check less is no fix, wherever it does so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from arq.connections import RedisSettings

from tests.fakes.github import FakeGitHub
from tests.fakes.model import FakeModel
from tests.stories.fixing import asked, told
from tests.stories.refusing import (
    FILES,
    MEND,
    NEW_TEST,
    SHOP,
    VERIFY,
    WISH,
    adds,
    changes,
    does,
    opened,
    patch,
    refused,
    small_world,
)
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


MAKE = "test:\n\tsh ci/checks\n"


@pytest.mark.parametrize(
    ("verify", "files", "mended", "path"),
    [
        ("sh check.sh", {"check.sh": ". ./lib.sh\nrun_all\n"}, ("run_all() {\n", "exit 0\nrun_all() {\n"), "lib.sh"),
        ("make -s test", {"Makefile": MAKE}, ("grep -q RIGHT price.txt\n", "true\n"), "ci/checks"),
    ],
)
async def test_what_a_command_runs_in_its_turn_is_not_for_a_fix_to_change(
    world: World, verify: str, files: dict[str, str], mended: tuple[str, str], path: str
) -> None:
    own = {"lib.sh": "run_all() {\n  grep -q RIGHT price.txt || exit 1\n}\n", "ci/checks": "grep -q RIGHT price.txt\n"}
    does(world, patch(changes(path, before=mended[0], after=mended[1])))
    said = await refused(world, opened(world, files={**own, **files, "price.txt": "WRONG\n"}, verify=verify))

    assert f"`{path}` is run by" in said
    assert "and so by the commands that verify the repair" in said


async def test_what_a_script_would_include_is_not_for_a_fix_to_add(world: World) -> None:
    files = {"check.sh": ". ./own.cfg\ngrep -q RIGHT price.txt\n", "price.txt": "WRONG\n"}
    does(world, patch(adds("own.cfg", "exit 0")))

    assert "`own.cfg` is run by" in await refused(world, opened(world, files=files, verify="sh check.sh"))


async def test_a_source_that_is_only_compiled_is_fixed(world: World) -> None:
    does(world, patch(MEND), patch(NEW_TEST))
    pull = opened(world, verify=f"python3 -m py_compile shop.py && {VERIFY}")
    await world.settle()
    await asked(world, pull, WISH)

    assert "Fixed in" in told(pull)


CHECK = "        self.assertEqual(total([1, 2]), 3)\n"
SEVEN = "def total(prices):\n    return 7\n"


async def test_an_assertion_that_never_runs_any_more_is_no_fix(world: World) -> None:
    never = f"        if 1 > 2:\n    {CHECK}"
    does(
        world,
        patch(changes("shop.py", before=SHOP, after=SEVEN)),
        patch(changes("test_shop.py", before=CHECK, after=never)),
    )

    assert "by which tests are skipped, may fail, are chosen or end early" in await refused(world, opened(world))


async def test_what_is_put_around_an_assertion_is_named_for_people_to_look_at(world: World) -> None:
    around = f"        if total:\n    {CHECK}"
    does(world, patch(MEND), patch(changes("test_shop.py", before=CHECK, after=around)))
    pull = opened(world)
    await world.settle()
    await asked(world, pull, WISH)

    assert "Look at this expectation, which was changed: `test_shop.py:8`: self.assertEqual" in told(pull)


async def test_a_test_in_an_unknown_language_is_not_for_a_fix_to_wrap(world: World) -> None:
    test = "grep -q RIGHT price.txt || exit 1\n"
    files = {"check.sh": "for t in tests/*.t; do sh $t || exit 1; done\n", "tests/a.t": test, "price.txt": "RIGHT\n"}
    wrapped = changes("tests/a.t", before=test, after=f"if false; then\n  {test}fi\n")
    does(world, patch(wrapped), patch(changes("price.txt", before="RIGHT\n", after="WRONG\n")))

    assert "only people change it" in await refused(world, opened(world, files=files, verify="sh check.sh"))


async def test_where_dependencies_come_from_is_not_for_a_fix_to_change(world: World) -> None:
    manifests = {
        "requirements.txt": ("a==1\n", "--extra-index-url https://example.org/simple\na==1\n"),
        "package.json": ('{"dependencies": {}}\n', '{"dependencies": {"a": "git+https://example.org/a.git"}}\n'),
        "pyproject.toml": ("[tool.uv]\n", '[tool.uv]\nextra-index-url = ["https://example.org"]\n'),
    }
    files = {**FILES, **{path: before for path, (before, _) in manifests.items()}}
    does(world, patch(MEND), *(patch(changes(p, before=old, after=new)) for p, (old, new) in manifests.items()))

    said = await refused(world, opened(world, files=files))
    for path in manifests:
        assert f"- `{path}` would " in said
