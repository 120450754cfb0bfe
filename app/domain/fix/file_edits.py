"""What one patch asks of each file that it names: a new file, a file that goes, or hunks of lines to be found in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What becomes of a file."""

    ADD = "add"
    UPDATE = "update"
    DELETE = "delete"


class Mark(StrEnum):
    """What becomes of a line."""

    KEPT = " "
    REMOVED = "-"
    ADDED = "+"


@dataclass(frozen=True, slots=True)
class HunkLine:
    """One line, without its line end."""

    mark: Mark
    text: str


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines that stand one after the other in a file, and what becomes of them."""

    line: int
    """Where it begins in the text of the patch, from 1."""
    lines: tuple[HunkLine, ...]
    anchors: tuple[str, ...] = ()
    """Lines that stand above it in the file, the outermost first."""
    start: int | None = None
    """The line of the file at which it says that it begins, from 1. It only decides between places that fit."""
    at_end: bool = False
    """Whether it is the end of the file."""
    unended: bool | None = None
    """Whether the file is to end without a line end; None: as it does now."""

    @property
    def old(self) -> tuple[str, ...]:
        """The lines that must be in the file."""
        return tuple(line.text for line in self.lines if line.mark is not Mark.ADDED)

    def count(self, mark: Mark) -> int:
        """How many of its lines are of this kind."""
        return sum(line.mark is mark for line in self.lines)


@dataclass(frozen=True, slots=True)
class FileEdit:
    """One file of a patch. The path is as written: nobody has looked yet whether it may be one."""

    path: str
    action: Action
    hunks: tuple[Hunk, ...] = ()
    """Of an update; of a deletion, what the file is said to hold, if that was said."""
    content: str = ""
    """Of a new file."""
    moved_to: str | None = None
    """Where an updated file is to stand instead."""

    def paths(self) -> Iterator[str]:
        """Each path that it writes or deletes."""
        yield self.path
        if self.moved_to is not None:
            yield self.moved_to
