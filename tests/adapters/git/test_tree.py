"""All files of a commit: listed whole, streamed piece by piece, and stopped at limits."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import os
from contextlib import aclosing
from pathlib import Path

import pytest

from app.adapters.git.objects import GitRepository
from app.adapters.git.process import Git, GitSlow, Limits
from app.adapters.git.tree import GitTree, TreeLimits
from app.domain.entries import Kind
from app.domain.errors import GitFailed
from app.domain.patches import Chunk, TreeEntry
from app.domain.pull_request import Sha
from app.ports import Tree
from tests.adapters.git.fake_git import fake_git
from tests.adapters.git.stores import Files, Store, executable, submodule, symlink

SUBMODULE = "1" * 40
ODD = b"caf\xe9\n--x"
FILES: Files = {
    "-rf": b"not an option\n",
    ".gitattributes": b"* filter=x eol=crlf\n",
    "dir/empty": b"",
    "dir/link": symlink(b"../a.py"),
    "dir/run": executable(b"#!/bin/sh\n"),
    "dir/sub": submodule(SUBMODULE),
    "large": b"0123456789" * 300_000,
    ODD: b"odd\0bytes\r\n",
    "same": b"",
}


def blob_sha(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0%s" % (len(content), content), usedforsecurity=False).hexdigest()


async def read(tree: Tree, entries: tuple[TreeEntry, ...]) -> list[Chunk]:
    return [chunk async for chunk in tree.contents(entries)]


async def whole(tree: Tree) -> dict[str, bytes]:
    """The content of every file, after looking at how it came."""
    files: dict[str, bytes] = {}
    entries = tuple(entry for entry in await tree.entries() if entry.kind is not Kind.SUBMODULE)
    chunks = await read(tree, entries)
    for chunk in chunks:
        assert len(chunk.data) <= 1 << 20
        files[chunk.entry.path] = files.get(chunk.entry.path, b"") + chunk.data
    assert [chunk.entry for chunk in chunks if chunk.last] == list(entries)
    return files


def git_of(store: Store) -> Git:
    return Git(store.git_dir, "acme/web")


def test_it_is_what_a_sandbox_is_filled_from(store: Store, repository: GitRepository) -> None:
    tree: Tree = repository.tree(store.commit({}))
    assert isinstance(tree, GitTree)


async def test_entries_of_every_kind(store: Store, repository: GitRepository) -> None:
    commit = store.commit(FILES)
    tree = repository.tree(commit)
    assert tree.commit == commit
    assert await tree.entries() == (
        TreeEntry("-rf", "100644", blob_sha(b"not an option\n"), 14),
        TreeEntry(".gitattributes", "100644", blob_sha(b"* filter=x eol=crlf\n"), 20),
        TreeEntry(ODD.decode("utf-8", "surrogateescape"), "100644", blob_sha(b"odd\0bytes\r\n"), 11),
        TreeEntry("dir/empty", "100644", blob_sha(b""), 0),
        TreeEntry("dir/link", "120000", blob_sha(b"../a.py"), 7),
        TreeEntry("dir/run", "100755", blob_sha(b"#!/bin/sh\n"), 10),
        TreeEntry("dir/sub", "160000", SUBMODULE, 0),
        TreeEntry("large", "100644", blob_sha(b"0123456789" * 300_000), 3_000_000),
        TreeEntry("same", "100644", blob_sha(b""), 0),
    )


async def test_contents_are_the_raw_bytes(store: Store, repository: GitRepository) -> None:
    assert await whole(repository.tree(store.commit(FILES))) == {
        "-rf": b"not an option\n",
        ".gitattributes": b"* filter=x eol=crlf\n",
        ODD.decode("utf-8", "surrogateescape"): b"odd\0bytes\r\n",
        "dir/empty": b"",
        "dir/link": b"../a.py",
        "dir/run": b"#!/bin/sh\n",
        "large": b"0123456789" * 300_000,
        "same": b"",
    }


async def test_an_empty_tree(store: Store, repository: GitRepository) -> None:
    tree = repository.tree(store.commit({}))
    assert await tree.entries() == ()
    assert await read(tree, ()) == []


async def test_a_large_file_comes_in_pieces(store: Store, repository: GitRepository) -> None:
    tree = repository.tree(store.commit(FILES))
    large = tuple(entry for entry in await tree.entries() if entry.path == "large")
    chunks = await read(tree, large)
    assert [chunk.last for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert len(chunks) >= 3


async def test_the_order_is_the_readers(store: Store, repository: GitRepository) -> None:
    tree = repository.tree(store.commit({"a": b"1", "b": b"2"}))
    a, b = await tree.entries()
    assert [chunk.data for chunk in await read(tree, (b, a, b))] == [b"2", b"1", b"2"]


async def test_many_names_do_not_block(store: Store, repository: GitRepository) -> None:
    """More names than a pipe holds, and more contents, in both directions at once."""
    tree = repository.tree(store.commit({"a": b"x" * 1000}))
    chunks = await read(tree, await tree.entries() * 20_000)
    assert sum(len(chunk.data) for chunk in chunks) == 20_000_000


async def test_a_submodule_has_no_contents(store: Store, repository: GitRepository) -> None:
    tree = repository.tree(store.commit({"s": submodule(SUBMODULE)}))
    with pytest.raises(ValueError, match="a submodule has no blob: 's'"):
        await read(tree, await tree.entries())


@pytest.mark.parametrize("sha", ["HEAD", "--all", "1" * 39, "1" * 40 + "\n", ""])
async def test_names_are_not_commits(store: Store, repository: GitRepository, sha: str) -> None:
    with pytest.raises(GitFailed, match="not a full git object id"):
        repository.tree(Sha(sha))
    with pytest.raises(GitFailed, match="not a full git object id"):
        await read(repository.tree(store.commit({})), (TreeEntry("a", "100644", sha, 0),))


def remove_blob(store: Store, commit: Sha, name: str) -> None:
    sha = store.git("rev-parse", f"{commit}:{name}").decode().strip()
    (store.git_dir / "objects" / sha[:2] / sha[2:]).unlink()


async def test_what_a_partial_clone_lacks_is_said(store: Store, repository: GitRepository) -> None:
    commit = store.commit({"a": b"1\n", "b": b"2" * 1000})
    tree = repository.tree(commit)
    entries = await tree.entries()
    for name in ("b", "a"):
        remove_blob(store, commit, name)
        with pytest.raises(GitFailed, match=r"lacks the object [0-9a-f]{40} .*is it a partial clone\?"):
            await tree.entries()
        with pytest.raises(GitFailed, match=r"lacks the object [0-9a-f]{40} .*is it a partial clone\?"):
            await read(tree, entries)


async def test_a_blob_of_another_size_is_refused(store: Store, repository: GitRepository) -> None:
    tree = repository.tree(store.commit({"a": b"12"}))
    (a,) = await tree.entries()
    with pytest.raises(GitFailed, match="lacks the object"):
        await read(tree, (TreeEntry("a", a.mode, a.sha, 1),))


async def test_a_damaged_blob(store: Store, repository: GitRepository) -> None:
    commit = store.commit({"a": os.urandom(500_000)})
    tree = repository.tree(commit)
    entries = await tree.entries()
    file = store.git_dir / "objects" / entries[0].sha[:2] / entries[0].sha[2:]
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:400_000])
    with pytest.raises(GitFailed, match=r"git cat-file of .* failed: "):
        await read(tree, entries)


async def test_the_limit_on_entries(store: Store) -> None:
    commit = store.commit({str(at): b"" for at in range(11)})
    assert len(await GitTree(git_of(store), commit, limits=TreeLimits(entries=11)).entries()) == 11
    with pytest.raises(GitFailed, match=rf"^the tree of {commit} in acme/web is too large: entries, over 10$"):
        await GitTree(git_of(store), commit, limits=TreeLimits(entries=10)).entries()


async def test_the_limit_on_paths(store: Store) -> None:
    commit = store.commit({"d" * 2000: b""})
    with pytest.raises(GitFailed, match="is too large: bytes in paths, over 2000"):
        await GitTree(git_of(store), commit, limits=TreeLimits(list_bytes=2000)).entries()


async def test_the_limit_on_contents_counts_what_is_named_twice(store: Store) -> None:
    commit = store.commit({"a": b"12345", "b": b"12345"})
    with pytest.raises(GitFailed, match="is too large: 10 bytes in files, over 9"):
        await GitTree(git_of(store), commit, limits=TreeLimits(content_bytes=9)).entries()


def bomb(store: Store, levels: int, leaf: bytes) -> Sha:
    """A commit whose tree has ten trees in each tree, all of them one object."""
    line = leaf
    for _ in range(levels):
        tree = store.git("mktree", "--missing", stdin=b"".join(line.replace(b"?", b"%d" % at) for at in range(10)))
        line = b"040000 tree %s\t?\n" % tree.strip()
    return Sha(store.git("commit-tree", "-m", "bomb", tree.decode().strip()).decode().strip())


async def test_a_tree_of_ten_billion_files_ends_at_the_limit(store: Store, repository: GitRepository) -> None:
    blob = store.git("hash-object", "-w", "--stdin", stdin=b"x").strip()
    commit = bomb(store, 10, b"100644 blob %s\t?\n" % blob)
    async with asyncio.timeout(50):
        with pytest.raises(GitFailed, match="is too large: entries, over 200000"):
            await repository.tree(commit).entries()


async def test_a_tree_of_ten_billion_empty_trees_ends_in_time(store: Store) -> None:
    empty = store.git("mktree").strip()
    commit = bomb(store, 10, b"040000 tree %s\t?\n" % empty)
    tree = GitTree(Git(store.git_dir, "acme/web", limits=Limits(seconds=0.5)), commit)
    with pytest.raises(GitSlow, match=r"git ls-tree of acme/web took over 0\.5 s"):
        await tree.entries()


def children() -> set[int]:
    """The processes that this one started."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(parent) == os.getpid() and state != "Z":
            found.add(int(stat.parent.name))
    return found


async def test_leaving_early_leaves_no_process_and_no_task(store: Store, repository: GitRepository) -> None:
    tree = repository.tree(store.commit({"a": os.urandom(1000)}))
    entries = await tree.entries() * 20_000
    processes, tasks = children(), asyncio.all_tasks()
    async with aclosing(tree.contents(entries)) as contents:
        await anext(contents)
        assert len(children() - processes) == 1
    assert children() <= processes
    assert asyncio.all_tasks() == tasks


async def test_a_stream_that_is_dropped_ends_git_too(store: Store, repository: GitRepository) -> None:
    tree = repository.tree(store.commit({"a": os.urandom(1000)}))
    entries = await tree.entries() * 20_000
    processes = children()
    async for _ in tree.contents(entries):
        break
    gc.collect()
    async with asyncio.timeout(20):
        while children() - processes:  # noqa: ASYNC110 - it is the kernel that counts
            await asyncio.sleep(0.01)


async def test_git_waits_for_a_slow_reader(store: Store, repository: GitRepository) -> None:
    """While nobody reads, git stops printing: no more than some buffers are on the way."""
    tree = repository.tree(store.commit({"a": b"\0" * 50_000_000}))
    entries = await tree.entries()
    processes = children()
    async with aclosing(tree.contents(entries)) as contents:
        await anext(contents)
        (git,) = children() - processes
        await _sleeping(git)
        assert written(git) < 2_000_000


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def written(pid: int) -> int:
    """How many bytes the process has written so far."""
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    return int(dict(line.split(": ") for line in lines)["wchar"])


async def _sleeping(pid: int) -> None:
    """Wait until it has waited for something for a while."""
    quiet = 0
    async with asyncio.timeout(20):
        while quiet < 10:
            quiet = quiet + 1 if state(pid) == "S" else 0
            await asyncio.sleep(0.01)


async def test_a_git_that_stalls_is_ended(tmp_path: Path) -> None:
    git = fake_git(tmp_path, "cat > /dev/null; sleep 60", limits=Limits(seconds=0.3))
    with pytest.raises(GitSlow, match=r"git cat-file of acme/web took over 0\.3 s"):
        await read(GitTree(git, Sha(SUBMODULE)), (TreeEntry("a", "100644", SUBMODULE, 1),))


async def test_a_git_that_prints_and_does_not_end_is_ended(tmp_path: Path) -> None:
    script = f"cat > /dev/null; printf '{SUBMODULE} blob 1\\nx\\n'; exec >&-; sleep 60"
    git = fake_git(tmp_path, script, limits=Limits(seconds=0.3))
    with pytest.raises(GitSlow, match=r"git cat-file of acme/web took over 0\.3 s"):
        await read(GitTree(git, Sha(SUBMODULE)), (TreeEntry("a", "100644", SUBMODULE, 1),))


@pytest.mark.parametrize(
    ("printed", "message"),
    [
        ("", "printed something else than"),
        (f"{SUBMODULE} blob 3\\n12", "printed something else than"),
        (f"{SUBMODULE} blob 3\\n123\\n", None),
        (f"{SUBMODULE} blob 3\\n123\\nmore", "printed something else than"),
        (f"{SUBMODULE} tree 3\\n123\\n", "lacks the object"),
        ("x" * 500, "lacks the object"),
    ],
)
async def test_what_git_prints_is_not_trusted(tmp_path: Path, printed: str, message: str | None) -> None:
    tree = GitTree(fake_git(tmp_path, f"printf '{printed}'"), Sha(SUBMODULE))
    entry = TreeEntry("a", "100644", SUBMODULE, 3)
    if message is None:
        assert await read(tree, (entry,)) == [Chunk(entry, b"123", last=True)]
    else:
        with pytest.raises(GitFailed, match=message):
            await read(tree, (entry,))
