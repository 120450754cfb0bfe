"""What changes before a fix begins or while it works: branches, people, policies, and the pull request itself."""

from __future__ import annotations

import re
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from arq.connections import RedisSettings

from app.domain.jobs import Queue
from tests.fakes.github import FakeGitHub, PullRequest, Repository
from tests.fakes.model import Answer, FakeModel, Reply
from tests.fakes.model import Seen as Request
from tests.stories.fixing import asked, later, policy, told, writer
from tests.stories.refusing import (
    FILES,
    MEND,
    NEW_TEST,
    VERIFY,
    WISH,
    Seen,
    adds,
    does,
    not_pushed,
    opened,
    patch,
    pushes,
    refused,
    small_world,
)
from tests.stories.saying import OURS, reply
from tests.world import World


@pytest.fixture
async def world(
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, tmp_path: Path
) -> AsyncIterator[World]:
    async with small_world(github, redis_settings, model, tmp_path) as opening:
        yield opening


def meanwhile(happens: Callable[[], object]) -> Callable[[Request], Reply]:
    """Something happens while the model thinks, and then it mends the bug."""

    def step(_seen: Request) -> Reply:
        happens()
        return Answer(tool_calls=patch(MEND))

    return step


async def ready(world: World, happens: Callable[[PullRequest], object]) -> PullRequest:
    """A reviewed pull request; that happens to it while the model works on it."""
    pull = opened(world)
    await world.settle()
    does(world, patch(NEW_TEST), meanwhile(lambda: happens(pull)))
    return pull


def changed(world: World, old: str, new: str) -> list[str]:
    return world.repo.store.run("diff", "--name-only", old, new).decode().split()


async def test_a_head_that_moved_before_it_begins_is_not_fixed(world: World) -> None:
    pull = opened(world)
    does(world, patch(MEND))
    await world.settle()
    later(world)
    pull.comment(writer(world), WISH)
    await world.deliver_new()
    await world.work_queue(Queue.INTERACTIVE)
    head = world.repo.commit("feature", {"more.md": "More."})
    await world.settle()

    assert f"The branch is at `{head[:12]}` now." in not_pushed(world, pull)
    assert pull.head_sha == head


async def test_a_head_that_was_pushed_to_while_the_person_wrote_is_not_meant(world: World) -> None:
    """We heard of the newest commit after the comment was written."""
    pull = opened(world)
    does(world, patch(MEND))
    await world.settle()
    pull.comment(writer(world), WISH)
    comments = list(world.github.deliveries)[-1:]
    world.taken += len(comments)
    later(world)
    head = world.repo.commit("feature", {"more.md": "More."})
    await world.settle()
    for one in comments:
        await world.deliver(one)
    await world.work()

    assert "The branch was pushed to while you wrote" in reply(pull)
    assert (pull.head_sha, pushes(world)) == (head, [])


async def test_a_head_that_moves_meanwhile_gets_the_patch_where_it_fits_and_is_verified_there(world: World) -> None:
    pull = await ready(world, lambda _: world.repo.commit("feature", {"more.md": "More."}))
    before = pull.head_sha
    await asked(world, pull, WISH)

    said = told(pull)
    assert "Fixed in" in said
    moved = world.repo.store.run("rev-parse", f"{pull.head_sha}^").decode().strip()
    assert changed(world, before, moved) == ["more.md"]
    assert changed(world, moved, pull.head_sha) == ["shop.py", "test_shop.py"]
    assert f"`{moved[:12]}`" in said
    assert "verified" in said


MOVES = {
    "in conflict": {"shop.py": "def total(prices):\n    return prices[0] + prices[1] + 0\n"},
    "red there": {"test_two.py": FILES["test_shop.py"].replace("3)", "4)").replace("Totals", "Two")},
    "made red there": {
        "test_two.py": "import unittest\nimport shop\n\n\nclass Reads(unittest.TestCase):\n"
        "    def test_source(self):\n        self.assertIn('prices[1]', open(shop.__file__).read())\n"
    },
    "done there already": {"shop.py": "def total(prices):\n    return sum(prices)\n"},
}


@pytest.mark.parametrize("files", MOVES.values(), ids=MOVES.keys())
async def test_a_head_that_moves_meanwhile_and_is_not_good_for_the_patch_is_left_alone(
    world: World, files: dict[str, str]
) -> None:
    pull = await ready(world, lambda _: world.repo.commit("feature", files))
    before = pull.head_sha
    await asked(world, pull, WISH)

    said = not_pushed(world, pull)
    assert "The branch was pushed to meanwhile, and the patch does not fit, or is not verified" in said
    assert changed(world, before, pull.head_sha) == list(files)


async def test_a_branch_that_is_forced_elsewhere_meanwhile_is_not_forced_back(world: World) -> None:
    main = world.repo.head("main")

    def forced(_pull: PullRequest) -> None:
        sha = world.repo.commit("side", {"NOTES.md": "Other."}, parent=world.repo.head("main"))
        world.repo.force_push("feature", sha)

    pull = await ready(world, forced)
    await asked(world, pull, WISH)

    (parent,) = world.repo.store.run("rev-parse", f"{pull.head_sha}^").decode().split()
    assert parent == world.repo.head("side")
    assert main != parent


def retarget(world: World, pull: PullRequest) -> None:
    world.repo.commit("other", {"o.md": "o"}, parent=world.repo.head("main"))
    pull.edit(base="other")


ENDS: dict[str, tuple[Callable[[World, PullRequest], object], str]] = {
    "permission": (
        lambda world, _: world.repo.permissions.update({writer(world).id: "read"}),
        "wanda may not ask for fixes here any more.",
    ),
    "closed": (lambda _, pull: pull.close(), "The pull request is closed."),
    "policy": (
        lambda world, _: world.repo.commit("main", {".github/revwright.yml": policy(VERIFY, max_attempts="2")}),
        "The base of the pull request, or its policy, changed meanwhile.",
    ),
    "policy gone wrong": (
        lambda world, _: world.repo.commit("main", {".github/revwright.yml": "version: 7\n"}),
        "The base of the pull request, or its policy, changed meanwhile.",
    ),
    "retargeted": (retarget, "The base of the pull request, or its policy, changed meanwhile."),
    "branch gone": (lambda world, _: world.repo.delete_branch("feature"), "The pull request is closed."),
    "protected": (
        lambda world, _: world.repo.protected_branches.add("feature"),
        "The branch `feature` is protected",
    ),
}


@pytest.mark.parametrize(("happens", "why"), ENDS.values(), ids=ENDS.keys())
async def test_what_is_not_allowed_any_more_at_the_end_is_not_done(
    world: World, happens: Callable[[World, PullRequest], object], why: str
) -> None:
    pull = await ready(world, lambda pull: happens(world, pull))
    before = pull.head_sha
    await asked(world, pull, WISH)

    said = told(pull)
    assert "Nothing was pushed." in said
    assert why in said
    assert pull.head_sha == before
    authors = world.repo.store.run("log", "--format=%an", "--branches").decode()
    assert "revwright" not in authors


async def test_a_base_that_goes_on_meanwhile_is_no_reason_to_stop(world: World) -> None:
    pull = await ready(world, lambda _: world.repo.commit("main", {"else.md": "Else."}))
    await asked(world, pull, WISH)
    assert "Fixed in" in told(pull)


BEFORE: dict[str, tuple[Callable[[World, PullRequest], object], str]] = {
    "closed": (lambda _, pull: pull.close(), "The pull request is closed: only"),
    "in conflict": (
        lambda world, _: world.repo.commit("main", {"NOTES.md": "Do not read me."}),
        "The pull request is in conflict with `main`. Resolve that first.",
    ),
    "protected": (lambda world, _: world.repo.protected_branches.add("feature"), "The branch `feature` is protected"),
}


@pytest.mark.parametrize(("is_so", "why"), BEFORE.values(), ids=BEFORE.keys())
async def test_what_cannot_be_pushed_to_is_not_worked_on(
    world: World, is_so: Callable[[World, PullRequest], object], why: str
) -> None:
    pull = opened(world)
    await world.settle()
    is_so(world, pull)
    await world.settle()
    does(world, patch(MEND))
    await asked(world, pull, WISH)

    said = [one.body for one in pull.comments if one.user.login == OURS]
    assert any(why in one for one in said)
    assert pushes(world) == []
    assert world.model is not None
    assert not [seen for seen in world.model.requests if seen.task == "fix"]


async def test_the_default_branch_is_everybodys(world: World) -> None:
    does(world, patch(MEND))
    world.repo.commit("main", {**FILES, ".github/revwright.yml": policy(VERIFY)})
    world.repo.commit("release", {".github/revwright.yml": policy(VERIFY)}, parent=world.repo.head("main"))
    world.repo.commit("main", {"NOTES.md": "Read me."})
    pull = world.repo.open_pull_request(head="main", base="release")

    assert "The branch `main` is protected, or is the default one" in await refused(world, pull)


def fork_of(world: World) -> Repository:
    return world.repo.fork(world.github.add_user("mallory"))


async def test_a_fork_that_lets_nobody_edit_gets_the_patch_as_text_and_it_applies(world: World, tmp_path: Path) -> None:
    does(world, patch(NEW_TEST), patch(MEND))
    fork = fork_of(world)
    pull = opened(world, fork=fork)
    pull.maintainers_may_edit = False
    await world.settle()
    before = Seen.of(world)
    await asked(world, pull, WISH)

    said = told(pull)
    assert (
        "Here is a patch; nothing was pushed. The author of this fork does not let maintainers edit its branch." in said
    )
    assert (Seen.of(world), pushes(world)) == (before, [])
    found = re.search(r"^(`{3,})diff\n(.*?)^\1$", said, re.MULTILINE | re.DOTALL)
    assert found is not None
    checkout = tmp_path / "checkout"
    git = ["git", "-C", str(checkout)]
    subprocess.run(["git", "clone", "-q", "-b", "feature", str(fork.git_dir), str(checkout)], check=True)  # noqa: ASYNC221
    subprocess.run([*git, "apply", "-"], input=found[2].encode(), check=True)  # noqa: ASYNC221
    assert (checkout / "shop.py").read_text() == "def total(prices):\n    return sum(prices)\n"
    assert "test_none" in (checkout / "test_shop.py").read_text()


async def test_a_patch_that_a_comment_would_change_is_not_shown_as_one(world: World) -> None:
    """Of a file with carriage returns, which are gone when the comment is copied."""
    shop = FILES["shop.py"].replace("\n", "\r\n")
    does(world, patch(NEW_TEST), patch(MEND))
    pull = opened(world, files={**FILES, "shop.py": shop}, fork=fork_of(world))
    pull.maintainers_may_edit = False

    said = await refused(world, pull)
    assert "There is a patch, but a comment cannot carry it" in said
    assert "The author of this fork does not let maintainers edit its branch." in said
    assert "git apply" not in said


async def test_a_fork_that_does_not_let_us_push_after_all_is_told_with_the_patch(world: World) -> None:
    """A private one, which the App can neither read nor write, although its author lets maintainers edit."""
    does(world, patch(NEW_TEST), patch(MEND))
    fork = fork_of(world)
    pull = opened(world, fork=fork)
    before = pull.head_sha
    await world.settle()
    await asked(world, pull, WISH)

    said = told(pull)
    assert "Nothing was pushed. GitHub did not take the commit:" in said.replace("*", "")
    assert "+    return sum(prices)" in said
    assert (pull.head_sha, fork.head("feature")) == (before, before)


async def test_a_fork_that_may_be_edited_is_pushed_to_and_never_a_branch_of_that_name_here(world: World) -> None:
    does(world, patch(NEW_TEST), patch(MEND))
    world.repo.private = False
    fork = fork_of(world)
    pull = opened(world, fork=fork)
    mine = world.repo.commit("feature", {"mine.md": "Mine."})
    await world.settle()
    before = pull.head_sha
    await asked(world, pull, WISH)

    said = told(pull)
    assert "Fixed in" in said
    assert world.repo.head("feature") == mine
    assert fork.head("feature") == pull.head_sha != before
    assert "pushed to `mallory:feature`" in said


async def test_a_fork_that_is_gone_is_told(world: World) -> None:
    does(world, patch(MEND))
    fork = fork_of(world)
    pull = opened(world, fork=fork)
    await world.settle()
    fork.delete()
    await asked(world, pull, WISH)

    assert "The branch of this pull request, or its repository, is gone." in not_pushed(world, pull)


async def fixed_once(world: World) -> PullRequest:
    """A pull request with one commit of ours."""
    does(world, patch(NEW_TEST), patch(MEND))
    pull = opened(world)
    await world.settle()
    await asked(world, pull, WISH)
    assert "Fixed in" in told(pull)
    return pull


def newest(pull: PullRequest) -> str:
    """The newest comment of a fix."""
    return [one.body for one in pull.comments if one.user.login == OURS and "<!-- revwright:fix:" in one.body][-1]


AGAIN = WISH.replace("fix", "fix --again")


@pytest.mark.parametrize("how", ["reverted", "forced away"])
async def test_what_was_taken_back_is_not_done_again_until_a_maintainer_says_so(world: World, how: str) -> None:
    pull = opened(world)
    old = pull.head_sha
    does(world, patch(NEW_TEST), patch(MEND))
    await world.settle()
    await asked(world, pull, WISH)
    ours = pull.head_sha
    assert ours != old
    if how == "reverted":
        world.repo.commit("feature", dict(FILES), message="Revert it")
    else:
        world.repo.force_push("feature", old)
    await world.settle()
    before = pull.head_sha
    later(world, 20)
    pull.comment(writer(world), WISH)
    await world.settle()

    said = newest(pull)
    assert "was taken back, so I fix nothing here any more" in said
    assert ours[:12] in said
    assert pull.head_sha == before

    later(world, 40)
    pull.comment(writer(world), AGAIN)
    await world.settle()
    assert "asks for the permission `maintain`, which wanda does not have here" in newest(pull)
    assert pull.head_sha == before

    later(world, 60)
    maintainer = world.github.add_user("mia")
    world.repo.permissions[maintainer.id] = "maintain"
    pull.comment(maintainer, AGAIN)
    await world.settle()
    assert "Fixed in" in newest(pull)
    assert pull.head_sha != before


async def test_a_commit_of_people_on_top_of_ours_is_not_taking_it_back(world: World) -> None:
    pull = await fixed_once(world)
    world.repo.commit("feature", {"more.md": "More."})
    await world.settle()
    does(world, patch(adds("extra.py", "x = 1")))
    later(world, 20)
    pull.comment(writer(world), WISH)
    await world.settle()

    assert "Fixed in" in newest(pull)
