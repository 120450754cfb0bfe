"""A commit of ours on its way to GitHub: with a token for that push, and with the truth after every kind of end."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.adapters.git.mirror import GitMirrors
from app.adapters.git.repairs import GitRepairs
from app.adapters.github.tokens import Stage as TokenStage
from app.domain.commits import CommitText, Person
from app.domain.errors import GitFailed, GitHubRefused
from app.domain.patches import Edit, Patch
from app.domain.pull_request import RepositoryName, Sha
from app.domain.pushing import Drafted, PushOutcome, PushRefusal, PushState
from app.ports import Repairs
from app.wiring.mirrors import TokenMirrors
from app.wiring.repairs import TokenRepairs
from tests.fakes.github import FakeGitHub, PullRequest
from tests.installed import Installed, installed

BOT = Person("revwright[bot]", "1+revwright[bot]@users.noreply.github.com")
TEXT = CommitText(author=BOT, committer=BOT, at=datetime(2026, 1, 1, tzinfo=UTC), message="fix: it\n")
RECEIVE = "git-receive-pack$"

# A worker that is killed: it has the token from its standard input, and everything else on its command line.
WORKER = """
import asyncio, sys
from pathlib import Path
from app.adapters.git.mirror import GitMirrors
from app.adapters.git.repairs import GitRepairs
from app.domain.pull_request import PullRequestRef, RepositoryName, Sha
url, data, ref, name, branch, old, new = sys.argv[1:]
repairs, name = GitRepairs(GitMirrors(Path(data), url)), RepositoryName.parse(name)
asyncio.run(repairs.push(
    PullRequestRef.parse(ref), name, repository=name, branch=branch, old=Sha(old), new=Sha(new), token=input()
))
"""


@dataclass
class Stage:
    """A pull request that is fetched, and what pushes to it."""

    setting: Installed
    git: GitRepairs
    repairs: Repairs
    data_dir: Path

    @property
    def pull(self) -> PullRequest:
        return self.setting.pull

    async def drafted(self, content: bytes = b"a = 3\n") -> Drafted:
        """One commit on top of the head."""
        head, base = Sha(self.pull.head_sha), Sha(self.pull.base_sha)
        mirrors = TokenMirrors(self.git.mirrors, self.setting.tokens)
        place = self.setting.place
        await mirrors.fetch(place.ref, place.repository, head=head, base=base)
        patch = Patch(head, (Edit("a.py", content),))
        return await self.repairs.commit(place.ref, place.repository, patch, TEXT, head=head)

    async def push(self, drafted: Drafted) -> PushOutcome:
        return await self.repairs.push(
            self.setting.place,
            repository=self.setting.place.repository,
            branch="feature",
            old=drafted.base,
            new=drafted.commit,
        )

    @property
    def moves(self) -> list[tuple[str, str]]:
        """From where to where the pull request was told to have moved."""
        told = [one.payload for one in self.setting.github.deliveries.of("pull_request")]
        return [(one["before"], one["after"]) for one in told if one["action"] == "synchronize"]

    def push_tokens_left(self) -> int:
        tokens = self.setting.github.tokens.values()
        return len([one for one in tokens if one.permissions.get("contents") == "write" and not one.revoked])


@pytest.fixture
async def stage(github: FakeGitHub, tmp_path: Path) -> AsyncIterator[Stage]:
    async with installed(github) as setting:
        git = GitRepairs(GitMirrors(tmp_path / "data", github.url))
        yield Stage(setting, git, TokenRepairs(git, setting.tokens), tmp_path / "data")


async def test_a_push_is_a_push_of_the_bot_with_a_token_that_is_gone(stage: Stage, github: FakeGitHub) -> None:
    drafted = await stage.drafted()
    assert await stage.push(drafted) == PushOutcome(PushState.PUSHED, at=drafted.commit)
    assert stage.pull.head_sha == drafted.commit
    assert stage.moves == [(drafted.base, drafted.commit)]
    assert github.deliveries[-1].payload["sender"]["login"] == "revwright[bot]"
    (pushed,) = [call for call in github.git_calls if call.pushed]
    assert pushed.pushed == [(drafted.base, drafted.commit, "refs/heads/feature")]
    assert pushed.token_permissions == {"contents": "write", "metadata": "read"}
    assert stage.push_tokens_left() == 0


async def test_the_same_change_goes_on_a_head_that_moved(stage: Stage) -> None:
    drafted = await stage.drafted()
    theirs = Sha(stage.pull.repository.commit("feature", {"b.py": "b = 1\n"}))
    outcome = await stage.push(drafted)
    assert (outcome.state, outcome.at) == (PushState.MOVED, theirs)
    place = stage.setting.place
    await TokenMirrors(stage.git.mirrors, stage.setting.tokens).fetch(
        place.ref, place.repository, head=theirs, base=Sha(stage.pull.base_sha)
    )
    again = await stage.repairs.rebased(place.ref, place.repository, drafted.commit, TEXT, onto=theirs)
    assert again is not None
    assert (await stage.push(again)).state is PushState.PUSHED
    assert stage.pull.head_sha == again.commit
    assert stage.push_tokens_left() == 0


async def test_a_protected_branch(stage: Stage) -> None:
    stage.pull.repository.protected_branches.add("feature")
    drafted = await stage.drafted()
    assert await stage.push(drafted) == PushOutcome(
        PushState.REFUSED, PushRefusal.PROTECTED, "protected branch hook declined", drafted.base
    )
    assert (stage.pull.head_sha, stage.push_tokens_left()) == (drafted.base, 0)


async def test_a_commit_that_touches_a_workflow(stage: Stage) -> None:
    """The policy on patches lets none pass; GitHub refuses what comes in with somebody's merge as well."""
    drafted = await stage.drafted()
    store = stage.pull.repository.store
    stage.pull.repository.commit("side", {".github/workflows/ci.yml": "on: push\n"}, parent=drafted.base)
    side = Sha(stage.pull.repository.head("side"))
    place = stage.setting.place
    await TokenMirrors(stage.git.mirrors, stage.setting.tokens).fetch(
        place.ref, place.repository, head=side, base=Sha(stage.pull.base_sha)
    )
    store.delete_ref("refs/heads/side")
    outcome = await stage.push(Drafted(side, drafted.base, drafted.tree, drafted.changed))
    assert (outcome.state, outcome.why) == (PushState.REFUSED, PushRefusal.WORKFLOW)
    assert "without `workflows` permission" in outcome.words


@pytest.mark.parametrize("allowed", [True, False])
async def test_a_fork_that_allows_edits_and_one_that_does_not(stage: Stage, *, allowed: bool) -> None:
    repository = stage.pull.repository
    repository.private = False
    fork = repository.fork("someone")
    fork.commit("theirs", {"a.py": "a = 5\n"})
    stage.setting.pull = repository.open_pull_request(head="theirs", head_repo=fork)
    stage.pull.maintainers_may_edit = allowed
    place = stage.setting.place
    stage.setting.place = replace(place, ref=replace(place.ref, number=stage.pull.number))
    drafted = await stage.drafted()
    before = dict(repository.branches)
    outcome = await stage.repairs.push(
        stage.setting.place,
        repository=RepositoryName("someone", "web"),
        branch="theirs",
        old=drafted.base,
        new=drafted.commit,
    )
    if allowed:
        assert (outcome.state, stage.pull.head_sha) == (PushState.PUSHED, drafted.commit)
    else:
        assert (outcome.state, outcome.why) == (PushState.REFUSED, PushRefusal.PERMISSION)
        assert stage.pull.head_sha == drafted.base
    assert repository.branches == before
    assert stage.push_tokens_left() == 0


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("how", [{"drop": True}, {"status": 502}, {"status": 500}])
async def test_an_answer_that_is_lost(stage: Stage, github: FakeGitHub, when: Any, how: dict[str, Any]) -> None:
    """Whatever was done is what is said; and trying again makes no second commit."""
    drafted = await stage.drafted()
    github.faults.add(method="POST", path=RECEIVE, when=when, **how)
    outcome: PushOutcome | GitFailed
    try:
        outcome = await stage.push(drafted)
    except GitFailed as failed:
        outcome = failed
    if isinstance(outcome, GitFailed):
        assert (when, outcome.retry, stage.pull.head_sha) == ("before", True, drafted.base)
    else:
        assert outcome == PushOutcome(PushState.PUSHED, at=drafted.commit)
    assert (await stage.push(drafted)).state is PushState.PUSHED
    assert stage.pull.head_sha == drafted.commit
    assert stage.moves == [(drafted.base, drafted.commit)]
    assert stage.push_tokens_left() == 0


async def test_nobody_can_look(stage: Stage, github: FakeGitHub) -> None:
    drafted = await stage.drafted()
    github.faults.add(method="POST", path=RECEIVE, when="after", status=502)
    look = github.faults.add(method="GET", path="git-upload-pack|info/refs", times=1, status=None)
    github.faults.add(method="GET", path="info/refs", times=9, status=503)
    with pytest.raises(GitFailed, match="cannot be seen") as caught:
        await stage.push(drafted)
    assert (caught.value.retry, look.hits) == (True, 1)
    github.faults.clear()
    assert (await stage.push(drafted)).state is PushState.PUSHED


async def test_an_app_that_may_not_push_at_all(stage: Stage, github: FakeGitHub) -> None:
    drafted = await stage.drafted()
    github.installations[stage.setting.place.ref.installation_id].permissions["contents"] = "read"
    with pytest.raises(GitHubRefused, match="no push token"):
        await stage.push(drafted)
    github.unprocessable.clear()
    assert [call for call in github.git_calls if call.service == "git-receive-pack"] == []


async def test_a_job_that_is_cancelled_mid_push(stage: Stage, github: FakeGitHub) -> None:
    drafted = await stage.drafted()
    slow = github.faults.add(method="POST", path=RECEIVE, delay=30, status=None)
    pushing = asyncio.create_task(stage.push(drafted))
    await until(lambda: slow.hits == 1)
    pushing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pushing
    assert stage.push_tokens_left() == 0
    assert (await stage.push(drafted)).state is PushState.PUSHED
    assert stage.moves == [(drafted.base, drafted.commit)]


@pytest.mark.parametrize("station", ["before it arrives", "while it is on its way", "after it arrived"])
async def test_a_worker_that_is_killed_mid_push(stage: Stage, github: FakeGitHub, station: str) -> None:
    """Its git lives on and may still arrive: the next worker pushes the same commit, which counts once."""
    drafted = await stage.drafted()
    place, answered = stage.setting.place, 0
    if station == "before it arrives":
        fault = github.faults.add(method="GET", path="info/refs", delay=1.5, status=None)
        answered = 3  # each asks where the refs are; who comes last has nothing to push any more
    elif station == "while it is on its way":
        fault = github.faults.add(method="POST", path=RECEIVE, delay=1.5, status=None)
        answered = 4  # each asks, and each pushes
    else:
        fault = github.faults.add(method="POST", path=RECEIVE, when="after", drop=True, times=9)
    arguments = (github.url, str(stage.data_dir), str(place.ref), str(place.repository), "feature")
    async with stage.setting.tokens.lent(place.ref, TokenStage.PUSH) as token:
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", WORKER, *arguments, drafted.base, drafted.commit),
            stdin=asyncio.subprocess.PIPE,
            env={"PATH": os.defpath, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        assert worker.stdin is not None
        worker.stdin.write(f"{token.value}\n".encode())
        await worker.stdin.drain()
        await until(lambda: fault.hits >= 1)
        worker.kill()
        await worker.wait()
        github.faults.clear()
        assert await stage.push(drafted) == PushOutcome(PushState.PUSHED, at=drafted.commit)
        await until(
            lambda: (
                len([call for call in github.git_calls if call.service == "git-receive-pack" and call.status == 200])
                >= answered
            )
        )
    assert stage.pull.head_sha == drafted.commit
    assert stage.moves == [(drafted.base, drafted.commit)]


async def until(happened: Callable[[], bool]) -> None:
    """What another thread or process does announces itself to nobody."""
    async with asyncio.timeout(30):
        while not happened():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
