"""Reviews of a pull request, and what each person's reviews come to in the end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.domain.pull_request import Sha


class ReviewState(StrEnum):
    """GitHub's names in lower case. A review that is dismissed keeps its time, whatever it was."""

    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"
    COMMENTED = "commented"
    DISMISSED = "dismissed"
    PENDING = "pending"

    @property
    def is_opinion(self) -> bool:
        """A comment leaves what was said before as it is, and what is pending only its author sees."""
        return self not in {ReviewState.COMMENTED, ReviewState.PENDING}


@dataclass(frozen=True, slots=True)
class Person:
    """An account. Its id says who it is; the login may change hands and is only shown."""

    id: int
    login: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Review:
    """`author` and `commit` are None where GitHub does not know them any more."""

    id: int
    author: Person | None
    human: bool
    state: ReviewState
    commit: Sha | None
    submitted_at: datetime


@dataclass(frozen=True, slots=True)
class Word:
    """What an account's reviews come to: its newest opinion, or its newest comment where it has no opinion."""

    review: Review
    human: bool
    """False when any of its reviews was not a person's."""
    saw_head: bool
    """Whether any of its reviews is of the head as it is now."""


def last_words(reviews: Iterable[Review], head: Sha, since: datetime | None = None) -> tuple[Word, ...]:
    """One for each account that submitted a review, in the order of the first ones. Accounts that are gone are one.

    What was submitted until `since` was said of another change than the head is now.
    """
    by_account: dict[int | None, list[Review]] = {}
    for review in sorted(reviews, key=lambda review: (review.submitted_at, review.id)):
        if review.state is not ReviewState.PENDING:
            by_account.setdefault(None if review.author is None else review.author.id, []).append(review)
    return tuple(
        Word(
            review=max(own, key=lambda review: (review.state.is_opinion, review.submitted_at, review.id)),
            human=all(review.human for review in own),
            saw_head=any(r.commit == head and (since is None or r.submitted_at > since) for r in own),
        )
        for own in by_account.values()
    )
