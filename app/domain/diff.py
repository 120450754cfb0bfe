"""Unified diffs as values: read from git's patch output by counting lines, matched to entries by order.

File content can imitate every header of a patch. So a hunk ends when the lengths in its own header are used up, never
because of how a line looks, and the paths that headers show are not read at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from app.domain.entries import Entry, Side, Status

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(?: (.*))?", re.DOTALL)
_INDEX = re.compile(rb"index ([0-9a-f]{40})\.\.([0-9a-f]{40})(?: [0-7]{6})?")
_ABSENT = "0" * 40
_HEADERS_WITHOUT_MEANING = (
    b"--- ",
    b"+++ ",
    b"old mode ",
    b"new mode ",
    b"new file mode ",
    b"deleted file mode ",
)


class LineKind(StrEnum):
    CONTEXT = "context"
    ADDED = "added"
    REMOVED = "removed"


_KIND_BY_PREFIX = {b" ": LineKind.CONTEXT, b"+": LineKind.ADDED, b"-": LineKind.REMOVED}


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a hunk, numbered from 1; an added one has no old number, a removed one no new number."""

    kind: LineKind
    old_number: int | None
    new_number: int | None
    text: str
    """Without its line feed (a carriage return stays); bytes that are not UTF-8 are replaced."""
    newline: bool = True
    """False for a last line that no line feed ends."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """A run of changed lines and the unchanged ones around them; `section` is git's hint of where it lies."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    section: str
    lines: tuple[DiffLine, ...]

    @property
    def new_numbers(self) -> range:
        return range(self.new_start, self.new_start + self.new_count)


@dataclass(frozen=True, slots=True)
class FileDiff:
    """All hunks of one entry."""

    hunks: tuple[Hunk, ...]

    def added_lines(self) -> Iterator[DiffLine]:
        return self._lines(LineKind.ADDED)

    def removed_lines(self) -> Iterator[DiffLine]:
        return self._lines(LineKind.REMOVED)

    @property
    def added_numbers(self) -> frozenset[int]:
        """The new-side numbers of the added lines."""
        return frozenset(line.new_number for line in self.added_lines() if line.new_number is not None)

    @property
    def commentable_lines(self) -> frozenset[int]:
        """The new-side numbers that stand in a hunk, added or context: where GitHub takes a RIGHT side comment."""
        return frozenset(number for hunk in self.hunks for number in hunk.new_numbers)

    @property
    def changed_line_count(self) -> int:
        """Added and removed lines together."""
        return sum(line.kind is not LineKind.CONTEXT for hunk in self.hunks for line in hunk.lines)

    def same_hunk(self, a: int, b: int) -> bool:
        """Whether both new-side numbers stand in one hunk, as the two ends of a comment must."""
        return any(a in hunk.new_numbers and b in hunk.new_numbers for hunk in self.hunks)

    def _lines(self, kind: LineKind) -> Iterator[DiffLine]:
        return (line for hunk in self.hunks for line in hunk.lines if line.kind is kind)


@dataclass(frozen=True, slots=True)
class Patch:
    """One patch as git printed it. `shas` are the two object ids, absent when only the mode changed; `withheld` means
    that git printed "Binary files differ" in place of text.
    """

    shas: tuple[str, str] | None
    withheld: bool
    hunks: tuple[Hunk, ...]


class PatchReader:
    """Reads `git diff-tree -p --full-index` output, in chunks cut anywhere.

    `patches` holds those that are complete: one more is on its way until the next begins or `finish` is called.
    """

    def __init__(self) -> None:
        self.patches: list[Patch] = []
        self.line_count = 0
        self._unended: list[bytes] = []
        self._begun = False
        self._shas: tuple[str, str] | None = None
        self._withheld = False
        self._hunks: list[Hunk] = []
        self._hunk: _OpenHunk | None = None

    def feed(self, chunk: bytes) -> None:
        self._unended.append(chunk)
        if b"\n" not in chunk:  # a very long line: join its pieces once, at its end
            return
        lines = b"".join(self._unended).split(b"\n")
        self._unended = [lines.pop()]
        for line in lines:
            self._line(line)

    def finish(self) -> None:
        """The output ended by itself; ValueError when it cannot be whole."""
        if any(self._unended):
            raise ValueError("patch output ends within a line")
        if self._begun:
            self._end_patch()

    def _line(self, line: bytes) -> None:
        if self._hunk is not None and self._hunk.missing:
            self._hunk.add(line)
            self.line_count += 1
        elif self._hunk is not None and line.startswith(b"\\"):
            self._hunk.mark_unended()
        elif line.startswith(b"diff --git "):
            if self._begun:
                self._end_patch()
            self._begun = True
        elif not self._begun:
            raise ValueError(f"patch output does not begin with a patch: {line[:80]!r}")
        else:
            self._header(line)

    def _header(self, line: bytes) -> None:
        if match := _HUNK.fullmatch(line):
            self._end_hunk()
            self._hunk = _OpenHunk(match)
        elif match := _INDEX.fullmatch(line):
            self._shas = (match[1].decode("ascii"), match[2].decode("ascii"))
        elif line.startswith(b"Binary files "):
            self._withheld = True
        elif not line.startswith(_HEADERS_WITHOUT_MEANING):
            raise ValueError(f"patch has a line that is neither header nor hunk: {line[:80]!r}")

    def _end_hunk(self) -> None:
        if self._hunk is not None:
            self._hunks.append(self._hunk.closed())
            self._hunk = None

    def _end_patch(self) -> None:
        self._end_hunk()
        self.patches.append(Patch(self._shas, self._withheld, tuple(self._hunks)))
        self._begun, self._shas, self._withheld, self._hunks = False, None, False, []


class _OpenHunk:
    """A hunk whose lines are still coming."""

    def __init__(self, header: re.Match[bytes]) -> None:
        old_start, old_count, new_start, new_count, section = header.groups()
        self._header = Hunk(
            old_start=int(old_start),
            old_count=1 if old_count is None else int(old_count),
            new_start=int(new_start),
            new_count=1 if new_count is None else int(new_count),
            section=(section or b"").decode("utf-8", "replace"),
            lines=(),
        )
        self._old_left, self._new_left = self._header.old_count, self._header.new_count
        self._old_number, self._new_number = self._header.old_start, self._header.new_start
        self._lines: list[DiffLine] = []

    @property
    def missing(self) -> bool:
        return self._old_left > 0 or self._new_left > 0

    def add(self, line: bytes) -> None:
        if line.startswith(b"\\"):
            self.mark_unended()
            return
        kind = _KIND_BY_PREFIX.get(line[:1])
        if kind is None:
            raise ValueError(f"hunk has a line that is neither context, added nor removed: {line[:80]!r}")
        old = new = None
        if kind is not LineKind.ADDED:
            old = self._old_number
            self._old_number += 1
            self._old_left -= 1
        if kind is not LineKind.REMOVED:
            new = self._new_number
            self._new_number += 1
            self._new_left -= 1
        if self._old_left < 0 or self._new_left < 0:
            raise ValueError(f"hunk has more lines than its header says: {line[:80]!r}")
        self._lines.append(DiffLine(kind, old, new, line[1:].decode("utf-8", "replace")))

    def mark_unended(self) -> None:
        """The line before was the last of its file, and no line feed ends it."""
        if not self._lines:
            raise ValueError("hunk begins with the mark of a missing line feed")
        self._lines[-1] = replace(self._lines[-1], newline=False)

    def closed(self) -> Hunk:
        if self.missing:
            raise ValueError(f"patch output ends within a hunk: {self._old_left} old, {self._new_left} new to come")
        return replace(self._header, lines=tuple(self._lines))


def split_patches(entries: Sequence[Entry], output: bytes) -> tuple[FileDiff | None, ...]:
    """The diff of every entry, from git's whole patch output for just these entries; None where git withheld it."""
    reader = PatchReader()
    reader.feed(output)
    reader.finish()
    return match_patches(entries, reader.patches, whole=True)


def match_patches(entries: Sequence[Entry], patches: Sequence[Patch], *, whole: bool) -> tuple[FileDiff | None, ...]:
    """Give each entry its patch, by order; None where git withheld the text. Unless the output was read as a `whole`,
    the result covers only the first entries. ValueError when patches and entries do not belong together.
    """
    diffs: list[FileDiff | None] = []
    taken = 0
    for entry in entries:
        wanted = _shas_of_patches(entry)
        own = patches[taken : taken + len(wanted)]
        if len(own) < len(wanted):
            break
        for patch, shas in zip(own, wanted, strict=True):
            if patch.shas != shas:
                raise ValueError(f"patch {patch.shas} is not that of {entry.path!r}, which has {shas}")
        withheld = any(patch.withheld for patch in own)
        diffs.append(None if withheld else FileDiff(tuple(hunk for patch in own for hunk in patch.hunks)))
        taken += len(wanted)
    all_entries = len(diffs) == len(entries)
    if (all_entries and taken < len(patches)) or (whole and not all_entries):
        raise ValueError(f"{len(patches)} patches do not match {len(entries)} entries")
    return tuple(diffs)


def _shas_of_patches(entry: Entry) -> tuple[tuple[str, str] | None, ...]:
    """The object ids that git prints for an entry: of a changed type, it prints a deletion and a creation."""
    old, new = _sha(entry.old), _sha(entry.new)
    if entry.status is Status.TYPE_CHANGED:
        return ((old, _ABSENT), (_ABSENT, new))
    return (None if old == new else (old, new),)


def _sha(side: Side | None) -> str:
    return _ABSENT if side is None else side.sha
