"""Decides what an event means for us, without asking anyone: a wanted job, or ignored and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from app.domain.events import Event, MergeGroupChanged, Ping, PullRequestChanged, PullRequestReviewed, Unhandled
from app.domain.jobs import JobKind, RowKey
from app.domain.merge_group import Asked, AskedOfGroup
from app.domain.policy import Trigger
from app.domain.row import Note, Wanted


@dataclass(frozen=True, slots=True)
class Accepted:
    """`also`: further rows of which the same is wanted; `note`: what the job of `row` is asked beyond that."""

    row: RowKey
    wanted: Wanted
    also: tuple[RowKey, ...] = ()
    note: Note | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    reason: str


_TRIGGERS = {
    "opened": Trigger.OPENED,
    "reopened": Trigger.OPENED,
    "ready_for_review": Trigger.READY_FOR_REVIEW,
    "synchronize": Trigger.PUSH,
}

_NOT_ALLOWED = "the account is not among REVWRIGHT_ALLOWED_ACCOUNTS"

_OF_GROUPS: dict[str, Asked] = {asked.value: asked for asked in Asked}

_WEIGHS = frozenset(("submitted", "dismissed"))


def decide(event: Event, *, allowed_accounts: frozenset[int]) -> Accepted | Ignored:
    """`allowed_accounts`: ids of the owners that may use this deployment; empty means all."""
    match event:
        case Ping():
            return Ignored("ping: the webhook works")
        case Unhandled(name, action):
            return Ignored(f"{name}{'.' + action if action else ''} is not an event we act on")
        case PullRequestChanged() | PullRequestReviewed():
            if allowed_accounts and event.account_id not in allowed_accounts:
                return Ignored(_NOT_ALLOWED)
            if not event.open:
                return Ignored("the pull request is closed")
            return _changed(event) if isinstance(event, PullRequestChanged) else _reviewed(event)
        case MergeGroupChanged():
            if allowed_accounts and event.account_id not in allowed_accounts:
                return Ignored(_NOT_ALLOWED)
            return _queued(event)
    assert_never(event)


def _changed(event: PullRequestChanged) -> Accepted | Ignored:
    # A new base means new rules and another diff: always looked at again.
    trigger = Trigger.OPENED if event.base_changed else _TRIGGERS.get(event.action)
    if trigger is None:
        return Ignored(f"pull_request.{event.action} changes nothing we review")
    wanted = Wanted(event.repository, event.head_sha, trigger, event.draft)
    return Accepted(RowKey(JobKind.REVIEW, event.ref), wanted, also=(RowKey(JobKind.GATE, event.ref),))


def _reviewed(event: PullRequestReviewed) -> Accepted | Ignored:
    """A comment alone approves nothing; that of somebody who was asked is no reason to ask another."""
    if event.action not in _WEIGHS:
        return Ignored(f"pull_request_review.{event.action} changes no approval")
    wanted = Wanted(event.repository, event.head_sha, "reviewed", event.draft)
    return Accepted(RowKey(JobKind.GATE, event.ref), wanted)


def _queued(event: MergeGroupChanged) -> Accepted | Ignored:
    """Groups stand beside each other in a queue, so each is asked for by a note of its own."""
    if event.action not in _OF_GROUPS:
        return Ignored(f"merge_group.{event.action} asks for no check")
    asked = AskedOfGroup(_OF_GROUPS[event.action], event.group)
    wanted = Wanted(event.repository, event.group.head, "merge queue", draft=False)
    return Accepted(RowKey(JobKind.QUEUE, event.ref), wanted, note=Note(asked.id, asked.text))
