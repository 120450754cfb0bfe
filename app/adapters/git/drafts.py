"""From edits or a diff to a tree and a commit, without a work tree: all of what was asked for, or nothing."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from app.adapters.git.blobs import read_sizes
from app.adapters.git.commits import write_commit
from app.adapters.git.process import Git, GitSlow, checked_sha
from app.adapters.git.quarantine import Quarantine, quarantined
from app.adapters.git.tree import GitTree, TreeLimits
from app.domain.commits import CommitText
from app.domain.diff_text import change_refusals, named, whole_refusals
from app.domain.entries import Entry, Kind, Side, parse_raw
from app.domain.errors import GitFailed, PatchRefused
from app.domain.patch_policy import PatchLimits, plan, refused, refused_paths, too_many
from app.domain.patches import DraftedTree, Edit, Patch, Refusal, TreeEntry
from app.domain.pull_request import Sha

_ABSENT = "0" * 40
_CHANGED = ("diff-tree", "-r", "--raw", "-z", "--no-renames", "--full-index", "--ignore-submodules=none")
_APPLY = ("apply", "--cached", "--whitespace=nowarn", "-p1", "-")


class Drafts:
    """Trees and commits beyond a store; they are gone with the context that `drafting` opened, unless released."""

    def __init__(self, quarantine: Quarantine, *, limits: PatchLimits) -> None:
        self._quarantine = quarantine
        self._git = quarantine.git
        self._limits = limits

    async def tree(self, patch: Patch) -> DraftedTree:
        """The base's tree with these edits. Raises PatchRefused, GitFailed."""
        _refuse(too_many(len(patch.edits), self._limits))
        base = await self._files(patch.base)
        planned = plan(patch.edits, base)
        sizes = {
            entry.new.sha: len(edit.content)
            for edit in patch.edits
            if edit.content is not None and (entry := planned.changes.get(edit.path)) and entry.new
        }
        _refuse((*planned.refusals, *refused(planned.changes.values(), base, sizes, self._limits)))
        await asyncio.to_thread(self._write, [edit for edit in patch.edits if edit.path in planned.changes])
        lines = b"".join(_index_line(entry) for entry in planned.changes.values())
        with self._quarantine.index() as git:
            await git.output("read-tree", patch.base)
            await git.output("update-index", "-z", "--index-info", stdin=lines)
            drafted = await self._drafted(git, patch.base)
        if {entry.path: entry for entry in drafted.changed} != planned.changes:
            # git skips a path it dislikes with a warning only, and gives a file way to a directory.
            raise GitFailed(f"git made another tree of {patch.base} in {git.label} than it was asked for")
        return drafted

    async def tree_of_diff(self, base: Sha, diff: bytes) -> DraftedTree:
        """The base's tree with a unified diff as git writes it. Raises PatchRefused, GitFailed."""
        if len(diff) > self._limits.diff_bytes:
            _refuse((Refusal("", f"it has {len(diff)} bytes, over {self._limits.diff_bytes}"),))
        _refuse(tuple(whole_refusals(diff)))
        try:
            names = named(diff)
        except ValueError as error:
            raise PatchRefused((Refusal("", str(error)),)) from error
        _refuse(too_many(len(names), self._limits))
        files = await self._files(base)
        _refuse(refused_paths(names, files))
        with self._quarantine.index() as git:
            await git.output("read-tree", base)
            await _applied(git, diff)
            drafted = await self._drafted(git, base)
        sizes = await read_sizes(self._git, {new.sha for new in _new_blobs(drafted.changed)})
        problems = refused(drafted.changed, files, sizes, self._limits)
        told = {problem.path for problem in problems}
        _refuse((*problems, *(one for one in change_refusals(drafted.changed, names) if one.path not in told)))
        return drafted

    async def commit(self, drafted: DraftedTree, text: CommitText) -> Sha:
        """A commit of the tree on top of its base. Raises GitFailed, also for a tree in which nothing changed."""
        if not drafted.changed:
            raise GitFailed("the patch changes nothing, so there is nothing to commit")
        return await write_commit(self._git, drafted.tree, parent=drafted.base, text=text)

    async def release(self, new: Sha, *, base: Sha) -> None:
        """Move a tree or commit of ours into the store, with the objects that `base` does not have."""
        await self._quarantine.release(new, base=base)

    async def _files(self, base: Sha) -> Mapping[str, TreeEntry]:
        limits = TreeLimits(content_bytes=sys.maxsize)  # contents are not read
        tree = GitTree(self._git, checked_sha(base), limits=limits)
        return {entry.path: entry for entry in await tree.entries()}

    def _write(self, edits: Iterable[Edit]) -> None:
        for edit in edits:
            if edit.content is not None:
                self._quarantine.write_blob(edit.content)

    async def _drafted(self, git: Git, base: Sha) -> DraftedTree:
        tree = checked_sha((await git.output("write-tree")).decode("ascii", "replace").strip())
        printed = await git.output(*_CHANGED, base, tree)
        try:
            return DraftedTree(base, tree, parse_raw(printed))
        except ValueError as error:
            raise GitFailed(f"git diff-tree of {git.label} printed something unknown: {error}") from error


@contextlib.contextmanager
def drafting(store: Git, *, limits: PatchLimits | None = None) -> Iterator[Drafts]:
    """Drafts beyond the store's objects. Nothing is written there, and nothing is left when the context ends."""
    with quarantined(store) as quarantine:
        yield Drafts(quarantine, limits=limits or PatchLimits())


async def _applied(git: Git, diff: bytes) -> None:
    # What git says here quotes the diff, so its words must not make anybody rebuild a mirror or try again.
    try:
        await replace(git, damage_mark=None).output(*_APPLY, stdin=diff)
    except GitSlow:
        raise
    except GitFailed as failed:
        raise PatchRefused((Refusal("", f"it does not apply: {failed}"),)) from failed


def _refuse(refusals: tuple[Refusal, ...]) -> None:
    if refusals:
        raise PatchRefused(refusals)


def _index_line(entry: Entry) -> bytes:
    """As `update-index --index-info` reads it; mode 0 takes the path out."""
    mode, sha = ("0", _ABSENT) if entry.new is None else (entry.new.mode, entry.new.sha)
    return f"{mode} {sha}\t{entry.path}\0".encode()


def _new_blobs(changed: tuple[Entry, ...]) -> Iterator[Side]:
    for entry in changed:
        if entry.new is not None and entry.new.kind is not Kind.SUBMODULE:
            yield entry.new
