"""A changed file as text for a model: whole, or in parts where it is larger than one prompt may be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.diff import FileDiff, Hunk, LineKind
from app.domain.entries import Entry, Kind
from app.domain.objects import Change
from app.domain.shown import shown, shown_path

MAX_LINE_CHARACTERS = 4_000
"""A longer line is data or minified code; sending a part of it would not be reading it."""

_BAR = {LineKind.CONTEXT: " ", LineKind.ADDED: "+", LineKind.REMOVED: "-"}
_HUNK = "@@ "
_CONTINUED = " (continued)"
_LONGEST_PART = ", part 9999/9999"


@dataclass(frozen=True, slots=True)
class Section:
    """A file's diff, or one of the parts of it. `text` ends with a line feed."""

    path: str
    text: str
    part: int = 1
    parts: int = 1


def unreadable(change: Change) -> str | None:
    """Why a change cannot be shown line by line; None when it can."""
    if change.diff is None:
        return str(change.not_diffed)
    longest = max((len(row.text) for hunk in change.diff.hunks for row in hunk.lines), default=0)
    if longest > MAX_LINE_CHARACTERS:
        return f"a line has {longest} characters, over the limit of {MAX_LINE_CHARACTERS}"
    return None


def file_section(change: Change, diff: FileDiff) -> str:
    """One file's diff with the numbers of the new file left of the bar."""
    return "\n".join((_header(change.entry), *_body(change.entry, diff))) + "\n"


def sections_of(change: Change, diff: FileDiff, *, max_characters: int) -> tuple[Section, ...] | None:
    """The whole file, or parts of at most that size that hold each of its lines once; None when a line alone is larger.

    A file is cut between hunks, and within a hunk only where one is too large by itself.
    """
    path = change.entry.path
    text = file_section(change, diff)
    if len(text) <= max_characters:
        return (Section(path, text),)
    bodies = _cut(_body(change.entry, diff), room=max_characters - len(_header(change.entry, _LONGEST_PART)) - 1)
    if bodies is None:
        return None
    count = len(bodies)
    return tuple(
        Section(path, "\n".join((_header(change.entry, f", part {n}/{count}"), *lines)) + "\n", n, count)
        for n, lines in enumerate(bodies, 1)
    )


def _header(entry: Entry, part: str = "") -> str:
    return f"=== file: {shown_path(entry.path)} ({entry.status}{_modes(entry)}{part})"


def _modes(entry: Entry) -> str:
    """What is not an ordinary file, and what becomes of a mode."""
    if entry.old is not None and entry.new is not None and entry.old.mode != entry.new.mode:
        return f", mode {entry.old.mode} -> {entry.new.mode}"
    odd = [side.kind for side in entry.sides if side.kind is not Kind.FILE]
    return f", {odd[0]}" if odd else ""


def _body(entry: Entry, diff: FileDiff) -> list[str]:
    """Secrets are looked for in the whole text, because some go over many lines."""
    if not diff.hunks:
        same = entry.old is not None and entry.new is not None
        return ["(only the mode changed)" if same else "(the file is empty)"]
    return shown("\n".join(line for hunk in diff.hunks for line in _hunk_lines(hunk))).split("\n")


def _hunk_lines(hunk: Hunk) -> Iterator[str]:
    section = f" {hunk.section}" if hunk.section else ""
    yield f"{_HUNK}-{hunk.old_start},{hunk.old_count} +{hunk.new_start},{hunk.new_count} @@{section}"
    for row in hunk.lines:
        yield f"{row.new_number if row.new_number is not None else '':>6}|{_BAR[row.kind]}{row.text}"
        if not row.newline:
            yield f"{'':>6}|\\ no line feed at the end of the file"


def _cut(lines: list[str], *, room: int) -> list[list[str]] | None:
    """Lines in parts of at most `room` characters, line feeds included."""
    parts: list[list[str]] = [[]]
    left = room
    for hunk in _hunks(lines):
        size = _size(hunk)
        if parts[-1] and size > left:
            parts.append([])
            left = room
        if size <= left:
            parts[-1] += hunk
            left -= size
            continue
        header = hunk[0] + _CONTINUED
        parts[-1].append(hunk[0])
        left -= len(hunk[0]) + 1
        if left < 0:
            return None
        for line in hunk[1:]:
            if len(line) + 1 > left:
                parts.append([header])
                left = room - len(header) - 1
            if len(line) + 1 > left:
                return None
            parts[-1].append(line)
            left -= len(line) + 1
    return parts


def _hunks(lines: list[str]) -> Iterator[list[str]]:
    """No line of content begins as a hunk does: numbers and spaces stand before it."""
    starts = [n for n, line in enumerate(lines) if line.startswith(_HUNK)] or [0]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield lines[start:end]


def _size(lines: list[str]) -> int:
    return sum(len(line) + 1 for line in lines)
