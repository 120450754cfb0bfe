"""A user's clone is found wherever it lies, and nothing in it is ever run."""

from __future__ import annotations

import gc
import subprocess
import tempfile
from pathlib import Path

import pytest

from app.adapters.git.local import open_local
from app.domain.errors import GitFailed
from app.domain.pull_request import Sha
from tests.adapters.git.stores import ENVIRONMENT, Store, submodule


def git(where: Path, *arguments: str) -> str:
    """Git as a user runs it."""
    command = ["git", "-c", "protocol.file.allow=always", "-C", str(where), *arguments]
    return subprocess.run(command, env=ENVIRONMENT, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with two commits and a work tree."""
    where = tmp_path / "user's clone"
    where.mkdir()
    git(where, "init", "--quiet")
    (where / "dir").mkdir()
    for text in ("one\n", "two\n"):
        (where / "dir" / "a.py").write_text(text)
        git(where, "add", ".")
        git(where, "commit", "--quiet", "--message", text)
    return where


async def only_change(path: Path) -> tuple[str, list[str]]:
    repository = await open_local(path)
    old, new = await repository.resolve("HEAD~1"), await repository.resolve("HEAD")
    (change,) = await repository.changes(old, new)
    assert change.diff is not None
    return change.entry.path, [line.text for hunk in change.diff.hunks for line in hunk.lines]


CHANGE = ("dir/a.py", ["one", "two"])


async def test_wherever_in_a_clone(clone: Path) -> None:
    for path in (clone, clone / "dir", clone / "dir" / "a.py", clone / "not there", clone / ".git"):
        assert await only_change(path) == CHANGE


async def test_a_parent_is_not_its_child(clone: Path) -> None:
    with pytest.raises(GitFailed, match="no git repository at"):
        await open_local(clone / "..")


async def test_a_linked_work_tree_and_a_bare_clone(clone: Path, tmp_path: Path) -> None:
    git(clone, "worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"), "HEAD")
    git(tmp_path, "clone", "--quiet", "--bare", str(clone), "bare.git")
    for path in (tmp_path / "linked", tmp_path / "linked" / "dir", tmp_path / "bare.git"):
        assert await only_change(path) == CHANGE


async def test_a_linked_work_tree_has_its_own_head(clone: Path, tmp_path: Path) -> None:
    git(clone, "worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"), "HEAD~1")
    assert await (await open_local(tmp_path / "linked")).resolve("HEAD") == git(clone, "rev-parse", "HEAD~1")


async def test_a_clone_that_borrows_objects_of_another(clone: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--shared", str(clone), "borrower")
    assert await only_change(tmp_path / "borrower") == CHANGE


async def test_a_shallow_clone(clone: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--depth=1", clone.as_uri(), "shallow")
    repository = await open_local(tmp_path / "shallow")
    head = await repository.resolve("HEAD")
    assert await repository.merge_base(head, head) == head


async def test_a_partial_clone_fetches_nothing(clone: Path, tmp_path: Path) -> None:
    git(clone, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "--quiet", "--no-checkout", "--filter=blob:none", clone.as_uri(), "partial")
    with pytest.raises(GitFailed, match=r"git diff-tree of .*partial failed: fatal: unable to read"):
        await only_change(tmp_path / "partial")


@pytest.mark.parametrize("content", ["gitdir: /nowhere\n", "gitdir: ", "nonsense\n", "", "gitdir: \0\n"])
async def test_no_clone(tmp_path: Path, content: str) -> None:
    with pytest.raises(GitFailed, match="no git repository at"):
        await open_local(tmp_path)
    (tmp_path / ".git").write_text(content)
    with pytest.raises(GitFailed, match="no git repository at"):
        await open_local(tmp_path / "below")


def obey(clone: Path, sentinel: Path) -> None:
    """Set everything that makes git run a command; each of them would create the sentinel."""
    run = f"touch '{sentinel}'; cat"
    hook = f"#!/bin/sh\n{run}\n"
    for name in ("reference-transaction", "post-checkout", "post-index-change", "fsmonitor-watchman", "pre-auto-gc"):
        (clone / ".git" / "hooks" / name).write_text(hook)
        (clone / ".git" / "hooks" / name).chmod(0o755)
    (clone / "script").write_text(hook)
    (clone / "script").chmod(0o755)
    included = clone / "included"
    included.write_text(f"[core]\n\tfsmonitor = {clone / 'script'}\n\tworktree = {clone}\n")
    for key, value in {
        "include.path": str(included),
        "core.hooksPath": str(clone / ".git" / "hooks"),
        "core.fsmonitor": str(clone / "script"),
        "core.pager": run,
        "pager.diff-tree": run,
        "pager.rev-parse": run,
        "core.sshCommand": run,
        "core.gitProxy": run,
        "core.alternateRefsCommand": run,
        "core.editor": run,
        "core.askPass": str(clone / "script"),
        "diff.external": str(clone / "script"),
        "diff.x.command": run,
        "diff.x.textconv": run,
        "diff.x.binary": "true",
        "diff.suppressBlankEmpty": "true",
        "diff.ignoreSubmodules": "all",
        "diff.orderFile": str(clone / "included"),
        "diff.noprefix": "true",
        "diff.context": "0",
        "diff.renames": "copies",
        "diff.algorithm": "patience",
        "diff.relative": "true",
        "color.ui": "always",
        "filter.x.clean": run,
        "filter.x.smudge": run,
        "filter.x.process": run,
        "filter.x.required": "true",
        "merge.x.driver": run,
        "credential.helper": f"!{run}",
        "alias.diff-tree": f"!{run}",
        "alias.rev-parse": f"!{run}",
        "remote.origin.url": f"ext::sh -c {run}",
        "remote.origin.promisor": "true",
        "remote.origin.uploadpack": run,
        "extensions.partialClone": "origin",
        "protocol.ext.allow": "always",
        "core.repositoryFormatVersion": "1",
        "core.attributesFile": str(clone / ".gitattributes"),
        "gpg.program": str(clone / "script"),
    }.items():
        git(clone, "config", key, value)
    attributes = "* diff=x filter=x merge=x text eol=crlf ident working-tree-encoding=UTF-16\n"
    (clone / ".gitattributes").write_text(attributes)
    (clone / ".git" / "info" / "attributes").write_text(attributes)


async def test_nothing_in_a_clone_is_run_or_obeyed(clone: Path, tmp_path: Path) -> None:
    (clone / "dir" / "a.py").write_text("two\n\n")
    git(clone, "commit", "--quiet", "--all", "--message", "a blank line")
    sentinel = tmp_path / "it ran"
    obey(clone, sentinel)
    assert await only_change(clone) == ("dir/a.py", ["two", ""])
    repository = await open_local(clone / "dir")
    head = await repository.resolve("HEAD")
    assert await repository.blob(head, "dir/a.py", max_bytes=10) is not None
    assert await repository.merge_base(head, head) == head
    with pytest.raises(GitFailed):  # would be fetched from the promisor
        await repository.changes(head, Sha("1" * 40))
    with pytest.raises(GitFailed):
        await repository.resolve("1" * 40)
    assert not sentinel.exists()


def test_the_sentinel_works(clone: Path, tmp_path: Path) -> None:
    obey(clone, tmp_path / "it ran")
    command = ["git", "-C", str(clone), "status"]
    subprocess.run(command, env=ENVIRONMENT, check=False, capture_output=True)
    assert (tmp_path / "it ran").exists()


async def test_an_embedded_bare_repository_is_only_read(clone: Path, tmp_path: Path) -> None:
    inner = Store.create(clone / "dir" / "inner.git")
    inner.git("config", "core.fsmonitor", f"touch '{tmp_path / 'it ran'}'")
    inner.point("refs/heads/main", inner.commit({"a": b"1"}, inner.commit({"s": submodule("1" * 40)})))
    repository = await open_local(inner.git_dir / "objects")
    changes = await repository.changes(await repository.resolve("HEAD~"), await repository.resolve("HEAD"))
    assert [change.entry.path for change in changes] == ["a", "s"]
    assert present(tmp_path, "it ran") == []


async def test_nothing_is_left_behind(clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = times(clone)
    repository = await open_local(clone)
    await repository.changes(await repository.resolve("HEAD~1"), await repository.resolve("HEAD"))
    assert len(present(tmp_path, "revwright-*")) == 1
    del repository
    gc.collect()
    assert present(tmp_path, "revwright-*") == []
    assert times(clone) == before


def present(directory: Path, pattern: str) -> list[Path]:
    return list(directory.glob(pattern))


def times(directory: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in directory.rglob("*")}
