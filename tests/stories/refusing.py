"""What stories about refused fixes share: a small project with a bug, and that nothing else changed on GitHub."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from arq.connections import RedisSettings

from app.ports import KeepingSandboxes
from tests.fakes.directory_sandboxes import DirectorySandboxes
from tests.fakes.github import FakeGitHub, PullRequest, Repository
from tests.fakes.model import Answer, Behaviour, FakeModel, Reviewer, Steps, ToolCall
from tests.fakes.model.behaviours import Step
from tests.stories.fixing import FIXED, asked, policy, told
from tests.world import World, open_world

VERIFY = "python3 -m unittest -q"
SHOP = "def total(prices):\n    return prices[0] + prices[1]\n"
MENDED = "def total(prices):\n    return sum(prices)\n"
TESTS = """\
import unittest

from shop import total


class Totals(unittest.TestCase):
    def test_two(self):
        self.assertEqual(total([1, 2]), 3)

    def test_two_others(self):
        self.assertEqual(total([2, 5]), 7)
"""
NEW_TEST = """\
*** Begin Patch
*** Update File: test_shop.py
@@
     def test_two_others(self):
         self.assertEqual(total([2, 5]), 7)
+
+    def test_none(self):
+        self.assertEqual(total([]), 0)
*** End Patch
"""
FILES: Mapping[str, str] = {"shop.py": SHOP, "test_shop.py": TESTS}
MEND = """\
*** Begin Patch
*** Update File: shop.py
@@
 def total(prices):
-    return prices[0] + prices[1]
+    return sum(prices)
*** End Patch
"""
WISH = "@revwright fix the total of no prices"
_HARMLESS = re.compile(
    r"(POST|PATCH) /repos/[^/]+/[^/]+/issues/.*comments.*|.*/reactions.*"
    r"|POST .*/access_tokens|DELETE /installation/token|POST /graphql"
)


def patch(text: str) -> tuple[ToolCall, ...]:
    return (ToolCall("apply_patch", {"patch": text}),)


def run(command: str) -> tuple[ToolCall, ...]:
    return (ToolCall("run", {"command": command}),)


def adds(path: str, *lines: str) -> str:
    return "\n".join(["*** Begin Patch", f"*** Add File: {path}", *(f"+{line}" for line in lines), "*** End Patch", ""])


def changes(path: str, *, before: str, after: str) -> str:
    """These lines in place of those."""
    lines = [*(f"-{line}" for line in before.splitlines()), *(f"+{line}" for line in after.splitlines())]
    return "\n".join(["*** Begin Patch", f"*** Update File: {path}", "@@", *lines, "*** End Patch", ""])


def does(world: World, *steps: Step, answer: Mapping[str, object] = FIXED, review: Behaviour | None = None) -> None:
    """What the model does when it is to fix something. Reviews find nothing, unless `review` says otherwise."""
    assert world.model is not None
    world.model.behaviour = Steps({"fix": (*steps, Answer(dict(answer)))}, otherwise=review or Reviewer({}))


def opened(
    world: World, *, files: Mapping[str, str] = FILES, change: Mapping[str, str] | None = None, verify: str = VERIFY,
    fork: Repository | None = None, settings: str = "", **more: str,
) -> PullRequest:  # fmt: skip
    """A pull request to the project; its own change has nothing to do with the bug, unless `change` says otherwise."""
    world.repo.commit("main", {**files, ".github/revwright.yml": policy(verify, **more) + settings})
    if fork is not None:
        fork.store.fetch(world.repo.git_dir, "+refs/heads/main:refs/heads/main")
        fork.take_refs()
    home = fork or world.repo
    home.commit("feature", dict(change or {"NOTES.md": "Read me.\n"}))
    return world.repo.open_pull_request(head="feature", title="Something else", head_repo=fork)


@dataclass(frozen=True, slots=True)
class Seen:
    """All that GitHub shows and that a fix may not touch, and how much was said and pushed until then."""

    branches: Mapping[str, Mapping[str, str]]
    checks: tuple[object, ...]
    others: tuple[object, ...]
    writes: int = field(compare=False)

    @staticmethod
    def of(world: World) -> Seen:
        repositories = list(world.github.repositories.values())
        return Seen(
            {one.full_name: dict(one.branches) for one in repositories},
            tuple(
                (run.id, run.name, run.head_sha, run.status, run.conclusion, run.title, run.summary, run.text)
                for run in world.repo.check_runs.values()
            ),
            tuple(
                (len(pull.reviews), len(pull.review_comments), pull.state, pull.title, pull.body, pull.labels)
                for one in repositories
                for pull in one.pulls.values()
            ),
            len(world.written()),
        )


def pushes(world: World) -> list[tuple[str, str, str]]:
    """Every push that was asked of GitHub over git."""
    return [one for call in world.github.git_calls for one in call.pushed]


async def refused(world: World, pull: PullRequest, wish: str = WISH) -> str:
    """Somebody wants a fix of what was reviewed, and nothing is changed by it but for one comment: what that says."""
    await world.settle()
    before, pushed = Seen.of(world), len(pushes(world))
    await asked(world, pull, wish)
    assert Seen.of(world) == before
    assert [one for one in world.written()[before.writes :] if not _HARMLESS.fullmatch(one)] == []
    return not_pushed(world, pull, pushed)


def not_pushed(world: World, pull: PullRequest, pushed: int = 0) -> str:
    """What the one comment says of a fix of which nothing was even tried to be pushed."""
    assert pushes(world)[pushed:] == []
    said = told(pull)
    assert "Nothing was pushed." in said
    return said


@asynccontextmanager
async def small_world(
    github: FakeGitHub,
    redis_settings: RedisSettings,
    model: FakeModel,
    folder: Path,
    sandboxes: KeepingSandboxes | None = None,
    *,
    places: str = "4",
) -> AsyncIterator[World]:
    """A deployment with a gate, whose sandboxes are directories, unless a test brings others."""
    async with AsyncExitStack() as stack:
        boxes = sandboxes or DirectorySandboxes(folder / "boxes")
        opening = open_world(
            github,
            redis_settings,
            folder / "data",
            model=model,
            sandboxes=boxes,
            gate=True,
            REVWRIGHT_SANDBOXES_AT_ONCE=places,
        )
        yield await stack.enter_async_context(opening)
