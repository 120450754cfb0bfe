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
class MergeGroupChanged:
    """`merge_group` with any action: GitHub's merge queue has made a group, or taken one away."""

    action: str
    ref: PullRequestRef
    """With the number 0, which stands for the queue."""
    repository: RepositoryName
    account_id: int
    group: MergeGroup


@dataclass(frozen=True, slots=True)
class Ping:
    """GitHub says hello after the webhook was set up."""


@dataclass(frozen=True, slots=True)
class Unhandled:
    """An event that we do not act on."""

    event: str
    action: str


Event = PullRequestChanged | PullRequestReviewed | MergeGroupChanged | Ping | Unhandled
