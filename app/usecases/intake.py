"""Decides what an event means for us, without asking anyone: a wanted job, or ignored and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from app.domain.events import (
    CheckAsked,
    CheckSet,
    Commented,
    Event,
    MergeGroupChanged,
    Ping,
    PullRequestChanged,
    PullRequestReviewed,
    ThreadSettled,
    Unhandled,
)
from app.domain.foreign_checks import ForeignCheck, ForeignOnHead
from app.domain.jobs import JobKind, RowKey
from app.domain.merge_group import QUEUE_NUMBER, Asked, AskedOfGroup, AskedOfHead
from app.domain.policy import Trigger
from app.domain.row import Note, Wanted
from app.usecases import intake_people


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


_CLOSED = Ignored("the pull request is closed")
_TRIGGERS = {
    "opened": Trigger.OPENED,
    "reopened": Trigger.OPENED,
    "ready_for_review": Trigger.READY_FOR_REVIEW,
    "synchronize": Trigger.PUSH,
}

_OF_GROUPS: dict[str, Asked] = {asked.value: asked for asked in (Asked.CHECKS, Asked.DESTROYED)}

_WEIGHS = frozenset(("submitted", "dismissed"))


def decide(event: Event, *, allowed_accounts: frozenset[int], app_id: int) -> Accepted | Ignored:
    """`allowed_accounts`: ids of the owners that may use this deployment; empty means all. `app_id`: our own."""
    match event:
        case Ping():
            return Ignored("ping: the webhook works")
        case Unhandled(name, action):
            return Ignored(f"{name}{'.' + action if action else ''} is not an event we act on")
        case _ if allowed_accounts and event.account_id not in allowed_accounts:
            return Ignored("the account is not among REVWRIGHT_ALLOWED_ACCOUNTS")
        case PullRequestChanged():
            return _changed(event) if event.open else _CLOSED
        case PullRequestReviewed():
            return _reviewed(event) if event.open else _CLOSED
        case MergeGroupChanged():
            return _queued(event)
        case CheckSet():
            return _set(event, app_id)
        case CheckAsked() if event.ref.number == QUEUE_NUMBER:
            return _asked_of_group(event, app_id)
        case Commented() | CheckAsked() | ThreadSettled():
            return _asked(event)
    assert_never(event)


def _asked(event: Commented | CheckAsked | ThreadSettled) -> Accepted | Ignored:
    asked = intake_people.asked(event)
    if isinstance(asked, str):
        return Ignored(asked)
    wanted = Wanted(event.repository, None, intake_people.TRIGGER, draft=False)
    also = _again(event) if isinstance(event, CheckAsked) else ()
    return Accepted(RowKey(JobKind.COMMAND, event.ref), wanted, also=also, note=asked)


def _again(event: CheckAsked) -> tuple[RowKey, ...]:
    """GitHub takes away the conclusion of what is to be run once more: the gate must say it again."""
    if event.button:
        return ()
    numbers = (event.ref.number, *event.also)
    return tuple(RowKey(JobKind.GATE, replace(event.ref, number=number)) for number in numbers)


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


def _asked_of_group(event: CheckAsked, app_id: int) -> Accepted | Ignored:
    """Somebody pressed "Re-run" on a group: its checks are decided once more."""
    asked = intake_people.asked(event)
    if isinstance(asked, str):
        return Ignored(asked)
    if event.app_id != app_id or event.button:
        return Ignored("no check of ours on a group")
    again = AskedOfHead(event.head)
    wanted = Wanted(event.repository, event.head, "merge queue", draft=False)
    return Accepted(RowKey(JobKind.QUEUE, event.ref), wanted, note=Note(again.id, again.text))


def _set(event: CheckSet, app_id: int) -> Accepted | Ignored:
    """Our own checks end here, so that what they lead to can never lead to itself."""
    if event.app_id == app_id:
        return Ignored("the check is our own")
    found = ForeignOnHead(event.head, ForeignCheck(event.name, event.source))
    wanted = Wanted(event.repository, event.head, "foreign check", draft=False)
    return Accepted(RowKey(JobKind.FOREIGN, event.ref), wanted, note=Note(found.id, found.text))
