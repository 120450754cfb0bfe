"""One level of a tree: directories told apart, names as they are, and an end at the limit."""

from __future__ import annotations

import pytest

from app.adapters.git.listing import MOST_ENTRIES
from app.adapters.git.objects import GitRepository
from app.domain.entries import Kind
from app.domain.errors import GitFailed
from app.domain.patches import TreeEntry
from app.domain.pull_request import Sha
from tests.adapters.git.stores import Files, Store, executable, submodule, symlink

ODD = b"caf\xe9\n\"--x'".decode("utf-8", "surrogateescape")
FILES: Files = {
    "README.md": b"hello\n",
    "-rf": b"x",
    "src/a.py": b"1\n",
    "src/run": executable(b"#!/bin/sh\n"),
    "src/link": symlink(b"/etc/passwd"),
    "src/lib": submodule("1" * 40),
    "src/sub/deep/b.py": b"2\n",
    "src-more/c.py": b"3\n",
    ":(glob)**/x": b"4\n",
    "*/y": b"5\n",
    b"caf\xe9\n\"--x'/z": b"6\n",
    "--help/h": b"7\n",
    "to-src": symlink(b"src"),
}


def shown(entries: tuple[TreeEntry, ...] | None) -> dict[str, tuple[bool, Kind, int]]:
    assert entries is not None
    return {entry.path: (entry.is_directory, entry.kind, entry.size) for entry in entries}


async def test_a_directory_with_every_kind(store: Store, repository: GitRepository) -> None:
    commit = store.commit(FILES)
    assert shown(await repository.listing(commit, "src")) == {
        "src/a.py": (False, Kind.FILE, 2),
        "src/lib": (False, Kind.SUBMODULE, 0),
        "src/link": (False, Kind.SYMLINK, 11),
        "src/run": (False, Kind.EXECUTABLE, 10),
        "src/sub": (True, Kind.SUBMODULE, 0),
    }


async def test_the_root_is_sorted_by_path(store: Store, repository: GitRepository) -> None:
    """git sorts a directory as if its name ended in a slash; people do not."""
    entries = await repository.listing(store.commit(FILES), "")
    assert entries is not None
    paths = [entry.path for entry in entries]
    assert paths == sorted(paths)
    assert {"src", "src-more", "-rf", ODD, ":(glob)**", "*", "--help", "to-src"} <= set(paths)
    assert {entry.path for entry in entries if entry.is_directory} == {
        "src", "src-more", ODD, ":(glob)**", "*", "--help",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("directory", "inside"),
    [(":(glob)**", ":(glob)**/x"), ("*", "*/y"), (ODD, f"{ODD}/z"), ("--help", "--help/h"),
     ("src/sub", "src/sub/deep"), ("src/sub/deep", "src/sub/deep/b.py")],
)  # fmt: skip
async def test_names_are_neither_patterns_nor_options(
    store: Store, repository: GitRepository, directory: str, inside: str
) -> None:
    assert list(shown(await repository.listing(store.commit(FILES), directory))) == [inside]


@pytest.mark.parametrize(
    "directory",
    ["absent", "README.md", "src/a.py", "src/link", "src/lib", "to-src", "to-src/sub", "src/", "/", "/src", "./src",
     "src/../src", "..", "../..", "src//sub", ".git", "SRC", "src\0", "\ud800", "/proc/self", "**", "HEAD:src",
     "--root"],
)  # fmt: skip
async def test_what_is_no_directory_has_no_listing(store: Store, repository: GitRepository, directory: str) -> None:
    assert await repository.listing(store.commit(FILES), directory) is None


async def test_an_empty_tree_is_a_directory(store: Store, repository: GitRepository) -> None:
    assert await repository.listing(store.commit({}), "") == ()


@pytest.mark.parametrize("sha", ["HEAD", "--all", "1" * 39, ""])
async def test_only_full_ids_are_commits(repository: GitRepository, sha: str) -> None:
    with pytest.raises(GitFailed, match="not a full git object id"):
        await repository.listing(Sha(sha), "")


async def test_ten_thousand_files(store: Store, repository: GitRepository) -> None:
    entries = await repository.listing(store.commit({f"d/{at:05}": b"x" for at in range(10_000)}), "d")
    assert entries is not None
    assert len(entries) == 10_000


async def test_a_directory_over_the_limit_is_refused(store: Store, repository: GitRepository) -> None:
    blob = store.git("hash-object", "-w", "--stdin", stdin=b"x").strip()
    lines = b"".join(b"100644 blob %s\t%06d\n" % (blob, at) for at in range(MOST_ENTRIES + 1))
    tree = store.git("mktree", stdin=lines).decode().strip()
    commit = Sha(store.git("commit-tree", "-m", "x", tree).decode().strip())
    with pytest.raises(GitFailed, match=r"the directory '' in .* is too large to be listed: over 20000 entries"):
        await repository.listing(commit, "")


async def test_what_a_partial_clone_lacks_is_said(store: Store, repository: GitRepository) -> None:
    commit = store.commit({"a": b"1\n"})
    sha = store.git("rev-parse", f"{commit}:a").decode().strip()
    (store.git_dir / "objects" / sha[:2] / sha[2:]).unlink()
    with pytest.raises(GitFailed, match=r"lacks the object [0-9a-f]{40}"):
        await repository.listing(commit, "")
