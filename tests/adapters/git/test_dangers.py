"""Nothing that a repository contains is ever run, by no operation of ours; a plain git command does run it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.adapters.git.local import open_local
from app.adapters.git.objects import GitRepository
from app.adapters.git.process import Git
from app.adapters.rules.patterns import Re2Pattern
from app.domain.code import SearchLimits
from app.domain.commits import CommitText, Person
from app.domain.entries import Kind
from app.domain.errors import GitFailed
from app.domain.patches import Edit, Patch
from app.domain.pull_request import Sha
from tests.adapters.git.dangers import DANGERS, Danger, Traps
from tests.adapters.git.site import Site

_ANYTHING = Re2Pattern.parse(".")
DIFF = b"diff --git a/n b/n\nnew file mode 100644\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n"


def operations(repository: GitRepository, base: Sha, head: Sha) -> dict[str, Callable[[], Awaitable[object]]]:
    """Every public one, by name."""

    async def contents() -> None:
        tree = repository.tree(head)
        entries = [entry for entry in await tree.entries() if entry.kind is not Kind.SUBMODULE]
        assert [chunk.entry async for chunk in tree.contents(entries) if chunk.last] == entries

    async def draft() -> None:
        somebody = Person("A", "a@b")
        text = CommitText(author=somebody, committer=somebody, at=datetime.now(UTC), message="x\n")
        with repository.drafts() as drafts:
            await drafts.tree_of_diff(head, DIFF)
            drafted = await drafts.tree(Patch(head, (Edit("a.py", b"four\n"),)))
            commit = await drafts.commit(drafted, text)
            await drafts.release(commit, base=head)
        await repository.make_branch("refs/heads/revwright/x", commit)
        assert await repository.resolve("refs/heads/revwright/x") == commit

    return {
        "resolve": lambda: repository.resolve("HEAD"),
        "merge base": lambda: repository.merge_base(base, head),
        "changes": lambda: repository.changes(base, head),
        "blobs": lambda: repository.blobs(head, ("a.py", ".gitattributes", "inner/HEAD"), max_bytes=100),
        "beginning": lambda: repository.blob(head, "a.py", max_bytes=1),
        "contents": contents,
        "draft": draft,
        "absent": lambda: _refused(repository.changes(base, Sha("1" * 40))),
        "base": lambda: repository.blobs(base, ("a.py",), max_bytes=100),
        "listing": lambda: repository.listing(head, ""),
        "search": lambda: repository.search(head, _ANYTHING, glob="", limits=SearchLimits()),
        "blame": lambda: repository.blame(head, "a.py", start_line=1, end_line=1),
        "last change": lambda: repository.last_change(base, head, "a.py"),
    }


async def _refused(call: Awaitable[object]) -> None:
    with pytest.raises(GitFailed):
        await call


FAILS = {"promisor": {"changes", "base", "blame"}}
"""What must fail, and does so without asking anybody."""


@pytest.fixture
def traps(tmp_path: Path) -> Traps:
    return Traps.create(tmp_path)


@pytest.mark.parametrize("danger", DANGERS, ids=lambda danger: danger.name)
@pytest.mark.parametrize("place", ["clone", "git dir"])
async def test_no_operation_runs_it(traps: Traps, danger: Danger, place: str) -> None:
    """Once as a user's clone, and once as if it were a mirror of ours that somebody had tampered with."""
    base, head = Sha(traps.plain("rev-parse", "HEAD~1")), Sha(traps.plain("rev-parse", "HEAD"))
    danger.lay(traps)
    traps.mark.unlink(missing_ok=True)
    git_dir = Path(traps.plain("rev-parse", "--absolute-git-dir"))
    repository = await open_local(traps.clone) if place == "clone" else GitRepository(Git(git_dir, "acme/web"))
    failed = set()
    for name, call in operations(repository, base, head).items():
        try:
            await call()
        except GitFailed:
            failed.add(name)
        assert not traps.ran, f"{name} ran it"
    assert failed == FAILS.get(danger.name, set())


@pytest.mark.parametrize("danger", [danger for danger in DANGERS if danger.naive], ids=lambda danger: danger.name)
def test_a_plain_command_runs_it(traps: Traps, danger: Danger) -> None:
    danger.lay(traps)
    traps.mark.unlink(missing_ok=True)
    assert danger.naive is not None
    traps.naive(*danger.naive)
    assert traps.ran


async def test_a_mirror_that_was_tampered_with(site: Site, tmp_path: Path) -> None:
    """A fetch runs nothing of it, and sets its files right."""
    await site.fetch()
    git_dir = site.git_dir()
    script = tmp_path / "script"
    mark = tmp_path / "it ran"
    script.write_text(f"#!/bin/sh\ntouch '{mark}'\n")
    script.chmod(0o755)
    tamper(git_dir, script, site.server.url)
    await site.fetch(site.store.commit({"a.py": b"3\n"}, site.base))
    assert not present(mark)
    assert "script" not in (git_dir / "config").read_text()


def tamper(git_dir: Path, script: Path, url: str) -> None:
    (git_dir / "hooks").mkdir(exist_ok=True)
    for name in ("reference-transaction", "pre-auto-gc", "post-rewrite", "post-index-change"):
        (git_dir / "hooks" / name).symlink_to(script)
    with (git_dir / "config").open("a") as file:
        file.write(
            f"[core]\n\tfsmonitor = {script}\n\thooksPath = {git_dir}/hooks\n\talternateRefsCommand = {script}\n"
            f'[credential]\n\thelper = !{script}\n[credential "{url}"]\n\thelper = !{script}\n'
            f'[url "ext::{script} "]\n\tinsteadOf = {url}\n[protocol "ext"]\n\tallow = always\n'
            f'[remote "{url}/acme/web.git"]\n\tvcs = ext\n\turl = ext::{script}\n'
        )


def present(path: Path) -> bool:
    return path.exists()
