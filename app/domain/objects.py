"""What a git object database answers: blobs, and changed entries with diffs or the reason for none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.domain.diff import FileDiff
from app.domain.entries import Entry, Kind


@dataclass(frozen=True, slots=True)
class Blob:
    """A file's raw bytes, or their beginning when `truncated`; `size` is always that of the whole. Of a symlink, the
    bytes are the target.
    """

    text_bytes: bytes
    size: int
    truncated: bool
    kind: Kind


class NotDiffed(StrEnum):
    """Why a changed entry has no diff; the words are fit for people."""

    BINARY = "binary"
    WAS_BINARY = "it was binary before, so its new text has no diff"
    TOO_LARGE = "too large"
    SUBMODULE = "submodule"


@dataclass(frozen=True, slots=True)
class Change:
    """One changed entry with exactly one of the two: its diff, or why there is none.

    A diff without hunks is complete too: only the mode changed, or an empty file came or went.
    """

    entry: Entry
    diff: FileDiff | None
    not_diffed: NotDiffed | None

    def __post_init__(self) -> None:
        if (self.diff is None) == (self.not_diffed is None):
            raise ValueError(f"a change has a diff or a reason for none, not both or neither: {self.entry!r}")
