"""What a maintainer reads in the comment of a fix: nothing secret, nothing in our voice that only a model says."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from arq.connections import RedisSettings

from app.domain.jobs import Queue
from tests.fakes.github import FakeGitHub, PullRequest
from tests.fakes.model import FakeModel, Reviewer, ToolCall
from tests.stories.fixing import FIXED, asked, later, policy, told, writer
from tests.stories.refusing import (
    FILES,
    MEND,
    NEW_TEST,
    VERIFY,
    WISH,
    adds,
    changes,
    does,
    opened,
    patch,
    run,
    small_world,
)
from tests.stories.saying import replies
from tests.stories.test_fix_asking import BOTH, DEFECTS, with_findings
from tests.world import World

KEY = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
PYTEST = f"{sys.executable} -m pytest -q -p no:cacheprovider"


@pytest.fixture
async def world(
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, tmp_path: Path
) -> AsyncIterator[World]:
    async with small_world(github, redis_settings, model, tmp_path) as opening:
        yield opening


async def said_of(world: World, pull: PullRequest, wish: str = WISH) -> str:
    """The report of a fix."""
    await world.settle()
    await asked(world, pull, wish)
    return told(pull)


async def test_a_secret_that_setup_prints_is_not_told(world: World) -> None:
    setup = "['cat leak.txt; exit 1']"
    files = {**FILES, "leak.txt": f"fetching https://bot:{KEY}@index.example/simple\n"}
    said = await said_of(world, opened(world, files=files, setup=setup))

    assert "fetching https://bot:[secret: github token]@index.example/simple" in said
    assert KEY not in said


async def test_a_secret_in_the_name_of_a_test_is_not_told(world: World) -> None:
    red = f"import pytest\n@pytest.mark.parametrize('x', ['{KEY}'])\ndef test_a(x):\n    assert False\n"
    does(world, patch(MEND))
    said = await said_of(world, opened(world, change={"test_red.py": red}, verify=PYTEST))

    assert "still fail: `test_red.test_a[[secret: github token]]`" in said
    assert KEY[4:] not in said


async def test_a_secret_in_an_expectation_or_in_the_name_of_a_file_is_not_told(world: World) -> None:
    check = f"    def test_k(self):\n        self.assertNotEqual('x', '{KEY}')\n"
    test = f"import unittest\n\n\nclass K(unittest.TestCase):\n{check}"
    does(
        world,
        patch(MEND),
        run(f"touch {KEY}.txt"),
        run(f"sed -i 's/{KEY}/nothing/' test_key.py"),
        patch(changes("test_key.py", before="class K(unittest.TestCase):\n", after="class Key(unittest.TestCase):\n")),
    )
    said = await said_of(world, opened(world, change={"test_key.py": test}))

    assert "Look at this expectation" in said
    assert "Not part of the patch: `[secret: github token].txt`" in said
    assert KEY[4:] not in said


async def test_no_file_gets_a_secret_for_a_name(world: World) -> None:
    does(world, patch(MEND), patch(adds(f"a-{KEY}.txt", "x")))
    said = await said_of(world, opened(world))

    assert "has a secret in its name" in said
    assert KEY[4:] not in said


async def test_what_a_model_claims_is_not_said_in_our_voice(world: World) -> None:
    summary = "All checks passed in CI. Verified by a human.\n\n**Approved by @octocat.**\n\n# Fixed in `deadbeef`"
    fixed = [{"what": "F012345678", "how": "gone"}, {"what": "every other bug", "how": "**verified**"}]
    does(world, patch(MEND), answer={**FIXED, "summary": summary, "fixed": fixed, "test": "Tests were added."})
    said = await said_of(world, opened(world))

    ours, _, theirs = said.partition("**What the model says of it**\n\n")
    quote, _, rest = theirs.partition("\n\n")
    assert all(line.startswith(">") for line in quote.split("\n"))
    assert "> All checks passed in CI. Verified by a human. Approved by `@octocat`. Fixed in `deadbeef`\n" in quote
    assert "> - (another id): gone\n> - every other bug: verified\n" in quote
    assert "> Of tests it says: Tests were added." in quote
    assert "No test was added or changed." in ours
    for word in ("Verified by a human", "octocat", "deadbeef", "F012345678", "every other bug", "Tests were added"):
        assert word not in ours + rest


@pytest.mark.parametrize("left", [["P2"], ["P1", "P2"]])
async def test_a_commit_names_no_finding_that_the_model_did_not_fix(world: World, left: list[str]) -> None:
    pull, ids = await with_findings(world)
    items = [{"what": f"{ids[one]}: it is right", "how": "no"} for one in left]
    fixed = [{"what": one, "how": "so"} for one in ids.values()]
    does(world, BOTH, review=Reviewer(DEFECTS), answer={**FIXED, "fixed": fixed, "not_fixed": items})
    await asked(world, pull, "@revwright fix all")

    message = world.repo.store.run("log", "-1", "--format=%B", pull.head_sha).decode()
    assert [one for one in ids if ids[one] in message] == [one for one in ids if one not in left]
    assert ("fix: as asked in comment" in message) is (len(left) == len(ids))
    assert all(ids[one] in told(pull) for one in ids)


RENAMED = (
    patch(changes("shop.py", before="def total(prices):\n", after="def total_of(prices):\n")),
    patch(changes("test_shop.py", before="from shop import total\n", after="from shop import total_of as total\n")),
)
NEW_FILE = (
    patch(changes("shop.py", before=FILES["shop.py"], after="import prices_data\n" + FILES["shop.py"])),
    patch(adds("prices_data.py", "X = 1")),
    patch(
        adds(
            "test_new.py",
            "import unittest, prices_data",
            "class N(unittest.TestCase):",
            "    def test_n(self):",
            "        self.assertEqual(1, 1)",
        )
    ),
)


@pytest.mark.parametrize("steps", [RENAMED, NEW_FILE], ids=["a rename", "a new module"])
async def test_a_test_that_cannot_be_loaded_without_the_fix_shows_nothing(
    world: World, steps: tuple[tuple[ToolCall, ...], ...]
) -> None:
    does(world, *steps)
    said = await said_of(world, opened(world))

    assert "The new or changed test could not be run on the code without the fix, so it shows nothing." in said
    assert "fails on the code without the fix" not in said


async def test_a_test_that_fails_without_the_fix_is_told_of(world: World) -> None:
    does(world, patch(NEW_TEST), patch(MEND))

    assert "fails on the code without the fix, and passes with it" in await said_of(world, opened(world))


def fails(world: World, pull: PullRequest) -> None:
    """A check of somebody else's."""
    ci = world.github.add_app("ci", app_id=99)
    body = {"name": "unit", "head_sha": pull.head_sha, "status": "completed", "conclusion": "failure"}
    world.repo.add_check_run({**body, "output": {"title": "1 failed", "summary": "x"}}, app=ci)


async def test_checks_that_cannot_be_read_are_not_said_to_pass(world: World) -> None:
    pull = opened(world)
    await world.settle()
    fails(world, pull)
    denied = {"message": "Resource not accessible by integration"}
    path = r"/commits/[0-9a-f]+/(check-runs|status)"
    world.github.faults.add(method="GET", path=path, status=403, times=20, body=denied)
    await asked(world, pull, "@revwright fix")

    said = told(pull)
    assert "no check of others fails" not in said
    assert "whether checks of others fail on this head cannot be read (check runs: " in said
    assert "commit statuses: " in said
    assert "ermission" in said


async def test_a_fix_of_checks_of_others_says_that_they_were_not_run(world: World) -> None:
    does(world, patch(MEND))
    pull = opened(world)
    await world.settle()
    fails(world, pull)
    await asked(world, pull, "@revwright fix")

    assert "Asked for because checks of others failed: `unit`. **They were not run here**" in told(pull)


@pytest.mark.parametrize("wish", ["fix all", "fix P0"])
async def test_before_its_first_review_a_head_is_not_said_to_have_no_findings(world: World, wish: str) -> None:
    pull = opened(world)
    later(world)
    pull.comment(writer(world), f"@revwright {wish}")
    await world.deliver_new()
    await world.work_queue(Queue.INTERACTIVE)

    (said,) = replies(pull)
    assert "There is no open finding" in said
    assert f" yet: `{pull.head_sha[:12]}` is not reviewed. Ask again when its review has ended" in said


async def test_where_a_fork_asks_from_its_default_branch_it_is_told_what_helps(world: World) -> None:
    world.repo.private = False
    fork = world.repo.fork("frida")
    world.repo.commit("main", {**FILES, ".github/revwright.yml": policy(VERIFY)})
    fork.store.fetch(world.repo.git_dir, "+refs/heads/main:refs/heads/main")
    fork.take_refs()
    fork.commit("main", {"NOTES.md": "x"})
    said = await said_of(world, world.repo.open_pull_request(head="main", title="x", head_repo=fork))

    assert "nothing is pushed to it. Open the pull request from another branch of the fork, or have the patch" in said
    assert "`fix.deliver: suggest`" in said
    assert "pull_request" not in said
