"""What is read from and written to pull requests on GitHub."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from app.domain.messages.check import CheckOutput, Conclusion
from app.domain.messages.comments import InlineComment
from app.domain.objects import Blob
from app.domain.pull_request import PullRequest, PullRequestRef, RepositoryName, Sha
from app.domain.threads import Permission, ReviewThread


class PullRequests(Protocol):
    """Reading pull requests."""

    async def read(self, ref: PullRequestRef, hint: RepositoryName) -> PullRequest:
        """The pull request as it is now. `hint` is the name last heard; a rename does no harm."""
        ...


class OrganisationPolicies(Protocol):
    """The policy that an account keeps for all its repositories."""

    async def read(self, ref: PullRequestRef, owner: str) -> Blob | None:
        """`revwright.yml` of the account's repository `.github`, at most a minute old; None when there is none, or when
        that repository is not part of the installation.
        """
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is written: the pull request, and its repository's present name."""

    ref: PullRequestRef
    repository: RepositoryName


class Checks(Protocol):
    """Check runs of our App. Writes raise WriteUncertain when it is unknown whether they were applied."""

    async def create(self, place: Place, *, head: Sha, name: str, external_id: str, output: CheckOutput | None) -> int:
        """A new check run in state `queued`; returns its id."""
        ...

    async def start(self, place: Place, check_run: int, output: CheckOutput) -> None:
        """State `in_progress`."""
        ...

    async def conclude(self, place: Place, check_run: int, conclusion: Conclusion, output: CheckOutput) -> None:
        """State `completed` with annotations, however many."""
        ...

    async def find(self, place: Place, *, head: Sha, name: str, external_id: str) -> int | None:
        """Our check run on this head with this external id, after an uncertain create."""
        ...


class Conversation(Protocol):
    """Reviews and comments on a pull request. Writes raise WriteUncertain like those of Checks."""

    async def review(self, place: Place, *, head: Sha, body: str, comments: tuple[InlineComment, ...]) -> int:
        """Post one review with event COMMENT; returns its id."""
        ...

    async def comment(self, place: Place, body: str) -> int:
        """Post one comment on the pull request; returns its id."""
        ...

    async def edit(self, place: Place, comment: int, body: str) -> bool:
        """Replace a comment's text; False when the comment is gone."""
        ...

    async def find_review(self, place: Place, marker: str) -> int | None:
        """Our own review that carries the marker, after an uncertain write."""
        ...

    async def find_comment(self, place: Place, marker: str) -> int | None:
        """Our own comment that carries the marker, after an uncertain write."""
        ...

    async def reply(self, place: Place, *, comment_id: int, body: str) -> int:
        """Answer the first comment of a thread on a line; returns the answer's id."""
        ...

    async def find_reply(self, place: Place, marker: str) -> int | None:
        """Our own answer in any thread that carries the marker, after an uncertain write."""
        ...


class Labels(Protocol):
    """Labels of a pull request; GitHub does not tell `Bug` from `bug`. Writes raise WriteUncertain."""

    async def find(self, place: Place, name: str) -> int | None:
        """The id of the label if the pull request bears it."""
        ...

    async def add(self, place: Place, name: str) -> int:
        """Put the label on; GitHub makes it in the repository if there is none. Returns its id."""
        ...

    async def remove(self, place: Place, name: str) -> bool:
        """Take the label off; False when it was not on."""
        ...


@dataclass(frozen=True, slots=True)
class Reviewers:
    """People by login and teams by slug, in small letters."""

    users: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reviewing:
    """How the reviews of a pull request stand: who wrote it, who is asked, and who has reviewed it already."""

    author: str | None
    asked: Reviewers
    reviewed: frozenset[str]


class ReviewRequests(Protocol):
    """Asking people and teams for a review. Writes raise WriteUncertain."""

    async def asked(self, place: Place) -> Reviewers:
        """Who is asked, now."""
        ...

    async def standing(self, place: Place) -> Reviewing:
        """Who is asked and who has reviewed, now."""
        ...

    async def ask(self, place: Place, reviewers: Reviewers) -> None:
        """Ask them; GitHub refuses all (422) if one is the author or has no access."""
        ...


class Threads(Protocol):
    """Conversations on lines of a pull request. Writes raise WriteUncertain; both are harmless when repeated."""

    async def all(self, place: Place) -> tuple[ReviewThread, ...]:
        """Every thread, oldest first."""
        ...

    async def resolve(self, place: Place, thread: str) -> bool:
        """Mark as resolved; False when the thread is gone."""
        ...

    async def reopen(self, place: Place, thread: str) -> bool:
        """Mark as not resolved; False when the thread is gone."""
        ...


class Permissions(Protocol):
    """Who may do what, asked at this moment."""

    async def of(self, place: Place, login: str, *, id_: int | None = None) -> Permission:
        """NONE for somebody who is not there, and for a login that is not that of the account `id_` (any more)."""
        ...
