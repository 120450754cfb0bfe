"""The changes between two commits: every entry, and its hunks or the reason for having none.

Two git processes read the trees side by side: one prints the entries, one their patches in the same order. Whether a
file is binary is git's decision by content alone (a NUL among the first 8,000 bytes of a side): the git dirs this
runs on are ours, and their info/attributes outranks whatever a .gitattributes says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from app.adapters.git.blobs import read_beginning, read_sizes
from app.adapters.git.process import Git, GitSlow
from app.domain.diff import FileDiff, Patch, PatchReader, match_patches
from app.domain.entries import Entry, Kind, Side, parse_raw
from app.domain.errors import GitFailed
from app.domain.objects import Change, NotDiffed
from app.domain.pull_request import Sha

_NUL_WITHIN = 8000
_LARGE_FILES_LOOKED_INTO = 32

_DIFF_TREE = (
    "diff-tree",
    "-r",
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--no-relative",
    "--full-index",
    "--ignore-submodules=none",
)
LIST_ENTRIES = (*_DIFF_TREE, "--raw", "-z")
"""The command that lists changed entries, for `parse_raw`; two commits follow."""
# Each default that shapes hunks is said, so that hunks are those that GitHub shows, whatever git's defaults become.
_PATCH = (
    "-p",
    "--submodule=short",
    "--diff-algorithm=myers",
    "--indent-heuristic",
    "-U3",
    "--inter-hunk-context=0",
)


@dataclass(frozen=True, slots=True)
class DiffLimits:
    """How much of a change is diffed. What is past a limit is still listed, as too large."""

    file_bytes: int = 1_000_000
    """The largest old or new side of one file."""
    list_bytes: int = 32 << 20
    """Of the list of entries, over a hundred thousand: here, past the limit, is an error."""
    output_bytes: int = 64 << 20
    """Of all patches together."""
    lines: int = 500_000
    """Of all hunks together: short lines cost far more memory than their bytes."""
    seconds: float = 60
    """For comparing the files; those not reached by then count as too large as well."""


async def read_changes(git: Git, old: Sha, new: Sha, *, limits: DiffLimits) -> tuple[Change, ...]:
    """Every changed entry from `old` to `new`, in git's order: none is ever left out."""
    reading = asyncio.create_task(_patches(git, old, new, limits))
    try:
        lister = replace(git, limits=replace(git.limits, output_bytes=limits.list_bytes))
        raw = await lister.output(*LIST_ENTRIES, old, new)
        patches, whole = await reading
        entries = parse_raw(raw)
        diffs = match_patches(entries, patches, whole=whole)
    except ValueError as error:
        raise GitFailed(f"git diff-tree of {git.label} printed something unknown: {error}") from error
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    why_not = _WhyNotDiffed(git, limits, await _withheld_sizes(git, entries, diffs))
    changes = []
    for number, (entry, diff) in enumerate(zip_longest(entries, diffs)):
        reason = await why_not.of(entry, diff, reached=number < len(diffs))
        changes.append(Change(entry, None if reason else diff, reason))
    return tuple(changes)


async def _patches(git: Git, old: Sha, new: Sha, limits: DiffLimits) -> tuple[list[Patch], bool]:
    """The patches read within the limits, and whether they are all there are."""
    reader = PatchReader()
    size = 0

    def read(chunk: bytes) -> bool:
        nonlocal size
        size += len(chunk)
        if size > limits.output_bytes:
            return False
        reader.feed(chunk)
        return reader.line_count <= limits.lines

    # Of files over this size git prints "Binary files differ" without loading them.
    options = ("-c", f"core.bigFileThreshold={limits.file_bytes}")
    differ = replace(git, options=options, limits=replace(git.limits, seconds=limits.seconds))
    try:
        whole = await differ.feed(read, *_DIFF_TREE, *_PATCH, old, new)
    except GitSlow:  # some pairs of files take git minutes to compare, within any limit on their size
        whole = False
    if whole:
        reader.finish()
    return reader.patches, whole


def _has_submodule(entry: Entry) -> bool:
    return any(side.kind is Kind.SUBMODULE for side in entry.sides)


async def _withheld_sizes(git: Git, entries: Sequence[Entry], diffs: Sequence[FileDiff | None]) -> dict[str, int]:
    """The blob sizes of the entries that git printed no text of."""
    withheld = [entry for entry, diff in zip(entries, diffs, strict=False) if diff is None]
    return await read_sizes(git, {s.sha for entry in withheld if not _has_submodule(entry) for s in entry.sides})


class _WhyNotDiffed:
    """Tells binary files from large ones, which git's patch output does not."""

    def __init__(self, git: Git, limits: DiffLimits, sizes: dict[str, int]) -> None:
        self._git = git
        self._limits = limits
        self._sizes = sizes
        self._looks_left = _LARGE_FILES_LOOKED_INTO

    async def of(self, entry: Entry, diff: FileDiff | None, *, reached: bool) -> NotDiffed | None:
        if _has_submodule(entry):
            return NotDiffed.SUBMODULE
        if not reached:
            return NotDiffed.TOO_LARGE
        if diff is not None:
            return None
        if not any(self._sizes[side.sha] > self._limits.file_bytes for side in entry.sides):
            return NotDiffed.BINARY if await self._new_side_binary(entry) else NotDiffed.WAS_BINARY
        # What was added decides: text that replaces a picture is no picture.
        added = (entry.new,) if entry.new is not None else entry.sides
        return NotDiffed.BINARY if await self._binary(added) else NotDiffed.TOO_LARGE

    async def _new_side_binary(self, entry: Entry) -> bool:
        """git withholds the text of both sides when one is binary; of what was added, that one is the new side."""
        if entry.old is None or entry.new is None:
            return True
        return b"\0" in await read_beginning(self._git, entry.new.sha, _NUL_WITHIN)

    async def _binary(self, sides: Sequence[Side]) -> bool:
        """A look into a large file, for a better word than "too large"; of many, only some."""
        if self._looks_left == 0:
            return False
        self._looks_left -= 1
        for side in sides:
            if b"\0" in await read_beginning(self._git, side.sha, _NUL_WITHIN):
                return True
        return False
