"""A git object database as a port: names, ancestors, changes and blobs, all read-only."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from app.adapters.git.blame import read_blame, read_last_change
from app.adapters.git.blobs import read_blobs
from app.adapters.git.chains import read_chain, read_merged_tree
from app.adapters.git.changes import DiffLimits, read_changes
from app.adapters.git.drafts import Drafts, drafting
from app.adapters.git.history import read_entries, read_merges
from app.adapters.git.listing import read_directory
from app.adapters.git.process import Git, checked_sha
from app.adapters.git.search import search_files
from app.adapters.git.tree import GitTree
from app.domain.code import BlameLine, SearchLimits, SearchResult
from app.domain.entries import Entry
from app.domain.errors import GitFailed
from app.domain.gate.simulation import History
from app.domain.merge_group import Link
from app.domain.objects import Blob, Change
from app.domain.patch_policy import PatchLimits
from app.domain.patches import TreeEntry
from app.domain.pull_request import Sha
from app.domain.rules import Pattern

_OUR_BRANCH = re.compile(r"refs/heads/revwright/[A-Za-z0-9][A-Za-z0-9._/-]*")
_ABSENT = "0" * 40


class GitRepository:
    """The objects that `git` is at. `names` is where revisions are looked up, if that is elsewhere."""

    def __init__(self, git: Git, *, names: Git | None = None, limits: DiffLimits | None = None) -> None:
        self._git = git
        self._names = names or git
        self._limits = limits or DiffLimits()

    async def resolve(self, revision: str) -> Sha:
        """The commit that a name like `HEAD~3` means; for the command line only."""
        if not revision.isprintable() or revision.startswith("-") or not revision:
            raise GitFailed(f"not the name of a commit: {revision!r}")
        arguments = ("--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        printed = await self._names.output("rev-parse", *arguments, accept=(0, 1))
        try:
            return _only_sha(printed)
        except GitFailed as error:
            raise GitFailed(
                f"there is no commit {revision!r} with a SHA-1 id in {self._git.label} "
                "(if the clone is shallow: git fetch --unshallow)"
            ) from error

    async def merge_base(self, a: Sha, b: Sha) -> Sha | None:
        """The best common ancestor; None when the histories are unrelated."""
        printed = await self._git.output("merge-base", "--all", checked_sha(a), checked_sha(b), accept=(0, 1))
        if printed.count(b"\n") > 1:
            # A diff from any one of them leaves out what merging would bring in relative to the others.
            raise GitFailed(f"{a} and {b} have several merge bases: merge the base branch into the head and push")
        return _only_sha(printed) if printed else None

    async def changes(self, old: Sha, new: Sha) -> tuple[Change, ...]:
        """Every changed entry from `old` to `new`, in git's order: none is ever left out."""
        return await read_changes(self._git, checked_sha(old), checked_sha(new), limits=self._limits)

    async def entries(self, old: Sha, new: Sha) -> tuple[Entry, ...]:
        """The entries of these changes alone, for a fraction of the cost."""
        return await read_entries(self._git, old, new, limits=self._limits)

    async def merges(self, tip: Sha, since: datetime, *, most: int) -> History:
        """The newest `most` commits on the first-parent history of `tip` that were committed since then."""
        return await read_merges(self._git, tip, since, most=most)

    async def blob(self, commit: Sha, path: str, *, max_bytes: int) -> Blob | None:
        """The file or link at `path`; None when there is none: nothing, a directory or a submodule."""
        return (await self.blobs(commit, (path,), max_bytes=max_bytes)).get(path)

    async def blobs(self, commit: Sha, paths: Sequence[str], *, max_bytes: int) -> dict[str, Blob]:
        """Those of the paths that are files or links, each with at most `max_bytes` of its bytes."""
        return await read_blobs(self._git, checked_sha(commit), paths, max_bytes=max_bytes)

    async def listing(self, commit: Sha, directory: str) -> tuple[TreeEntry, ...] | None:
        """What stands directly in a directory ("" is the root), sorted by path; None when it is none."""
        return await read_directory(self._git, checked_sha(commit), directory)

    async def search(self, commit: Sha, pattern: Pattern, *, glob: str, limits: SearchLimits) -> SearchResult:
        """The lines of text files whose path fits `glob` ("" is every path) in which the pattern is found."""
        return await search_files(self._git, checked_sha(commit), pattern, glob=glob, limits=limits)

    async def blame(self, commit: Sha, path: str, *, start_line: int, end_line: int) -> tuple[BlameLine, ...]:
        """Who wrote the lines of a file, at most 500. Raises GitFailed also where there is no such file or line."""
        return await read_blame(self._git, checked_sha(commit), path, start_line=start_line, end_line=end_line)

    async def last_change(self, old: Sha, new: Sha, path: str) -> Sha | None:
        """The newest commit that `new` has and `old` has not and that touches the path; None when there is none."""
        return await read_last_change(self._git, checked_sha(old), checked_sha(new), path)

    async def chain(self, old: Sha, new: Sha, *, most: int) -> tuple[Link, ...] | None:
        """The first parents from after `old` to `new`, oldest first; None when they do not lead there in so many."""
        return await read_chain(self._git, checked_sha(old), checked_sha(new), most=most)

    async def merged_tree(self, ours: Sha, theirs: Sha) -> Sha | None:
        """The tree that merging the commits gives; None when they are in conflict."""
        return await read_merged_tree(self._git, ours, theirs)

    def tree(self, commit: Sha) -> GitTree:
        """All files of a commit, which are read when asked for."""
        return GitTree(self._git, checked_sha(commit), keep=self)

    @contextlib.contextmanager
    def drafts(self, *, limits: PatchLimits | None = None) -> Iterator[Drafts]:
        """Trees and commits beyond what is here, in a place that is gone when the context ends."""
        with drafting(self._git, limits=limits) as drafts:
            yield drafts

    async def make_branch(self, name: str, commit: Sha) -> None:
        """Make a branch of ours. GitFailed when it exists, and for other names than `checked_branch` lets pass."""
        await self._names.output("update-ref", "--no-deref", "--", checked_branch(name), checked_sha(commit), _ABSENT)


def checked_branch(name: str) -> str:
    """The name, if it begins as a branch of ours does; whether all of it is well formed is for git to say."""
    if _OUR_BRANCH.fullmatch(name) is None:
        raise GitFailed(f"not the name of a branch below refs/heads/revwright/: {name[:200]!r}")
    return name


def _only_sha(printed: bytes) -> Sha:
    return checked_sha(printed.decode("ascii", "replace").rstrip("\n"))
