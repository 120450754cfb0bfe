"""A change of regular text files as a patch that `git apply` takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from app.domain.diff import DiffLine, Hunk, LineKind
from app.domain.entries import Status, display_path
from app.domain.objects import Change

_PREFIX = {LineKind.CONTEXT: " ", LineKind.ADDED: "+", LineKind.REMOVED: "-"}


def git_patch(changes: Iterable[Change]) -> str:
    """One text for all of them. A change that has no text diff is named and left out."""
    return "\n".join(line for change in changes for line in _lines(change)) + "\n"


def _lines(change: Change) -> Iterator[str]:
    path, entry = display_path(change.entry.path), change.entry
    yield f"diff --git a/{path} b/{path}"
    if change.diff is None:
        yield "(not text)"
        return
    new = entry.status is Status.ADDED
    gone = entry.status is Status.DELETED
    if new and entry.new is not None:
        yield f"new file mode {entry.new.mode}"
    if gone and entry.old is not None:
        yield f"deleted file mode {entry.old.mode}"
    if change.diff.hunks:
        yield "--- /dev/null" if new else f"--- a/{path}"
        yield "+++ /dev/null" if gone else f"+++ b/{path}"
    for hunk in change.diff.hunks:
        yield from _hunk(hunk)


def _hunk(hunk: Hunk) -> Iterator[str]:
    yield f"@@ -{hunk.old_start},{hunk.old_count} +{hunk.new_start},{hunk.new_count} @@"
    for line in hunk.lines:
        yield from _line(line)


def _line(line: DiffLine) -> Iterator[str]:
    yield f"{_PREFIX[line.kind]}{line.text}"
    if not line.newline:
        yield "\\ No newline at end of file"
