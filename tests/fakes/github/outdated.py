"""Where a review comment is after later pushes: its line moves with the code, or is gone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.fakes.github.diff import DiffFile
    from tests.fakes.github.pull_requests import PullRequest
    from tests.fakes.github.records import ReviewComment

_CHANGE: Final = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a comment is in the present diff; comments on files have no line."""

    line: int | None
    start_line: int | None
    position: int


def present_place(pull: PullRequest, comment: ReviewComment) -> Place | None:
    """The place of a comment in the pull request's present diff, or nothing if it is outdated."""
    file = next((one for one in pull.diff() if one.path == comment.path), None)
    if file is None:
        return None
    if comment.subject_type == "file" or comment.original_line is None:
        return Place(None, None, 1)
    line = _moved(pull, comment, comment.original_line)
    found = file.find(line, comment.side) if line is not None else None
    if line is None or found is None:
        return None
    return Place(line, _start(pull, comment, file), found.position)


def _start(pull: PullRequest, comment: ReviewComment, file: DiffFile) -> int | None:
    if comment.original_start_line is None:
        return None
    start = _moved(pull, comment, comment.original_start_line)
    side = comment.start_side or comment.side
    return start if start is not None and file.find(start, side) else None


def _moved(pull: PullRequest, comment: ReviewComment, line: int) -> int | None:
    """The line's number now; nothing if a later push changed that line."""
    if comment.side == "LEFT" or comment.original_commit_id == pull.head_sha:
        return line
    arguments = (
        "diff-tree",
        "-r",
        "-p",
        "-U0",
        "--no-color",
        comment.original_commit_id,
        pull.head_sha,
        "--",
        comment.path,
    )
    shift = 0
    for change in _CHANGE.finditer(pull.repository.store.run(*arguments).decode(errors="replace")):
        start, removed, added = int(change[1]), int(change[2] or 1), int(change[4] or 1)
        first_after = start + removed if removed else start + 1
        if removed and start <= line < first_after:
            return None
        if first_after <= line:
            shift += added - removed
    return line + shift
