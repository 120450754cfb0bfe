"""Conversations on lines: which comments belong together, and which conversations somebody has resolved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.fakes.github.render.basics import node_id
from tests.fakes.github.render.reviews import review_comment

if TYPE_CHECKING:
    from tests.fakes.github.pull_requests import PullRequest
    from tests.fakes.github.records import ReviewComment, User


@dataclass(frozen=True, slots=True)
class Thread:
    """A comment and its answers, oldest first; ``number`` stays that of the first, even when that is deleted."""

    pull: PullRequest
    number: int
    comments: tuple[ReviewComment, ...]

    @property
    def id(self) -> str:
        """The id in GraphQL."""
        return node_id("PullRequestReviewThread", self.number)

    @property
    def resolved_by(self) -> User | None:
        """Who resolved it, if it is resolved."""
        return self.pull.resolved.get(self.number)


def threads_of(pull: PullRequest, *, viewer: User | None = None) -> list[Thread]:
    """The conversations, oldest first. What somebody is still writing is seen by nobody else."""
    found: dict[int, list[ReviewComment]] = {}
    for comment in sorted(pull.review_comments, key=lambda one: one.id):
        pending = pull.repository.reviews[comment.review_id].state == "PENDING"
        if not pending or comment.user is viewer:
            found.setdefault(number_of(comment), []).append(comment)
    return [Thread(pull, number, tuple(comments)) for number, comments in sorted(found.items())]


def number_of(comment: ReviewComment) -> int:
    """The number of the conversation that a comment is in."""
    return comment.in_reply_to_id or comment.id


def announce(pull: PullRequest, number: int, action: str, *, sender: User) -> None:
    """Tell an App that listens to it that somebody settled a conversation, or opened it again."""
    if "pull_request_review_thread" not in pull.fake.app.events:
        return
    thread = next(one for one in threads_of(pull) if one.number == number)
    rendered = [review_comment(pull, one) for one in thread.comments]
    payload = {
        "action": action,
        "pull_request": pull.in_event(),
        "thread": {"node_id": thread.id, "comments": rendered},
    }
    pull.fake.announce("pull_request_review_thread", payload, repository=pull.repository, sender=sender)
