"""To which commit a command is bound that acts on the code: the head that its author can have seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.domain.pull_request import PullRequest, Sha
from app.domain.row import KeptNote


@dataclass(frozen=True, slots=True)
class HeadChanged:
    """The head is another one now, or nobody can tell which one was meant."""


def bound_head(kept: KeptNote, pull: PullRequest, created_at: datetime) -> Sha | HeadChanged:
    """The head that was the newest when the comment was written and still is.

    `created_at`: when the comment was written, by GitHub's clock, which leaves out the fraction of the second. We hear
    of a head after it was pushed, so one that we had heard of by then was there by then; of what nobody told us, nobody
    knows, and nothing is bound. Dates of git are their authors' to choose, and count for nothing.
    """
    if kept.head is None or kept.head_at is None or kept.head != pull.head_sha:
        return HeadChanged()
    return HeadChanged() if kept.head_at > created_at else kept.head
