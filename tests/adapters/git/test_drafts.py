"""Edits become a tree that differs from its base in exactly them, or nothing at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters.git.drafts import Drafts, drafting
from app.adapters.git.objects import GitRepository
from app.adapters.git.process import Git
from app.domain.errors import GitFailed, PatchRefused
from app.domain.patch_policy import PatchLimits
from app.domain.patches import Edit, Patch, Refusal
from app.domain.pull_request import Sha
from tests.adapters.git.listing import listing
from tests.adapters.git.stores import Files, Store, executable, submodule, symlink

FILES: Files = {
    "a.py": b"one\n",
    "b.py": b"b\n",
    "dir/c.py": b"c\n",
    "dir/deep/d.py": b"d\n",
    "link": symlink(b"dir"),
    "outside": symlink(b"/etc"),
    "run": executable(b"#!/bin/sh\n"),
    "sub": submodule("1" * 40),
}


@pytest.fixture
def drafts(store: Store) -> Iterator[Drafts]:
    with drafting(Git(store.git_dir, "acme/web")) as drafts:
        yield drafts


async def refusals(drafts: Drafts, base: Sha, *edits: Edit) -> dict[str, str]:
    with pytest.raises(PatchRefused) as caught:
        await drafts.tree(Patch(base, edits))
    return {refusal.path: refusal.reason for refusal in caught.value.refusals}


async def test_edits_of_every_kind(store: Store, drafts: Drafts) -> None:
    """Compared with the tree that fast-import makes of the same files."""
    base = store.commit(FILES)
    drafted = await drafts.tree(
        Patch(
            base,
            (
                Edit("a.py", b"two\r\n\0"),
                Edit("b.py", None),
                Edit("new/deep/e.py", b""),
                Edit("run", b"#!/bin/sh\nexit\n", executable=True),
                Edit("dir/c.py", b"c\n", executable=True),
                Edit("dir/deep/d.py", b"d\n"),
                Edit("-rf", b"no option\n"),
                Edit("caf\u00e9 $(id) \"'.py", b"no shell\n"),
                Edit("*", b"no pattern\n"),
            ),
        )
    )
    wanted = dict(FILES) | {
        "a.py": b"two\r\n\0",
        "new/deep/e.py": b"",
        "run": executable(b"#!/bin/sh\nexit\n"),
        "dir/c.py": executable(b"c\n"),
        "-rf": b"no option\n",
        "caf\u00e9 $(id) \"'.py": b"no shell\n",
        "*": b"no pattern\n",
    }
    del wanted["b.py"]
    assert drafted.tree == store.git("rev-parse", f"{store.commit(wanted)}^{{tree}}").decode().strip()
    assert drafted.base == base
    assert {entry.path: str(entry.status) for entry in drafted.changed} == {
        "a.py": "modified",
        "b.py": "deleted",
        "new/deep/e.py": "added",
        "run": "modified",
        "dir/c.py": "modified",
        "-rf": "added",
        "caf\u00e9 $(id) \"'.py": "added",
        "*": "added",
    }


async def test_attributes_of_the_tree_have_no_say(store: Store, drafts: Drafts) -> None:
    files: Files = {".gitattributes": b"* text eol=crlf ident working-tree-encoding=UTF-16 filter=x\n"}
    drafted = await drafts.tree(Patch(store.commit(files), (Edit("a", b"$Id$\r\n"),)))
    assert (
        drafted.tree
        == store.git("rev-parse", f"{store.commit({**files, 'a': b'$Id$' + bytes((13, 10))})}^{{tree}}")
        .decode()
        .strip()
    )


async def test_edits_that_change_nothing(store: Store, drafts: Drafts) -> None:
    base = store.commit(FILES)
    for edits in ((), (Edit("a.py", b"one\n"),)):
        drafted = await drafts.tree(Patch(base, edits))
        assert drafted.changed == ()
        assert drafted.tree == store.git("rev-parse", f"{base}^{{tree}}").decode().strip()


PATHS = {
    "../x": "has the part",
    "/etc/cron.d/x": "is absolute",
    ".git/hooks/pre-push": "is `.git` on some file system",
    ".GIT/config": "is `.git` on some file system",
    "a/.git": "is `.git` on some file system",
    "git~1/x": "is `.git` on some file system",
    ".g\u200cit/x": "is `.git` on some file system",
    "a/./b/../../.git/config": "has the part",
    "a//b": "has an empty part",
    "a\nb": "has a control character",
    "a\tb": "has a control character",
    "a\0b": "has a control character",
    "\u202eb": "has a hidden character",
    "a\\b": "has a backslash",
    "caf\udce9": "is not UTF-8",
    "": "is empty",
    "x" * 300: "has a part longer",
    ".github/workflows/ci.yml": "is protected",
    ".gitattributes": "is protected",
    "dir/.gitmodules": "is protected",
    ".lfsconfig": "is protected",
    "CODEOWNERS": "is protected",
    "link/x": "lies below what is a symbolic link",
    "outside/passwd": "lies below what is a symbolic link",
    "sub/x": "lies below what is a submodule",
    "a.py/x": "lies below what is a file",
    "dir": "is a directory in the base",
    "link": "is a symbolic link",
    "sub": "is a submodule",
    "A.PY": "cannot stand beside 'a.py'",
    "DIR": "cannot stand beside",
}


@pytest.mark.parametrize("path", PATHS)
async def test_one_refused_path_refuses_the_patch(store: Store, drafts: Drafts, path: str) -> None:
    base = store.commit(FILES)
    for edit in (Edit(path, b"x"), Edit(path, b"x", executable=True)):
        told = await refusals(drafts, base, Edit("b.py", b"fine\n"), edit)
        assert list(told) == [path]
        assert PATHS[path] in told[path]
    assert loose_objects(drafts) == []


@pytest.mark.parametrize("path", ["link", "sub"])
async def test_links_and_submodules_are_not_deleted(store: Store, drafts: Drafts, path: str) -> None:
    told = await refusals(drafts, store.commit(FILES), Edit(path, None))
    assert "never changed or deleted" in told[path]


async def test_every_refusal_is_told(store: Store, drafts: Drafts) -> None:
    edits = (
        Edit("../x", b""),
        Edit("absent", None),
        Edit("b.py", b"1"),
        Edit("b.py", b"2"),
        Edit("sub", None),
        *(Edit(f".github/{at}", b"") for at in range(3)),
    )
    told = await refusals(drafts, store.commit(FILES), *edits)
    assert list(told) == ["absent", "b.py", "../x", "sub", ".github/0", ".github/1", ".github/2"]
    assert told["absent"] == "is to be deleted but is not in the base"
    assert told["b.py"] == "is edited twice"


@pytest.mark.parametrize("path", [".git/x", "../x", "a.py/x", "dir", ".GIT/x", "git~1"])
async def test_git_is_not_trusted_to_say_no(
    store: Store, drafts: Drafts, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without our policy, git would leave such an edit out in silence, or delete a file for it."""
    monkeypatch.setattr("app.adapters.git.drafts.refused", lambda *_: ())
    base = store.commit(FILES)
    with pytest.raises(GitFailed, match=f"git made another tree of {base} in acme/web than it was asked for"):
        await drafts.tree(Patch(base, (Edit("b.py", b"fine\n"), Edit(path, b"x"))))


async def test_a_file_becomes_no_directory(store: Store, drafts: Drafts) -> None:
    told = await refusals(drafts, store.commit(FILES), Edit("a.py", None), Edit("a.py/x", b""))
    assert told == {"a.py/x": "lies below what is a file in the base"}
    told = await refusals(drafts, store.commit(FILES), Edit("n", b""), Edit("n/x", b""))
    assert told == {
        "n": "cannot stand beside 'n/x' on every file system",
        "n/x": "cannot stand beside 'n' on every file system",
    }


async def test_a_rename_by_case_alone(store: Store, drafts: Drafts) -> None:
    drafted = await drafts.tree(Patch(store.commit(FILES), (Edit("a.py", None), Edit("A.py", b"one\n"))))
    assert [entry.path for entry in drafted.changed] == ["A.py", "a.py"]


async def test_what_collided_before_may_be_edited(store: Store, drafts: Drafts) -> None:
    drafted = await drafts.tree(Patch(store.commit({"A": b"1", "a": b"2"}), (Edit("a", b"3"),)))
    assert [entry.path for entry in drafted.changed] == ["a"]


async def test_limits(store: Store) -> None:
    base = store.commit(FILES)
    limits = PatchLimits(files=3, file_bytes=10, total_bytes=20)
    with drafting(Git(store.git_dir, "acme/web"), limits=limits) as drafts:
        await drafts.tree(Patch(base, (Edit("b.py", b"0123456789"), Edit("n", b"9876543210"), Edit("a.py", None))))
        told = await refusals(drafts, base, Edit("n", b"0123456789x"))
        assert told == {"n": "has 11 bytes, over 10"}
        told = await refusals(drafts, base, *(Edit(f"n{at}", b"%d234567" % at) for at in range(3)))
        assert told == {"": "it writes 21 bytes, over 20"}
        told = await refusals(drafts, base, *(Edit(f"n{at}", b"") for at in range(4)))
        assert told == {"": "it changes 4 files, over 3"}


def loose_objects(drafts: Drafts) -> list[Path]:
    return [path for path in (drafts._git.git_dir / "objects").glob("??/*") if path.is_file()]


async def test_the_store_is_not_touched(store: Store, drafts: Drafts) -> None:
    base = store.commit(FILES)
    before = listing(store.git_dir)
    drafted = await drafts.tree(Patch(base, (Edit("a.py", os.urandom(1000)),)))
    await refusals(drafts, base, Edit("../x", b""))
    assert loose_objects(drafts) != []
    assert listing(store.git_dir) == before
    assert store.git_dir / "objects" / drafted.tree[:2] / drafted.tree[2:] not in before


async def test_nothing_is_left_behind(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    base = store.commit(FILES)
    repository = GitRepository(Git(store.git_dir, "acme/web"))
    with repository.drafts() as drafts:
        await drafts.tree(Patch(base, (Edit("a.py", b"2"),)))
        assert len(list(temporary.iterdir())) == 1
    with pytest.raises(PatchRefused), repository.drafts() as drafts:
        await drafts.tree(Patch(base, (Edit("../x", b"2"),)))
    assert list(temporary.iterdir()) == []


async def test_a_base_that_is_not_there(drafts: Drafts) -> None:
    with pytest.raises(GitFailed, match="git ls-tree of acme/web failed"):
        await drafts.tree(Patch(Sha("1" * 40), ()))
    with pytest.raises(GitFailed, match="not a full git object id"):
        await drafts.tree(Patch(Sha("HEAD"), ()))


async def test_refusals_read_well(store: Store, drafts: Drafts) -> None:
    edits = tuple(Edit(f"../{at}\x1b", b"") for at in range(7))
    with pytest.raises(PatchRefused) as caught:
        await drafts.tree(Patch(store.commit(FILES), edits))
    assert caught.value.refusals[0] == Refusal("../0\x1b", "is a path that has the part `..`")
    assert str(caught.value).startswith("the patch is refused: '../0\\\\x1b' is a path that has the part `..`; ")
    assert str(caught.value).endswith("; and 2 more")
