"""What is known of a pull request that was merged: its commits, its files as GitHub lists them, who approved it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.entries import Entry, Status, display_path
from app.domain.gate.reviews import Review, ReviewState, last_words
from app.domain.messages.counting import counted
from app.domain.pull_request import Sha

MAX_FILES = 3_000
"""GitHub lists no more files of a pull request, and does not say that it left some out."""

_REPLACED = "\ufffd"


@dataclass(frozen=True, slots=True)
class PastPull:
    number: int
    author: str | None
    """Whose it is, by the login of now; None when the account is gone."""
    base: Sha
    """The commit of the base branch that GitHub names for it, from which the gate takes CODEOWNERS."""
    head: Sha


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody's last word before the merge, where that was an approval; whether it would have counted is not said."""

    login: str | None
    """None when the account is gone."""
    human: bool
    on_head: bool
    """Whether it was given on the newest commit."""


def approvals(reviews: Iterable[Review], head: Sha, merged_at: datetime) -> tuple[Approval, ...]:
    """Those that stood at the merge, in the order of people's first reviews. A dismissal counts as of before the merge:
    GitHub does not say when it was.
    """
    words = last_words((review for review in reviews if review.submitted_at <= merged_at), head)
    return tuple(
        Approval(word.review.author.login if word.review.author else None, word.human, word.review.commit == head)
        for word in words
        if word.review.state is ReviewState.APPROVED
    )


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """`previous` is the path that it had before, where it was renamed."""

    path: str
    status: Status
    previous: str | None = None


@dataclass(frozen=True, slots=True)
class FileList:
    """`said`: how many files GitHub says are changed; of more than `MAX_FILES` none is listed."""

    files: tuple[ChangedFile, ...]
    said: int

    @property
    def doubt(self) -> str:
        """Why nobody can say from this list what is core, or nothing. What is not listed may be core."""
        if self.said > MAX_FILES:
            return (
                f"it changes {self.said:,} files, and GitHub lists at most {MAX_FILES:,}; "
                "without --github, a local clone tells of it"
            )
        if self.said != len(self.files):
            return f"GitHub says that it changes {counted(self.said, 'file')}, and lists {len(self.files):,}"
        odd = next((file.path for file in self.files if _REPLACED in f"{file.path}{file.previous or ''}"), None)
        if odd is not None:
            return f"GitHub may have replaced bytes of {display_path(odd)!r}, and a path that is not UTF-8 is core"
        return ""


def entries_of(files: Sequence[ChangedFile]) -> tuple[Entry, ...]:
    """As git tells them without looking for renames: both paths of one. The entries have no sides, as GitHub's list
    names neither modes nor the objects from before; to what is core they make no difference.
    """
    became: dict[str, Status] = {}
    for file in files:
        if file.previous is not None:
            _note(became, file.previous, Status.DELETED)
        _note(became, file.path, file.status)
    return tuple(Entry(path, status, None, None) for path, status in became.items())


def _note(became: dict[str, Status], path: str, status: Status) -> None:
    """A path that one file left and another one took is modified."""
    became[path] = status if became.get(path, status) is status else Status.MODIFIED
