"""Edits of a workspace as changes that can be told as a patch, where git has made no commit of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.domain.diff import DiffLine, FileDiff, Hunk, LineKind
from app.domain.entries import Entry, Kind, Side, Status
from app.domain.objects import Blob, Change, NotDiffed
from app.domain.patches import Edit

_CONTEXT = 3
_NO_BLOB = "0" * 40


def edited(before: Mapping[str, Blob], edits: Iterable[Edit]) -> tuple[Change, ...]:
    """One change for each edit, with one hunk from its first line that differs to its last one: as long as it may be,
    it takes no longer than reading it. `before` has the files that there were.
    """
    return tuple(_change(before.get(edit.path), edit) for edit in edits)


def _change(was: Blob | None, edit: Edit) -> Change:
    old = None if was is None else Side(_mode(was.kind), _NO_BLOB, was.kind)
    kind = Kind.EXECUTABLE if edit.executable else Kind.FILE
    new = None if edit.content is None else Side(_mode(kind), _NO_BLOB, kind)
    status = Status.ADDED if old is None else Status.DELETED if new is None else Status.MODIFIED
    entry = Entry(edit.path, status, old, new)
    if was is not None and was.truncated:
        return Change(entry, None, NotDiffed.TOO_LARGE)
    texts = (b"" if was is None else was.text_bytes), edit.content or b""
    if any(b"\0" in one for one in texts):
        return Change(entry, None, NotDiffed.BINARY)
    return Change(entry, _diff(*(_lines(one) for one in texts)), None)


def _diff(before: list[str], after: list[str]) -> FileDiff:
    """Lines keep their line feeds here, so that a last one without is another one."""
    if before == after:
        return FileDiff(())
    most = min(len(before), len(after))
    head = next((n for n in range(most) if before[n] != after[n]), most)
    tail = next((n for n in range(most - head) if before[-1 - n] != after[-1 - n]), most - head)
    begin, over = max(head - _CONTEXT, 0), max(tail - _CONTEXT, 0)
    shift = len(after) - len(before)
    kinds = (
        [(LineKind.CONTEXT, n, n, before[n]) for n in range(begin, head)]
        + [(LineKind.REMOVED, n, None, before[n]) for n in range(head, len(before) - tail)]
        + [(LineKind.ADDED, None, n, after[n]) for n in range(head, len(after) - tail)]
        + [(LineKind.CONTEXT, n, n + shift, before[n]) for n in range(len(before) - tail, len(before) - over)]
    )
    lines = tuple(_numbered(*one) for one in kinds)
    counts = len(before) - over - begin, len(after) - over - begin
    starts = (begin + 1 if count else begin for count in counts)  # the line before, where there is none
    return FileDiff((Hunk(next(starts), counts[0], next(starts), counts[1], "", lines),))


def _numbered(kind: LineKind, old: int | None, new: int | None, line: str) -> DiffLine:
    numbers = (None if number is None else number + 1 for number in (old, new))
    return DiffLine(kind, next(numbers), next(numbers), line.removesuffix("\n"), newline=line.endswith("\n"))


def _lines(content: bytes) -> list[str]:
    parts = content.decode("utf-8", "replace").split("\n")
    whole = [f"{part}\n" for part in parts[:-1]]
    return [*whole, parts[-1]] if parts[-1] else whole


def _mode(kind: Kind) -> str:
    return "100755" if kind is Kind.EXECUTABLE else "100644"
