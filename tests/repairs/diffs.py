"""Unified diffs of UTF-8 text files: read, applied where they say, and written as the patch of a model's `apply_patch`.

Only what the diffs in this folder need: files that are changed or added. Nothing is searched for, so that a diff that
does not fit its files is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@")


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines with their mark (a space, - or +) and without their end; `at` is the index of the first in the old file."""

    at: int
    lines: tuple[str, ...]

    @property
    def old(self) -> list[str]:
        return [line[1:] for line in self.lines if line[0] != "+"]

    @property
    def new(self) -> list[str]:
        return [line[1:] for line in self.lines if line[0] != "-"]


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one file. An added file has one hunk."""

    path: str
    added: bool
    hunks: tuple[Hunk, ...]


def read(diff: str) -> tuple[Change, ...]:
    """The changes of a diff in git's form. Raises ValueError for what is none."""
    header, *sections = re.split(r"^diff --git ", diff, flags=re.MULTILINE)
    if header or not sections:
        raise ValueError("a diff begins with `diff --git `")
    return tuple(_change(section) for section in sections)


def applied(files: Mapping[str, str], diff: str) -> dict[str, str]:
    """The files with the diff applied. Raises ValueError where they differ from what it expects."""
    result = dict(files)
    for change in read(diff):
        if change.added == (change.path in files):
            raise ValueError(f"{change.path} is {'there already' if change.added else 'not there'}")
        lines = files.get(change.path, "").split("\n")
        for hunk in reversed(change.hunks):
            until = hunk.at + len(hunk.old)
            if lines[hunk.at : until] != hunk.old:
                raise ValueError(f"line {hunk.at + 1} of {change.path} is another one than the diff says")
            lines[hunk.at : until] = hunk.new
        result[change.path] = "\n".join(lines)
    return result


def enveloped(diffs: Iterable[str]) -> str:
    """The same changes between `*** Begin Patch` and `*** End Patch`, as models write them."""
    lines = ["*** Begin Patch"]
    for change in (change for diff in diffs for change in read(diff)):
        lines.append(f"*** {'Add' if change.added else 'Update'} File: {change.path}")
        for hunk in change.hunks:
            lines += hunk.lines if change.added else ("@@", *hunk.lines)
    return "\n".join([*lines, "*** End Patch", ""])


def _change(section: str) -> Change:
    lines = section.split("\n")
    new = next(line for line in lines if line.startswith("+++ b/"))
    added = "--- /dev/null" in lines[: lines.index(new)]
    hunks: list[Hunk] = []
    at = lines.index(new) + 1
    while match := _HUNK.match(lines[at]):
        old_left, new_left = (1 if counted is None else int(counted) for counted in match.group(2, 3))
        first = at = at + 1
        while old_left or new_left:
            old_left -= lines[at][0] != "+"
            new_left -= lines[at][0] != "-"
            at += 1
        hunks.append(Hunk(max(int(match.group(1)) - 1, 0), tuple(lines[first:at])))
    if lines[at:] != [""]:
        raise ValueError(f"{lines[at]!r} is no part of a diff")
    return Change(new.removeprefix("+++ b/"), added, tuple(hunks))
