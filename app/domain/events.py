"""The few GitHub deliveries we act on, as a closed union; everything else is Unhandled, by name."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.merge_group import MergeGroup
from app.domain.pull_request import PullRequestRef, RepositoryName, Sha


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook whose signature held. `digest` is the SHA-256 of its body: headers are not signed, the body is."""

    id: str
    event: str
    digest: str


@dataclass(frozen=True, slots=True)
class PullRequestChanged:
    """`pull_request` with any action; which actions matter is for intake to say."""

    action: str
    ref: PullRequestRef
    repository: RepositoryName
    account_id: int
    head_sha: Sha
    draft: bool
    open: bool
    base_changed: bool
    """The pull request was edited to merge into another branch."""


@dataclass(frozen=True, slots=True)
class PullRequestReviewed:
    """`pull_request_review` with any action: what the reviews come to now, GitHub is asked."""

    action: str
    ref: PullRequestRef
    repository: RepositoryName
    account_id: int
    head_sha: Sha
    draft: bool
    open: bool


@dataclass(frozen=True, slots=True)
class Account:
    """Who did something. `person`: GitHub calls it a user, neither a bot nor an organization."""

    id: int
    login: str
    person: bool


@dataclass(frozen=True, slots=True)
class Commented:
    """A new comment on a pull request. Its words are not kept: whoever acts on it reads it again."""

    ref: PullRequestRef
    repository: RepositoryName
    account_id: int
    comment: int
    thread: int | None
    """The first comment of its thread on a line; None in the conversation below the change."""
    author: Account | None
    """None when the account is gone."""
    sender: Account
    by_app: bool
    """Written through an App, in whoever's name."""
    addressed: bool
    """Whether its first character is an `@`."""


@dataclass(frozen=True, slots=True)
class CheckAsked:
    """Somebody pressed a button of a check run, or asked for it, or for all checks of a commit, once more."""

    ref: PullRequestRef
    repository: RepositoryName
    account_id: int
    sender: Account
    app_id: int
    """Whose check it is."""
    head: Sha
    external_id: str
    """As the check's App wrote it; empty for all checks of a commit."""
    button: str
    """Our word for the button; empty for "Re-run"."""
    also: tuple[int, ...] = ()
    """Further pull requests with this head."""


@dataclass(frozen=True, slots=True)
class ThreadSettled:
    """A conversation on a line was resolved, or opened again."""

    ref: PullRequestRef
    repository: RepositoryName
    account_id: int
    sender: Account
    thread: int
    """Its first comment."""
    resolved: bool


@dataclass(frozen=True, slots=True)
class MergeGroupChanged:
    """`merge_group` with any action: GitHub's merge queue has made a group, or taken one away."""

    action: str
    ref: PullRequestRef
    """With the number 0, which stands for the queue."""
    repository: RepositoryName
    account_id: int
    group: MergeGroup


@dataclass(frozen=True, slots=True)
class CheckSet:
    """A check run was made or concluded, or a commit status was set, under the name of one of our checks."""

    ref: PullRequestRef
    """With the number 0: which pull requests have the commit, GitHub does not tell for those from forks."""
    repository: RepositoryName
    account_id: int
    head: Sha
    name: str
    """As we write it."""
    app_id: int | None
    """Whose check it is; None for a commit status, and for an App that is gone."""
    source: str
    """The same in words."""


@dataclass(frozen=True, slots=True)
class Ping:
    """GitHub says hello after the webhook was set up."""


@dataclass(frozen=True, slots=True)
class Unhandled:
    """An event that we do not act on."""

    event: str
    action: str


Event = (
    PullRequestChanged
    | PullRequestReviewed
    | MergeGroupChanged
    | Commented
    | CheckAsked
    | ThreadSettled
    | CheckSet
    | Ping
    | Unhandled
)
