"""Pushing one commit to one branch of a real server: forwards only, and what is said afterwards is true."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from app.adapters.git.mirror import GitMirrors
from app.adapters.git.push import PushLimits
from app.adapters.git.repairs import GitRepairs
from app.domain.branches import MAX_BRANCH_BYTES
from app.domain.commits import CommitText
from app.domain.errors import GitFailed
from app.domain.patches import Edit, Patch
from app.domain.pull_request import RepositoryName, Sha
from app.domain.pushing import PushOutcome, PushRefusal, PushState
from tests.adapters.git.http_server import OTHER_TOKEN, TOKEN
from tests.adapters.git.site import ABSENT, NAME, REF, Site, failed
from tests.adapters.git.test_draft_commits import TEXT
from tests.adapters.git.test_mirror_secrets import watching

BRANCH = "feature/login"
FORK = RepositoryName("someone", "web")


@dataclass(frozen=True)
class Fixed:
    """A pull request whose head is on a branch, and a commit of ours on top of it in the mirror."""

    site: Site
    repairs: GitRepairs
    old: Sha
    new: Sha

    @property
    def at(self) -> str:
        """Where the branch is on the server."""
        return self.site.store.git("rev-parse", f"refs/heads/{BRANCH}").decode().strip()

    async def push(
        self,
        *,
        branch: str = BRANCH,
        old: Sha | None = ABSENT,
        new: Sha | None = None,
        repository: RepositoryName = NAME,
        token: str = TOKEN,
    ) -> PushOutcome:
        before = self.old if old == ABSENT else old
        return await self.repairs.push(
            REF, NAME, repository=repository, branch=branch, old=before, new=new or self.new, token=token
        )


@pytest.fixture
async def fixed(site: Site) -> Fixed:
    site.server.config = ("http.receivepack=true",)
    site.store.point(f"refs/heads/{BRANCH}", site.head)
    await site.fetch()
    repairs = GitRepairs(site.mirrors)
    return Fixed(site, repairs, site.head, await committed(repairs, site.head, b"three\n"))


async def committed(repairs: GitRepairs, head: Sha, content: bytes, text: CommitText = TEXT) -> Sha:
    drafted = await repairs.commit(REF, NAME, Patch(head, (Edit("a.py", content),)), text, head=head)
    return drafted.commit


def declining(site: Site, words: str) -> None:
    """A server whose hook says no."""
    hook = site.store.git_dir / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\necho '{words}'\nexit 1\n")
    hook.chmod(0o755)


async def test_a_push_moves_the_branch_and_nothing_else(fixed: Fixed) -> None:
    store = fixed.site.store
    before = store.git("for-each-ref")
    assert await fixed.push() == PushOutcome(PushState.PUSHED, at=fixed.new)
    assert fixed.at == fixed.new
    assert store.content(fixed.new, "a.py") == b"three\n"
    store.point(f"refs/heads/{BRANCH}", fixed.old)
    assert store.git("for-each-ref") == before


async def test_pushing_again_says_the_same_and_pushes_nothing(fixed: Fixed) -> None:
    await fixed.push()
    packs = [body for body in fixed.site.server.bodies if b"PACK" in body]
    assert await fixed.push() == PushOutcome(PushState.PUSHED, at=fixed.new)
    assert [body for body in fixed.site.server.bodies if b"PACK" in body] == packs


async def test_a_new_branch_is_made_but_never_moved(fixed: Fixed) -> None:
    assert (await fixed.push(branch="revwright/fix-7", old=None)).state is PushState.PUSHED
    other = await committed(fixed.repairs, fixed.old, b"four\n")
    moved = await fixed.push(branch="revwright/fix-7", old=None, new=other)
    assert (moved.state, moved.at) == (PushState.MOVED, fixed.new)


@pytest.mark.parametrize("branch", ["caf\u00e9/$(id)", "`id`;'\"<b>&|", "refs/heads/x", "a-b_c.d", "1" * 40])
async def test_names_that_mean_nothing_to_anybody(fixed: Fixed, branch: str) -> None:
    fixed.site.store.point(f"refs/heads/{branch}", fixed.old)
    assert (await fixed.push(branch=branch)).state is PushState.PUSHED
    assert fixed.site.store.git("rev-parse", f"refs/heads/{branch}").decode().strip() == fixed.new
    theirs = fixed.site.store.commit({"a.py": b"theirs\n"}, fixed.new)
    fixed.site.store.point(f"refs/heads/{branch}", theirs)
    moved = await fixed.push(branch=branch)
    assert (moved.state, moved.at) == (PushState.MOVED, theirs)


async def test_a_branch_that_moved_is_left_alone(fixed: Fixed) -> None:
    theirs = fixed.site.store.commit({"a.py": b"theirs\n"}, fixed.old)
    fixed.site.store.point(f"refs/heads/{BRANCH}", theirs)
    outcome = await fixed.push()
    assert (outcome.state, outcome.at, outcome.why) == (PushState.MOVED, theirs, None)
    assert fixed.at == theirs


async def test_a_branch_that_was_forced_back_is_left_alone(fixed: Fixed) -> None:
    """A push without a lease would move it: the commit goes on from there as well."""
    fixed.site.store.point(f"refs/heads/{BRANCH}", fixed.site.base)
    outcome = await fixed.push()
    assert (outcome.state, outcome.at) == (PushState.MOVED, fixed.site.base)


async def test_a_branch_that_is_gone_is_not_made_again(fixed: Fixed) -> None:
    fixed.site.store.git("update-ref", "-d", f"refs/heads/{BRANCH}")
    outcome = await fixed.push()
    assert (outcome.state, outcome.at) == (PushState.MOVED, None)
    assert BRANCH not in fixed.site.store.git("for-each-ref").decode()


async def test_what_does_not_go_on_from_there_is_not_even_tried(fixed: Fixed) -> None:
    requests = len(fixed.site.server.requests)
    sideways = await committed(fixed.repairs, fixed.site.base, b"sideways\n")
    for new in (sideways, fixed.site.base, fixed.old):
        assert "does not go on from" in str(await failed(fixed.push(new=new)))
    assert not (await failed(fixed.push(new=ABSENT))).retry
    assert len(fixed.site.server.requests) == requests


@pytest.mark.parametrize(
    "branch",
    ["--receive-pack=touch /tmp/x", "-h", "a:refs/heads/main", "+main", "", "a b", "x" * (MAX_BRANCH_BYTES + 1)],
)
async def test_names_that_are_no_branch(fixed: Fixed, branch: str) -> None:
    requests = len(fixed.site.server.requests)
    if branch == "+main":  # a name like any other: only in front of the commit would it mean force
        assert (await fixed.push(branch=branch)).state is PushState.MOVED
        return
    assert "the name of the branch" in str(await failed(fixed.push(branch=branch)))
    assert len(fixed.site.server.requests) == requests


async def test_a_hook_that_declines(fixed: Fixed) -> None:
    declining(fixed.site, "no")
    outcome = await fixed.push()
    assert outcome == PushOutcome(PushState.REFUSED, PushRefusal.HOOK, "hook declined", fixed.old)


async def test_a_server_that_does_not_take_pushes_is_no_permission(fixed: Fixed) -> None:
    fixed.site.server.config = ("http.receivepack=false",)
    outcome = await fixed.push()
    assert (outcome.state, outcome.why, outcome.at) == (PushState.REFUSED, PushRefusal.PERMISSION, fixed.old)
    assert "403" in outcome.words


async def test_a_push_that_arrived_before_the_permission_went_is_no_refusal(fixed: Fixed) -> None:
    await fixed.push()
    fixed.site.server.config = ("http.receivepack=false",)
    assert await fixed.push() == PushOutcome(PushState.PUSHED, at=fixed.new)


async def test_a_repository_that_is_not_there_is_no_permission(fixed: Fixed) -> None:
    outcome = await fixed.push(repository=FORK)
    assert (outcome.state, outcome.why) == (PushState.REFUSED, PushRefusal.PERMISSION)


async def test_a_token_that_is_not_accepted_is_said_so(fixed: Fixed) -> None:
    assert (await failed(fixed.push(token=OTHER_TOKEN))).unauthorized


async def test_a_server_in_trouble_is_asked_again_later(fixed: Fixed) -> None:
    fixed.site.server.status = 503
    error = await failed(fixed.push())
    assert error.retry
    assert "where the branch is now cannot be seen" in str(error)
    fixed.site.server.status = None
    assert (await fixed.push()).state is PushState.PUSHED


async def test_a_push_that_stalls_is_ended_and_looked_for(fixed: Fixed) -> None:
    hook = fixed.site.store.git_dir / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexec sleep 8\n")
    hook.chmod(0o755)
    slow = replace(fixed, repairs=GitRepairs(fixed.site.mirrors, push_limits=PushLimits(seconds=2)))
    error = await failed(slow.push())
    assert error.retry
    assert "took over 2 s" in str(error)
    assert fixed.at == fixed.old


async def there(file: Path) -> None:
    async with asyncio.timeout(20):
        while not file.exists():  # noqa: ASYNC110, ASYNC240 - a file of another process announces itself to nobody
            await asyncio.sleep(0.02)


async def test_a_push_that_is_cancelled_on_its_way_is_heard_out(fixed: Fixed) -> None:
    """Who asks right after it where the branch is, is told what stays true."""
    hook, begun = fixed.site.store.git_dir / "hooks" / "pre-receive", fixed.site.store.git_dir / "begun"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {begun}\nexec sleep 1\n")
    hook.chmod(0o755)
    pushing = asyncio.create_task(fixed.push())
    await there(begun)
    pushing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pushing
    assert fixed.at == fixed.new


async def test_a_push_whose_end_nobody_waited_for_is_found(fixed: Fixed) -> None:
    """The worker is gone while the server still works: who comes next says what is true."""
    hook, done = fixed.site.store.git_dir / "hooks" / "post-receive", fixed.site.store.git_dir / "landed"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {done}\nexec sleep 5\n")
    hook.chmod(0o755)
    hasty = replace(fixed, repairs=GitRepairs(fixed.site.mirrors, push_limits=PushLimits(heard_out_seconds=0)))
    pushing = asyncio.create_task(hasty.push())
    await there(done)
    pushing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pushing
    assert await fixed.push() == PushOutcome(PushState.PUSHED, at=fixed.new)
    log = fixed.site.store.git("rev-list", f"{fixed.old}..refs/heads/{BRANCH}").decode().split()
    assert log == [fixed.new]


async def test_no_hook_and_no_configuration_of_the_mirror_is_obeyed(fixed: Fixed, tmp_path: Path) -> None:
    sentinel = tmp_path / "ran"
    mirror = fixed.site.git_dir()
    for name in ("pre-push", "reference-transaction"):
        hook = mirror / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {sentinel}\n")
        hook.chmod(0o755)
    config = mirror / "config"
    config.write_text(
        config.read_text()
        + f'[core]\n\tsshCommand = touch {sentinel}\n[url "http://127.0.0.1:9/"]\n\tpushInsteadOf = http://127.0.0.1\n'
        + f"[push]\n\tgpgSign = true\n[credential]\n\thelper = !touch {sentinel}\n"
    )
    before = sorted(path for path in mirror.rglob("*"))
    assert (await fixed.push()).state is PushState.PUSHED
    assert not sentinel.exists()
    assert sorted(path for path in mirror.rglob("*")) == before


async def test_the_token_is_seen_nowhere(fixed: Fixed) -> None:
    with watching() as watch:
        assert (await fixed.push()).state is PushState.PUSHED
    assert watch.scans > 0
    assert watch.leaked == []
    declining(fixed.site, TOKEN)
    next_one = await committed(fixed.repairs, fixed.new, b"five\n")
    assert TOKEN not in repr(await fixed.push(old=fixed.new, new=next_one))


async def test_a_directory_that_cannot_be_written_is_said(fixed: Fixed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nonexistent")
    for call in (
        fixed.push(),
        committed(fixed.repairs, fixed.old, b"x\n"),
        fixed.repairs.rebased(REF, NAME, fixed.new, TEXT, onto=fixed.site.base),
    ):
        with pytest.raises(GitFailed, match="written") as caught:
            await call
        assert caught.value.retry


async def test_mirrors_are_told_apart_by_installation(fixed: Fixed) -> None:
    elsewhere = replace(REF, installation_id=12)
    again = GitRepairs(GitMirrors(fixed.site.data_dir, fixed.site.server.url))
    with pytest.raises(GitFailed):
        await again.push(elsewhere, NAME, repository=NAME, branch=BRANCH, old=fixed.old, new=fixed.new, token=TOKEN)
    assert fixed.at == fixed.old
