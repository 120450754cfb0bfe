"""To which commit a command is bound that acts on the code: the head that its author can have seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.domain.pull_request import PullRequest, Sha
from app.domain.row import KeptNote


@dataclass(frozen=True, slots=True)
class HeadChanged:
    """The head is another one now, or nobody can tell which one was meant."""


def bound_head(
    kept: KeptNote, pull: PullRequest, created_at: datetime, *, pushed_at: datetime | None
) -> Sha | HeadChanged:
    """The head that was the newest when the comment was written and still is.

    `created_at`: when the comment was written, by GitHub's clock. `pushed_at`: when GitHub took the present head; None
    when nobody knows, and then nothing is bound. Dates of git are their authors' to choose, and count for nothing.
    """
    if kept.head is None or kept.head != pull.head_sha:
        return HeadChanged()
    if pushed_at is None or pushed_at > created_at:
        return HeadChanged()
    return kept.head
