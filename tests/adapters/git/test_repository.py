"""Blobs, ancestors and names of a repository."""

from __future__ import annotations

import pytest

from app.adapters.git.local import open_local
from app.adapters.git.objects import GitRepository
from app.domain.entries import Kind
from app.domain.errors import GitFailed
from app.domain.objects import Blob
from app.domain.pull_request import Sha
from app.ports import Repository
from tests.adapters.git.stores import Files, Store, executable, submodule, symlink

FILES: Files = {
    "a.py": b"print()\n",
    "dir/run": executable(b"#!/bin/sh\n"),
    "dir/link": symlink(b"../a.py"),
    "dir/sub": submodule("1" * 40),
    "empty": b"",
    "copy of a.py": b"print()\n",
    b"caf\xe9\n--x": b"odd\0bytes\r\n",
    "-rf": b"not an option\n",
    "*": b"not a pattern\n",
    "large": b"0123456789" * 100_000,
}


async def test_blobs_of_every_kind(store: Store, repository: GitRepository) -> None:
    commit = store.commit(FILES)
    odd = b"caf\xe9\n--x".decode("utf-8", "surrogateescape")
    paths = ("a.py", "dir/run", "dir/link", "empty", "copy of a.py", odd, "-rf", "*", "large")
    assert await repository.blobs(commit, paths, max_bytes=100) == {
        "a.py": Blob(b"print()\n", 8, truncated=False, kind=Kind.FILE),
        "dir/run": Blob(b"#!/bin/sh\n", 10, truncated=False, kind=Kind.EXECUTABLE),
        "dir/link": Blob(b"../a.py", 7, truncated=False, kind=Kind.SYMLINK),
        "empty": Blob(b"", 0, truncated=False, kind=Kind.FILE),
        "copy of a.py": Blob(b"print()\n", 8, truncated=False, kind=Kind.FILE),
        odd: Blob(b"odd\0bytes\r\n", 11, truncated=False, kind=Kind.FILE),
        "-rf": Blob(b"not an option\n", 14, truncated=False, kind=Kind.FILE),
        "*": Blob(b"not a pattern\n", 14, truncated=False, kind=Kind.FILE),
        "large": Blob(b"0123456789" * 10, 1_000_000, truncated=True, kind=Kind.FILE),
    }


@pytest.mark.parametrize(
    "path",
    ["absent", "dir", "dir/", "dir/sub", "dir/sub/x", "a.py/", "a.py/x", "", "/a.py", "./a.py", "dir/../a.py", "..",
     "dir//run", "a.py\0", "\ud800", "A.PY", ":/a.py", "HEAD", "--help"],
)  # fmt: skip
async def test_what_is_no_file_has_no_blob(store: Store, repository: GitRepository, path: str) -> None:
    assert await repository.blob(store.commit(FILES), path, max_bytes=100) is None


def test_it_is_what_use_cases_expect(repository: GitRepository) -> None:
    port: Repository = repository
    assert port is repository


async def test_one_blob(store: Store, repository: GitRepository) -> None:
    blob = await repository.blob(store.commit(FILES), "a.py", max_bytes=8)
    assert blob == Blob(b"print()\n", 8, truncated=False, kind=Kind.FILE)


async def test_many_long_paths(store: Store, repository: GitRepository) -> None:
    paths = tuple(f"{'d' * 200}/{'e' * 200}/{at}" for at in range(1200))
    commit = store.commit({path: path.encode() for path in paths})
    blobs = await repository.blobs(commit, paths, max_bytes=1000)
    assert {path: blob.text_bytes.decode() for path, blob in blobs.items()} == {path: path for path in paths}


async def test_a_clone_without_some_objects_says_so(store: Store, repository: GitRepository) -> None:
    base = store.commit({})
    commit = store.commit({"a": b"a\n", "b": b"\0"}, base)
    for name in ("a", "b"):
        sha = store.git("rev-parse", f"{commit}:{name}").decode().strip()
        (store.git_dir / "objects" / sha[:2] / sha[2:]).unlink()
    with pytest.raises(GitFailed, match="unable to read"):
        await repository.changes(base, commit)
    with pytest.raises(GitFailed, match="is it a partial clone"):
        await repository.blob(commit, "a", max_bytes=10)


async def test_merge_base(store: Store, repository: GitRepository) -> None:
    root = store.commit({"a": b"1"})
    left, right = store.commit({"a": b"2"}, root), store.commit({"a": b"3"}, root)
    merged = store.commit({"a": b"4"}, left, right)
    assert await repository.merge_base(left, right) == root
    assert await repository.merge_base(root, left) == root
    assert await repository.merge_base(merged, right) == right


async def test_unrelated_histories_have_no_merge_base(store: Store, repository: GitRepository) -> None:
    assert await repository.merge_base(store.commit({"a": b"1"}), store.commit({"b": b"1"})) is None


async def test_a_merge_base_with_a_commit_that_is_not_there(store: Store, repository: GitRepository) -> None:
    with pytest.raises(GitFailed, match=r"git merge-base of .* failed: fatal: Not a valid commit name 1111") as caught:
        await repository.merge_base(store.commit({}), Sha("1" * 40))
    assert not caught.value.retry


async def test_names_of_commits(store: Store, repository: GitRepository) -> None:
    first = store.commit({"a": b"1"})
    second = store.commit({"a": b"2"}, first)
    store.point("refs/heads/main", second)
    store.point("refs/tags/v1", first)
    store.point("refs/heads/--upload-pack=x", first)
    for name in ("HEAD", "main", "refs/heads/main", second, second[:12]):
        assert await repository.resolve(name) == second
    for name in ("HEAD~1", "v1", "main^", first):
        assert await repository.resolve(name) == first


@pytest.mark.parametrize(
    "name",
    ["-h", "--upload-pack=x", "--all", "--git-dir", "", "absent", "main..HEAD", "HEAD:a", "a\nb", "x\0y", "@{-1}"],
)
async def test_what_is_no_name_of_a_commit(store: Store, repository: GitRepository, name: str) -> None:
    store.point("refs/heads/main", store.commit({"a": b"1"}))
    with pytest.raises(GitFailed, match=r"not the name of a commit|there is no commit"):
        await repository.resolve(name)


async def test_sha_256_repositories_are_refused(store: Store) -> None:
    other = store.git_dir.parent / "sha256.git"
    store.git("init", "--quiet", "--bare", "--object-format=sha256", str(other))
    tree = store.git(f"--git-dir={other}", "mktree").decode().strip()
    commit = store.git(f"--git-dir={other}", "commit-tree", "-m", "x", tree).decode().strip()
    store.git(f"--git-dir={other}", "update-ref", "HEAD", commit)
    with pytest.raises(GitFailed, match="there is no commit 'HEAD' with a SHA-1 id"):
        await (await open_local(other)).resolve("HEAD")
