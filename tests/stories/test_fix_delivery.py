"""Where a fix goes: a pull request of its own, a commit that GitHub makes, and a button that asks for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from arq.connections import RedisSettings

from app.adapters.github.signed_commits import SignedCommitWriter
from app.domain.jobs import Queue
from app.domain.pull_request import Sha
from tests.adapters.sandbox.runner.conftest import Place
from tests.fakes.github import CheckRun, FakeGitHub, PullRequest
from tests.fakes.github.git_store import Commit
from tests.fakes.model import FakeModel, Reviewer
from tests.repairs.tasks import Call, Task, files, scripted, task_of
from tests.stories.fixing import asked, later, open_task, policy, repairer, told, writer
from tests.stories.pushes import person
from tests.stories.saying import OURS
from tests.stories.test_proof import place as place  # noqa: PLC0414 - the fixture
from tests.stories.test_proof import runner as runner  # noqa: PLC0414 - the fixture
from tests.world import World, open_world

TASK = task_of("toposort-unorderable-cycle")
FLAW = {"Read me": {"title": "It says too little", "severity": "P1", "body": "Who is to read it?"}}


@pytest.fixture
def commits() -> str:
    return "git"


@pytest.fixture
async def world(  # noqa: PLR0917 - fixtures
    github: FakeGitHub, redis_settings: RedisSettings, model: FakeModel, place: Place, tmp_path: Path, commits: str
) -> AsyncIterator[World]:
    model.behaviour = repairer(scripted(TASK))
    async with open_world(
        github,
        redis_settings,
        tmp_path / "data",
        model=model,
        sandboxes=place.sandboxes,
        REVWRIGHT_FIX_COMMITS=commits,
    ) as opened:
        yield opened


async def opened(world: World, task: Task = TASK, **more: str) -> PullRequest:
    """With a head of its own: what is kept for one of another test must not be found."""
    pull = open_task(world, files(task), task.verify, {"NOTES.md": f"Read me.\n\n{uuid4()}\n"}, **more)
    await world.settle()
    return pull


def stacked(world: World, pull: PullRequest) -> PullRequest:
    """The one pull request beside the first."""
    (other,) = [one for one in world.repo.pulls.values() if one is not pull]
    return other


def commit(world: World, pull: PullRequest) -> Commit:
    (newest,) = world.repo.store.commits([pull.head_sha])
    return newest


def fixes(pull: PullRequest) -> list[str]:
    return [one.body for one in pull.comments if one.user.login == OURS and "<!-- revwright:fix:" in one.body]


@pytest.mark.parametrize("commits", ["git", "api"])
@pytest.mark.parametrize("protected", [False, True])
async def test_a_fix_gets_a_pull_request_of_its_own(world: World, *, protected: bool) -> None:
    pull = await opened(world, deliver="pull_request")
    if protected:
        world.repo.protected_branches.add("feature")
    before = pull.head_sha
    await asked(world, pull, f"@revwright fix {TASK.bug}")

    other = stacked(world, pull)
    assert pull.head_sha == before
    assert (other.base_ref, other.user.login) == ("feature", OURS)
    assert other.head_ref.startswith(f"revwright/fix-{pull.number}-")
    assert list(commit(world, other).parents) == [before]
    assert f"in pull request [`#{other.number}`]" in told(pull)
    assert f"/pull/{other.number}" in told(pull)
    assert "was verified" not in told(pull)


@pytest.mark.parametrize("commits", ["git", "api"])
async def test_an_answer_that_was_lost_makes_no_second_pull_request(world: World) -> None:
    pull = await opened(world, deliver="pull_request")
    lost = world.github.faults.add(method="POST", path=r"/pulls$", when="after", status=None, drop=True)
    await asked(world, pull, f"@revwright fix {TASK.bug}")
    await world.settle()

    assert lost.hits == 1, told(pull)
    assert f"[`#{stacked(world, pull).number}`]" in told(pull)


@pytest.mark.parametrize("commits", ["git", "api"])
async def test_a_branch_that_is_there_is_never_pushed_to(world: World) -> None:
    pull = await opened(world, deliver="pull_request")
    later(world)
    comment = pull.comment(writer(world), f"@revwright fix {TASK.bug}")
    name = f"revwright/fix-{pull.number}-{comment.id}"
    theirs = world.repo.commit(name, {"mine.txt": "mine\n"}, parent=world.repo.head("main"))
    await world.settle()

    assert world.repo.head(name) == theirs
    assert list(world.repo.pulls) == [pull.number]
    assert "There is a branch" in told(pull)


async def test_a_branch_without_its_pull_request_is_told_of(world: World) -> None:
    pull = await opened(world, deliver="pull_request")
    world.github.faults.add(method="POST", path=r"/pulls$", status=422, times=9, body={"message": "Validation Failed"})
    await asked(world, pull, f"@revwright fix {TASK.bug}")

    assert list(world.repo.pulls) == [pull.number]
    assert f"on the branch `revwright/fix-{pull.number}-" in told(pull)


async def test_a_fork_gets_the_patch_in_words(world: World) -> None:
    world.repo.commit("main", {**files(TASK), ".github/revwright.yml": policy(TASK.verify, deliver="pull_request")})
    world.repo.private = False
    fork = world.repo.fork("frida")
    fork.commit("feature", {"NOTES.md": "Read me.\n"})
    pull = world.repo.open_pull_request(head="feature", head_repo=fork, title="Something else")
    await world.settle()
    await asked(world, pull, f"@revwright fix {TASK.bug}")

    assert "Here is a patch; nothing was pushed. The policy wants a pull request" in told(pull)
    assert list(world.repo.pulls) == [pull.number]


async def test_a_protected_branch_is_not_pushed_to_and_the_other_way_is_named(world: World) -> None:
    pull = await opened(world)
    world.repo.protected_branches.add("feature")
    await asked(world, pull, f"@revwright fix {TASK.bug}")

    assert "`fix.deliver: pull_request`" in told(pull)


async def test_the_next_fix_is_made_although_nobody_merged_the_first(world: World) -> None:
    pull = await opened(world, deliver="pull_request")
    for number in (1, 2):
        await asked(world, pull, f"@revwright fix {TASK.bug}")
        assert len(world.repo.pulls) == 1 + number


@pytest.mark.parametrize("commits", ["api"])
async def test_github_makes_the_commit_once(world: World) -> None:
    pull = await opened(world)
    before = pull.head_sha
    await asked(world, pull, f"@revwright fix {TASK.bug}")

    made = commit(world, pull)
    assert list(made.parents) == [before]
    assert made.committer[0] == "GitHub"
    assert "Revwright-Requested-By:" in made.message
    assert "pushed to `feature`" in told(pull)
    assert pull.head_sha[:12] in told(pull)


@pytest.mark.parametrize("commits", ["api"])
async def test_a_commit_whose_answer_was_lost_is_found(world: World) -> None:
    pull = await opened(world)
    before = pull.head_sha
    lost = world.github.faults.add(method="POST", path=r"/graphql$", when="after", status=None, drop=True)
    await asked(world, pull, f"@revwright fix {TASK.bug}")

    assert lost.hits == 1, told(pull)
    assert list(commit(world, pull).parents) == [before]
    assert pull.head_sha[:12] in told(pull)


@pytest.mark.parametrize("commits", ["api"])
@pytest.mark.parametrize(
    ("kind", "times", "said"),
    [
        ("STALE_DATA", 1, "pushed to `feature`"),
        ("STALE_DATA", 2, "pushed to meanwhile"),
        ("FORBIDDEN", 1, "did not take"),
    ],
)
async def test_what_github_says_of_a_commit_is_told(world: World, kind: str, times: int, said: str) -> None:
    pull = await opened(world)
    body = {"data": {"createCommitOnBranch": None}, "errors": [{"type": kind, "message": "No."}]}
    world.github.faults.add(method="POST", path=r"/graphql$", status=200, body=body, times=times)
    await asked(world, pull, f"@revwright fix {TASK.bug}")

    assert said in told(pull)


@pytest.mark.parametrize("commits", ["api"])
async def test_a_commit_with_another_content_is_told_of(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pull = await opened(world)

    async def another(*_: object, **__: object) -> Sha:
        return Sha("4" * 40)

    monkeypatch.setattr(SignedCommitWriter, "tree", another)
    await asked(world, pull, f"@revwright fix {TASK.bug}")

    assert "another content than the patch that was verified" in told(pull)


@pytest.mark.parametrize("commits", ["api"])
async def test_a_new_program_cannot_be_committed_by_github(world: World) -> None:
    assert world.model is not None
    added: Call = ("apply_patch", {"patch": "*** Begin Patch\n*** Add File: tool.sh\n+true\n*** End Patch"})
    made: Call = ("run", {"command": "chmod +x tool.sh"})
    world.model.behaviour = repairer((*scripted(TASK), added, made))
    pull = await opened(world)
    before = pull.head_sha
    await asked(world, pull, f"@revwright fix {TASK.bug}")

    assert pull.head_sha == before
    assert "would be a new executable file" in told(pull)


async def blocked(world: World) -> tuple[PullRequest, CheckRun]:
    assert world.model is not None
    world.model.behaviour = repairer(scripted(TASK), review=Reviewer(FLAW))
    pull = await opened(world)
    later(world)
    return pull, world.check(pull.head_sha)


async def test_a_button_fixes_what_blocks(world: World) -> None:
    pull, run = await blocked(world)
    assert [one["label"] for one in run.actions] == ["Fix these", "Re-review", "Ask a human"]
    before = pull.head_sha
    world.repo.request_action(run, "fix", by=writer(world))
    world.repo.request_action(run, "fix", by=writer(world))
    await world.settle()

    assert list(commit(world, pull).parents) == [before]
    assert "`fix`, pressed by wanda:" in told(pull)


async def test_a_button_that_is_pressed_again_while_its_fix_waits_adds_nothing(world: World) -> None:
    pull, run = await blocked(world)
    for login in ("wanda", "otto"):
        world.repo.request_action(run, "fix", by=writer(world, login))
        await world.deliver_new()
        await world.work_queue(Queue.INTERACTIVE)
    await world.settle()

    assert len(fixes(pull)) == 1
    assert len(world.repo.store.log(f"{run.head_sha}..{pull.head_sha}")) == 1


async def test_a_reader_presses_in_vain(world: World) -> None:
    pull, run = await blocked(world)
    before = pull.head_sha
    world.repo.request_action(run, "fix", by=person(world.github, world.repo, "stranger", "read"))
    await world.settle()

    assert pull.head_sha == before
    assert fixes(pull) == []


async def test_a_policy_without_fixes_has_no_button(world: World) -> None:
    assert world.model is not None
    world.model.behaviour = repairer(scripted(TASK), review=Reviewer(FLAW))
    pull = await opened(world, enabled="false")

    assert [one["label"] for one in world.check(pull.head_sha).actions] == ["Re-review", "Ask a human"]
