"""What a person who approves has to read, in the order in which it is best read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.domain.diff import Hunk, LineKind
from app.domain.entries import Entry
from app.domain.gate.decision import RequirementState
from app.domain.gate.requirements import Source
from app.domain.objects import Change

MAX_PLACES = 40


@dataclass(frozen=True, slots=True)
class Place:
    """Lines of a file at the head. `start` and `end`, both included, are None where there are none to point at."""

    path: str
    start: int | None
    end: int | None
    changed: int
    """Lines added or removed there."""
    note: str = ""
    """What there is to know in place of lines, fit for people."""


@dataclass(frozen=True, slots=True)
class ReadingList:
    places: tuple[Place, ...]
    more: int = 0
    """Places that did not fit."""


def reading_list(
    states: Iterable[RequirementState], changes: Iterable[Change], *, limit: int = MAX_PLACES
) -> ReadingList:
    """The places of the entries that the states wait for, each once.

    Files that the policy names come first, then those that need more approvals, then those with more changed lines;
    within a file from top to bottom.
    """
    by_path = {change.entry.path: change for change in changes}
    ranks: dict[str, tuple[bool, int, int, str]] = {}
    entries: dict[str, Entry] = {}
    for requirement in (state.requirement for state in states if state.missing):
        for entry in requirement.entries:
            size = _size(by_path.get(entry.path))
            rank = (requirement.source is not Source.POLICY, -requirement.approvals, -size, entry.path)
            ranks[entry.path] = min(ranks.get(entry.path, rank), rank)
            entries[entry.path] = entry
    places = [
        place for path in sorted(ranks, key=ranks.__getitem__) for place in _places(entries[path], by_path.get(path))
    ]
    return ReadingList(tuple(places[:limit]), max(len(places) - limit, 0))


def _size(change: Change | None) -> int:
    return 0 if change is None or change.diff is None else sum(map(_changed, change.diff.hunks))


def _places(entry: Entry, change: Change | None) -> Iterator[Place]:
    if change is None:
        yield Place(entry.path, None, None, 0, "its diff was not read")
    elif change.diff is None:
        yield Place(entry.path, None, None, 0, str(change.not_diffed))
    elif not change.diff.hunks:
        yield Place(entry.path, None, None, 0, _without_lines(entry))
    else:
        for hunk in change.diff.hunks:
            yield _place(entry, hunk)


def _place(entry: Entry, hunk: Hunk) -> Place:
    changed = _changed(hunk)
    if entry.new is None:
        return Place(entry.path, None, None, changed, "deleted")
    if hunk.new_count == 0:
        return Place(entry.path, None, None, changed, _modes(entry) or "nothing is left in it")
    return Place(entry.path, hunk.new_numbers[0], hunk.new_numbers[-1], changed, _modes(entry))


def _without_lines(entry: Entry) -> str:
    if entry.old is None:
        return "an empty file"
    if entry.new is None:
        return "an empty file, deleted"
    return _modes(entry)


def _modes(entry: Entry) -> str:
    """What became of the mode, which also says what is a link; empty where it stayed."""
    if entry.old is None or entry.new is None or entry.old.mode == entry.new.mode:
        return ""
    return f"mode {entry.old.mode} -> {entry.new.mode}"


def _changed(hunk: Hunk) -> int:
    return sum(line.kind is not LineKind.CONTEXT for line in hunk.lines)
