"""Patches that are refused: what stands in the way is told in the one comment, and nothing else changes on GitHub."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from arq.connections import RedisSettings

from tests.fakes.github import FakeGitHub
from tests.fakes.model import Answer, FakeModel, Reviewer, Steps
from tests.stories.fixing import FIXED, asked, told
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
    refused,
    run,
    small_world,
)
from tests.world import World

CORE = "tiers:\n  core:\n    - paths: ['pay/**']\n      reason: Money\n"
PYTEST = f"{sys.executable} -m pytest -q -p no:cacheprovider"
KEY = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"


@pytest.fixture
async def world(
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, tmp_path: Path
) -> AsyncIterator[World]:
    async with small_world(github, redis_settings, model, tmp_path) as opening:
        yield opening


FORBIDDEN = {
    ".github/workflows/ci.yml": "is protected",
    ".github/revwright.yml": "is protected",
    ".github/CODEOWNERS": "is protected",
    "CODEOWNERS": "is protected",
    "docs/CODEOWNERS": "is protected",
    "AGENTS.md": "is protected",
    "lib/CLAUDE.md": "is protected",
    "lib/.cursor/rules/all.mdc": "is protected",
    ".gitattributes": "",
    ".gitmodules": "",
    ".husky/pre-commit": "",
    "uv.lock": "is a lock file",
    "web/package-lock.json": "is a lock file",
    "pnpm-workspace.yaml": "takes part in installing or starting",
    "action.yml": "is run by hooks or continuous integration",
    "QWEN.md": "tells agents what to do",
    "pay/a.py": "is core (`tiers.core`: pay/",
}


async def test_paths_of_which_only_people_decide_are_named_with_the_reason(world: World) -> None:
    does(world, *(patch(adds(path, "x = 1")) for path in FORBIDDEN))
    pull = opened(world, settings=CORE)

    said = await refused(world, pull)

    assert "The model changed nothing." in said
    assert "It wanted to change what a fix may not:" in said
    for path, why in FORBIDDEN.items():
        (line,) = [line for line in said.splitlines() if line.startswith(f"- `{path}` ")]
        assert why in line


async def test_a_file_that_must_not_change_does_not_keep_the_others_from_being_fixed(world: World) -> None:
    does(world, patch(adds("AGENTS.md", "Trust me.")), patch(MEND), patch(NEW_TEST))
    pull = opened(world)
    await world.settle()
    before = pull.head_sha
    await asked(world, pull, WISH)

    said = told(pull)
    assert "Fixed in" in said
    assert "It wanted to change what a fix may not:\n\n- `AGENTS.md` is protected" in said
    changed = world.repo.store.run("diff", "--name-only", before, pull.head_sha)
    assert changed.split() == [b"shop.py", b"test_shop.py"]


def suite(name: str) -> str:
    """Another file with the same tests."""
    return FILES["test_shop.py"].replace("Totals", name)


TWO = "        self.assertEqual(total([1, 2]), 3)\n"
WEAKER = {
    "test_gone.py": ("*** Begin Patch\n*** Delete File: test_gone.py\n*** End Patch\n", "would be deleted or renamed"),
    "test_moved.py": (
        "*** Begin Patch\n*** Update File: test_moved.py\n*** Move to: old/checks.py\n*** End Patch\n",
        "would be deleted or renamed",
    ),
    "test_fewer.py": (
        changes("test_fewer.py", before=f"    def test_two(self):\n{TWO}\n", after=""),
        "tests where it had",
    ),
    "test_skipped.py": (
        changes("test_skipped.py", before=TWO, after=f"        self.skipTest('slow')\n{TWO}"),
        "by which tests are skipped",
    ),
    "test_vague.py": (
        changes("test_vague.py", before=TWO, after="        total([1, 2])\n"),
        "1 assertion where it had 2",
    ),
    "conftest.py": (adds("conftest.py", "import atexit, os", "atexit.register(os._exit, 0)"), "how tests are run"),
    "Makefile": (
        changes("Makefile", before=f"\t{VERIFY}\n", after=f"\t{VERIFY} || true\n"),
        "how tests are run",
    ),
    "pytest.ini": (adds("pytest.ini", "[pytest]", "addopts = -k two"), "how tests are run"),
    "check.sh": (changes("check.sh", before="make -s test\n", after="make -s test || true\n"), "is run by the command"),
}


async def test_what_would_weaken_the_tests_is_no_fix(world: World) -> None:
    names = [name for name in WEAKER if name.startswith("test_")]
    project = {**FILES, **{name: suite(name[5:9].title()) for name in names}}
    project |= {"Makefile": f"test:\n\t{VERIFY}\n", "check.sh": "make -s test\n"}
    does(world, patch(MEND), *(patch(weaker) for weaker, _ in WEAKER.values()))

    said = await refused(world, opened(world, files=project, verify="sh check.sh"))

    assert "The patch is not one that may become a commit:" in said
    for path, (_, why) in WEAKER.items():
        assert any(line.startswith(f"- `{path}` ") and why in line for line in said.splitlines()), (path, said)


BROKEN = "    return sum(prices) + 1\n"
SHORT = "    return prices[0] + prices[1]\n"
MASKED = {
    "the failures are counted, and the exit is 0": (
        f"import atexit\nimport os\n\natexit.register(os._exit, 0)\n\n\ndef total(prices):\n{BROKEN}",
        "exit status 0 although 2 tests failed",
    ),
    "the end comes before anything is counted": (
        f"import os\n\nos._exit(0)\n\n\ndef total(prices):\n{BROKEN}",
        "now nothing tells of them",
    ),
    "the tests are skipped": (
        f"import unittest\n\nraise unittest.SkipTest('not today')\n\n\ndef total(prices):\n{BROKEN}",
        "ran before",
    ),
    "a test fails": (f"def total(prices):\n{BROKEN}", "it passed before and now ends with exit status 1"),
}


@pytest.mark.parametrize(("shop", "why"), MASKED.values(), ids=MASKED.keys())
async def test_checks_that_are_worse_or_hide_it_are_told_and_nothing_is_pushed(
    world: World, shop: str, why: str
) -> None:
    does(world, patch(changes("shop.py", before=f"def total(prices):\n{SHORT}", after=shop)))

    said = await refused(world, opened(world))

    assert "With the patch, the project's checks are worse than without it:" in said
    assert why in said
    assert "as reported by the pull request's own code" in said


async def test_failures_that_the_pull_request_itself_hides_are_no_ground_to_push_on(world: World) -> None:
    """Its conftest makes every run end well, also the one before the fix."""
    hides = "import atexit\nimport os\n\natexit.register(os._exit, 0)\n"
    red = FILES["test_shop.py"].replace("7)", "8)")
    does(world, patch(MEND))
    pull = opened(world, change={"conftest.py": hides, "test_shop.py": red}, verify=PYTEST)

    said = await refused(world, pull)

    assert "exit status 0 although 1 test failed (JUnit report): treated as failed" in said


LEFT = {
    "link.py": ("rm link.py; ln -s /etc/passwd link.py", "would be a symbolic link"),
    "pipe.py": ("rm pipe.py; mkfifo pipe.py", "is neither a file nor a link"),
    "huge.py": ("seq -w 1 200000 > huge.py", "has `1400000` bytes, over `1000000`"),
}
MADE = {
    "shop.py": ("chmod +x shop.py", "would have its mode changed from 100644 to 100755"),
    "program.py": ("chmod +x program.py", "would be a new executable file"),
    "large.py": ("seq -w 1 90000 | tr '\\n' ' ' > large.py", "would have 540000 bytes, over 500000"),
    "binary.py": ("printf 'a\\000b' > binary.py", "binary"),
    "latin.py": ("printf 'a\\351b' > latin.py", "is or would be binary: it has a NUL byte or is not UTF-8"),
    "secret.py": (f"echo 'KEY = \"{KEY}\"' > secret.py", "has in line 1: Secret in the change"),
    "merged.py": ("echo '<<<<<<< ours' > merged.py", "would have a marker of a merge conflict in line 1"),
    "hidden.py": ("printf '# \\342\\200\\256 x\\n' > hidden.py", "has in line 1"),
    "": ("seq 1 60 > many.py", "it changes 68 lines, over 40"),
}


@pytest.mark.parametrize("made", [LEFT, MADE], ids=["no file at all", "no file of ours"])
async def test_what_a_commit_of_ours_never_holds_is_named(world: World, made: dict[str, tuple[str, str]]) -> None:
    """Made by commands, after the tool that checks paths has taken them."""
    new = [path for path in (*made, "many.py") if path not in {"", "shop.py"}]
    files = tuple(call for path in new for call in patch(adds(path, "x = 1")))
    does(world, patch(MEND), files, *(run(command) for command, _ in made.values()))

    said = await refused(world, opened(world, max_changed_lines="40"))

    assert "The patch is not one that may become a commit:" in said
    for path, (_, why) in made.items():
        begins = f"- `{path}` " if path else "- The patch: "
        assert any(line.startswith(begins) and why in line for line in said.splitlines()), (path, said)
    assert KEY not in said


async def test_what_commands_change_is_left_in_the_sandbox(world: World) -> None:
    does(world, run("echo 'def total(prices): return sum(prices)' > shop.py"))
    pull = opened(world)

    assert "The model changed nothing." in await refused(world, pull)


async def test_a_model_that_gives_up_says_why(world: World) -> None:
    why = "It needs @everyone and a bank.\n<!-- revwright:fix:x -->"
    does(world, answer={**FIXED, "fixed": [], "not_fixed": [{"what": "the total", "how": why}]})
    said = await refused(world, opened(world))

    assert "The model changed nothing." in said
    assert "It needs" in said
    assert "and a bank." in said
    assert " @everyone" not in said


@pytest.mark.parametrize(
    "always",
    [Answer({"nothing": "of this"}), Answer(tool_calls=run("true"))],
    ids=["no answer that can be read", "no end"],
)
async def test_a_model_that_does_not_come_to_an_end_is_told(world: World, always: Answer) -> None:
    assert world.model is not None
    world.model.behaviour = Steps({"fix": (always,)}, otherwise=Reviewer({}))

    said = await refused(world, opened(world))

    assert "The model did not come to an end:" in said
