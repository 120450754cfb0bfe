"""What an event means for us: which rows it wants, or why none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.events import (
    Account,
    CheckAsked,
    CheckSet,
    Event,
    MergeGroupChanged,
    Ping,
    PullRequestChanged,
    PullRequestReviewed,
    Unhandled,
)
from app.domain.foreign_checks import ForeignCheck, ForeignOnHead
from app.domain.jobs import JobKind, RowKey
from app.domain.merge_group import QUEUE_NUMBER, Asked, AskedOfGroup, AskedOfHead, MergeGroup, parse_asked
from app.domain.pull_request import PullRequestRef
from app.usecases.intake import Accepted, Ignored, decide
from tests.build import BASE, HEAD, KEY, REPOSITORY

ACCOUNT = 5
OURS = 1


def changed(action: str, *, open_: bool = True, base: bool = False) -> PullRequestChanged:
    return PullRequestChanged(
        action=action,
        ref=KEY.ref,
        repository=REPOSITORY,
        account_id=ACCOUNT,
        head_sha=HEAD,
        draft=False,
        open=open_,
        base_changed=base,
    )


def reviewed(action: str, *, open_: bool = True) -> PullRequestReviewed:
    return PullRequestReviewed(
        action=action,
        ref=KEY.ref,
        repository=REPOSITORY,
        account_id=ACCOUNT,
        head_sha=HEAD,
        draft=False,
        open=open_,
    )


def pressed(button: str) -> CheckAsked:
    return CheckAsked(
        ref=KEY.ref,
        repository=REPOSITORY,
        account_id=ACCOUNT,
        sender=Account(7, "ann", person=True),
        app_id=1,
        head=HEAD,
        external_id=f"{KEY.ref}:{HEAD}",
        button=button,
    )


QUEUE = PullRequestRef(KEY.ref.installation_id, KEY.ref.repository_id, QUEUE_NUMBER)


def pressed_on_group(*, app_id: int = OURS, button: str = "", person: bool = True) -> CheckAsked:
    sender = Account(7, "ann", person=person)
    named = f"queue:gate:{QUEUE}:{HEAD}"
    return replace(pressed(button), ref=QUEUE, sender=sender, app_id=app_id, external_id=named)


def foreign(app_id: int | None) -> CheckSet:
    return CheckSet(
        ref=QUEUE,
        repository=REPOSITORY,
        account_id=ACCOUNT,
        head=HEAD,
        name="revwright/gate",
        app_id=app_id,
        source="the App other (2)",
    )


GROUP = MergeGroup(HEAD, f"refs/heads/gh-readonly-queue/main/pr-7-{BASE}", BASE, "main")


def grouped(action: str) -> MergeGroupChanged:
    return MergeGroupChanged(action=action, ref=QUEUE, repository=REPOSITORY, account_id=ACCOUNT, group=GROUP)


@pytest.mark.parametrize(
    ("event", "kinds", "trigger"),
    [
        (changed("opened"), [JobKind.REVIEW, JobKind.GATE], "opened"),
        (changed("reopened"), [JobKind.REVIEW, JobKind.GATE], "opened"),
        (changed("synchronize"), [JobKind.REVIEW, JobKind.GATE], "push"),
        (changed("ready_for_review"), [JobKind.REVIEW, JobKind.GATE], "ready_for_review"),
        (changed("edited", base=True), [JobKind.REVIEW, JobKind.GATE], "opened"),
        (pressed(""), [JobKind.COMMAND, JobKind.GATE], "command"),
        (pressed("review"), [JobKind.COMMAND], "command"),
        (reviewed("submitted"), [JobKind.GATE], "reviewed"),
        (reviewed("dismissed"), [JobKind.GATE], "reviewed"),
    ],
)
def test_what_is_wanted(event: Event, kinds: list[JobKind], trigger: str) -> None:
    decision = decide(event, allowed_accounts=frozenset({ACCOUNT}), app_id=OURS)

    assert isinstance(decision, Accepted)
    assert [row.kind for row in (decision.row, *decision.also)] == kinds
    assert {row.ref for row in (decision.row, *decision.also)} == {KEY.ref}
    assert decision.wanted.trigger == trigger
    told = decision.row.kind is not JobKind.COMMAND
    assert (decision.wanted.head, decision.note is None) == (HEAD if told else None, told)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (Ping(), "the webhook works"),
        (Unhandled("push", ""), "push is not an event"),
        (Unhandled("issues", "opened"), "issues.opened is not an event"),
        (changed("labeled"), "changes nothing we review"),
        (changed("edited"), "changes nothing we review"),
        (changed("opened", open_=False), "closed"),
        (reviewed("edited"), "changes no approval"),
        (reviewed("submitted", open_=False), "closed"),
        (grouped("queued"), "merge_group.queued asks for no check"),
        (grouped("again"), "merge_group.again asks for no check"),
        (pressed_on_group(app_id=2), "no check of ours"),
        (pressed_on_group(button="review"), "no check of ours"),
        (pressed_on_group(person=False), "by a bot"),
        (foreign(OURS), "our own"),
    ],
)
def test_what_is_ignored(event: Event, reason: str) -> None:
    decision = decide(event, allowed_accounts=frozenset(), app_id=OURS)

    assert isinstance(decision, Ignored)
    assert reason in decision.reason


@pytest.mark.parametrize("event", [changed("opened"), reviewed("submitted"), grouped("destroyed"), foreign(2)])
def test_other_accounts_are_left_out(event: Event) -> None:
    assert isinstance(decide(event, allowed_accounts=frozenset({ACCOUNT + 1}), app_id=OURS), Ignored)


@pytest.mark.parametrize("asked", [Asked.CHECKS, Asked.DESTROYED])
def test_each_group_of_a_merge_queue_is_asked_for_by_a_note_of_its_own(asked: Asked) -> None:
    event = grouped(asked.value)
    decision = decide(event, allowed_accounts=frozenset({ACCOUNT}), app_id=OURS)

    assert isinstance(decision, Accepted)
    assert (decision.row, decision.also) == (RowKey(JobKind.QUEUE, event.ref), ())
    assert RowKey.parse(str(decision.row)) == decision.row
    assert decision.note is not None
    assert decision.note.id == f"{HEAD}:{asked.value}"
    assert AskedOfGroup.parse(decision.note.text) == AskedOfGroup(asked, GROUP)


def test_a_group_that_is_asked_about_once_more_is_told_by_its_head() -> None:
    decision = decide(pressed_on_group(), allowed_accounts=frozenset(), app_id=OURS)

    assert isinstance(decision, Accepted)
    assert (decision.row, decision.also) == (RowKey(JobKind.QUEUE, QUEUE), ())
    assert decision.note is not None
    assert parse_asked(decision.note.text) == AskedOfHead(HEAD)


@pytest.mark.parametrize("app_id", [None, 2])
def test_a_check_of_ours_that_another_set_is_noted(app_id: int | None) -> None:
    decision = decide(foreign(app_id), allowed_accounts=frozenset({ACCOUNT}), app_id=OURS)

    assert isinstance(decision, Accepted)
    assert (decision.row, decision.also) == (RowKey(JobKind.FOREIGN, QUEUE), ())
    assert decision.note is not None
    told = ForeignOnHead(HEAD, ForeignCheck("revwright/gate", "the App other (2)"))
    assert ForeignOnHead.parse(decision.note.text) == told
    assert decision.note.id == told.id
