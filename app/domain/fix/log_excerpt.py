"""Of a long log of CI what tells most: the lines before a mark of an error, the end, and lines that speak of errors.

Source of the markers: GitHub Docs, "Workflow commands for GitHub Actions", and the logs that its runner writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

_LONGEST_LINE = 600
_GAP = 48
"""Room for the words of one gap."""
_BEFORE, _AFTER = 40, 4
"""A runner marks the end of a step that failed: what failed in it stands before."""
_WEAK_BEFORE, _WEAK_AFTER = 3, 8
_MOST_MARKED, _MOST_WEAK = 20, 200
_MARKED = "error: "
_MARKER = re.compile(r"##\[(group|endgroup|error|warning|notice|debug|section|command)\]|\[command\]")
_SPOKEN = {"group": "group: ", "section": "section: ", "command": "command: ", "debug": "debug: "}
_WEAK = re.compile(
    r"error\b|\berrors\b|\bfail(?:s|ed|ure|ures|ing)?\b|\bfatal\b|\bpanic(?:ked)?\b|traceback|exception\b|^E  ",
    re.IGNORECASE,
)


class LogLines:
    """A log's lines without blank ones, each behind a bar; of a very long line the middle goes."""

    def __init__(self, log: str, *, bar: str) -> None:
        self._bar = bar
        self._lines = [line for line in map(_spoken, log.split("\n")) if line]
        self._costs = [len(bar) + len(line) + 1 for line in self._lines]
        self.size = sum(self._costs)
        backwards = range(len(self._lines) - 1, -1, -1)
        self._marked = tuple(
            islice((index for index in backwards if self._lines[index].startswith(_MARKED)), _MOST_MARKED)
        )
        self._weak = tuple(islice((index for index in backwards if _WEAK.search(self._lines[index])), _MOST_WEAK))

    @property
    def any(self) -> bool:
        return bool(self._lines)

    def excerpt(self, room: int) -> str:
        """At most `room` characters of whole lines, with a note where some were left out. Empty when none fits."""
        if self.size <= room:
            return "".join(f"{self._bar}{line}\n" for line in self._lines)
        kept = self._chosen(room - _GAP)
        return "".join(_with_gaps(self._lines, sorted(kept), self._bar)) if kept else ""

    def _chosen(self, room: int) -> set[int]:
        kept: set[int] = set()
        for share, order in ((2, self._around_marked()), (2, self._backwards()), (1, self._around_weak())):
            part = room // share
            room += self._take(order, part, kept) - part
        self._take(self._backwards(), room, kept)
        return kept

    def _take(self, order: Iterator[int], room: int, kept: set[int]) -> int:
        """Takes lines in this order until one does not fit; returns what is left of the room."""
        for index in order:
            if index in kept:
                continue
            alone = index - 1 not in kept and index + 1 not in kept
            cost = self._costs[index] + (_GAP if alone else 0)
            if cost > room:
                break
            kept.add(index)
            room -= cost
        return room

    def _around_marked(self) -> Iterator[int]:
        """The last marks first, and from each of them backwards: the nearest lines tell most."""
        for index in self._marked:
            yield from range(index, max(index - _BEFORE, -1), -1)
            yield from range(index + 1, min(index + _AFTER, len(self._lines)))

    def _around_weak(self) -> Iterator[int]:
        """The last ones first: what ended the run is nearer to them."""
        for index in self._weak:
            yield from range(max(index - _WEAK_BEFORE, 0), min(index + _WEAK_AFTER, len(self._lines)))

    def _backwards(self) -> Iterator[int]:
        return iter(range(len(self._lines) - 1, -1, -1))


def _spoken(line: str) -> str:
    """The line with GitHub's markers in words, of bounded length."""
    found = _MARKER.match(line)
    if found:
        name = found[1] or "command"
        if name == "endgroup":
            return ""
        line = _SPOKEN.get(name, f"{name}: ") + line[found.end() :]
    if len(line) > _LONGEST_LINE:
        half = _LONGEST_LINE // 2
        line = f"{line[:half]} [... {len(line) - 2 * half:,} characters left out ...] {line[-half:]}"
    return line.rstrip()


def _with_gaps(lines: Sequence[str], kept: Sequence[int], bar: str) -> Iterator[str]:
    due = 0
    for index in kept:
        if index > due:
            yield _gap(index - due)
        yield f"{bar}{lines[index]}\n"
        due = index + 1
    if due < len(lines):
        yield _gap(len(lines) - due)


def _gap(count: int) -> str:
    return f"[... {count:,} lines left out ...]\n"
