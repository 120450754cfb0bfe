"""One level of a commit's tree, as a person sees a directory."""

from __future__ import annotations

from dataclasses import replace

from app.adapters.git.blobs import encoded_path
from app.adapters.git.process import Git
from app.adapters.git.tree import tree_entry
from app.domain.errors import GitFailed
from app.domain.patches import TreeEntry
from app.domain.pull_request import Sha

MOST_ENTRIES = 20_000
_LIST_BYTES = 16 << 20
_LS_TREE = ("ls-tree", "-z", "--full-tree")


async def read_directory(git: Git, commit: Sha, directory: str) -> tuple[TreeEntry, ...] | None:
    """What stands directly in a directory ("" is the root), by path; None when it is no directory.

    Paths are whole, from the root. GitFailed over a limit, and where a blob is not here.
    """
    tree: str | None = commit
    if directory:
        tree = await _subtree(git, commit, directory)
    if tree is None:
        return None
    prefix = f"{directory}/" if directory else ""
    entries = [tree_entry(git, line) for line in await _listed(git, tree, directory)]
    return tuple(sorted((replace(entry, path=prefix + entry.path) for entry in entries), key=lambda entry: entry.path))


async def _subtree(git: Git, commit: Sha, directory: str) -> str | None:
    """The id of the tree at this path. ls-tree compares names byte by byte and follows no link."""
    wanted = encoded_path(directory)
    if wanted is None:
        return None
    for line in (await git.output(*_LS_TREE, "-d", commit, "--", wanted)).split(b"\0")[:-1]:
        about, _, path = line.partition(b"\t")
        _, kind, sha = about.decode("ascii").split()
        if path == wanted and kind == "tree":
            return sha
    return None


async def _listed(git: Git, tree: str, directory: str) -> list[bytes]:
    chunks: list[bytes] = []
    size = count = 0

    def collect(chunk: bytes) -> bool:
        nonlocal size, count
        size += len(chunk)
        count += chunk.count(b"\0")
        chunks.append(chunk)
        return size <= _LIST_BYTES and count <= MOST_ENTRIES

    lister = replace(git, limits=replace(git.limits, output_bytes=_LIST_BYTES))
    if not await lister.feed(collect, *_LS_TREE, "-l", tree):
        raise GitFailed(
            f"the directory {directory!r} in {git.label} is too large to be listed: over {MOST_ENTRIES} entries "
            f"or {_LIST_BYTES} bytes of names; search with a glob instead"
        )
    return b"".join(chunks).split(b"\0")[:-1]
