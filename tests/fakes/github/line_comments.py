"""Where a review comment may be put: each is checked against the pull request's real diff."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.fakes.github.diff import DiffFile, DiffLine
    from tests.fakes.github.pull_requests import PullRequest
    from tests.fakes.github.records import JsonObject

_THREAD: Final = "pull_request_review_thread"
# GitHub's second complaint about any comment that it cannot place.
_NO_HUNK: Final = ("diff_hunk", "can't be blank")


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place in the diff, with the hunk GitHub keeps as the comment's context."""

    path: str
    subject_type: str
    side: str
    diff_hunk: str
    line: int | None = None
    start_line: int | None = None
    start_side: str | None = None
    position: int = 1


class Misplaced(Exception):
    """A comment that has no place in the diff; each problem is a field and what is wrong with it."""

    def __init__(self, *problems: tuple[str, str]) -> None:
        """Keep the problems."""
        super().__init__(problems)
        self.problems = problems

    @property
    def sentence(self) -> str:
        """As the operations on reviews tell it."""
        said = [f"Pull request review thread {field.replace('_', ' ')} {problem}" for field, problem in self.problems]
        return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"

    @property
    def errors(self) -> list[JsonObject]:
        """As the operations on single comments tell it."""
        return [
            {
                "resource": "PullRequestReviewComment",
                "code": "custom",
                "field": f"{_THREAD}.{field}",
                "message": f"{_THREAD}.{field} {problem}",
            }
            for field, problem in self.problems
        ]


def place(pull: PullRequest, comment: JsonObject, commit: str) -> Anchor:
    """The place that a comment names, in the diff up to a commit; raises if there is none."""
    path = comment["path"]
    file = next((one for one in pull.diff(commit) if one.path == path), None)
    if file is None:
        raise Misplaced(("path", "is invalid"), _NO_HUNK)
    if comment.get("subject_type") == "file":
        return Anchor(path, "file", "RIGHT", "")
    if comment.get("line") is None and comment.get("position") is not None:
        return _by_position(file, comment["position"])
    side = comment.get("side", "RIGHT")
    found = file.find(comment["line"], side) if comment.get("line") is not None else None
    if found is None:
        raise Misplaced(("line", "must be part of the diff"), _NO_HUNK)
    start_line = comment.get("start_line")
    if start_line is not None:
        _check_start(file, comment, found)
    return Anchor(
        path,
        "line",
        side,
        file.hunk_until(found),
        line=comment["line"],
        start_line=start_line,
        start_side=comment.get("start_side", side) if start_line is not None else None,
        position=found.position,
    )


def _by_position(file: DiffFile, position: int) -> Anchor:
    found = file.at(position)
    if found is None:
        raise Misplaced(("position", "is invalid"), _NO_HUNK)
    side = "LEFT" if found.new is None else "RIGHT"
    return Anchor(file.path, "line", side, file.hunk_until(found), line=found.number(side), position=position)


def _check_start(file: DiffFile, comment: JsonObject, end: DiffLine) -> None:
    side: str = comment.get("start_side") or comment.get("side") or "RIGHT"
    start = file.find(comment["start_line"], side)
    if start is None:
        raise Misplaced(("start_line", "must be part of the diff"), _NO_HUNK)
    if start.hunk != end.hunk:
        raise Misplaced(("start_line", "must be part of the same hunk as the line."), _NO_HUNK)
    if start.position >= end.position:
        raise Misplaced(("start_line", "must precede the end line."))
