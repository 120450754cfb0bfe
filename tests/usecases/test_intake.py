"""What an event means for us: which rows it wants, or why none."""

from __future__ import annotations

import pytest

from app.domain.events import (
    Account,
    CheckAsked,
    Event,
    MergeGroupChanged,
    Ping,
    PullRequestChanged,
    PullRequestReviewed,
    Unhandled,
)
from app.domain.jobs import JobKind, RowKey
from app.domain.merge_group import QUEUE_NUMBER, Asked, AskedOfGroup, MergeGroup
from app.domain.pull_request import PullRequestRef
from app.usecases.intake import Accepted, Ignored, decide
from tests.build import BASE, HEAD, KEY, REPOSITORY

ACCOUNT = 5


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


GROUP = MergeGroup(HEAD, f"refs/heads/gh-readonly-queue/main/pr-7-{BASE}", BASE, "main")


def grouped(action: str) -> MergeGroupChanged:
    ref = PullRequestRef(KEY.ref.installation_id, KEY.ref.repository_id, QUEUE_NUMBER)
    return MergeGroupChanged(action=action, ref=ref, repository=REPOSITORY, account_id=ACCOUNT, group=GROUP)


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
    decision = decide(event, allowed_accounts=frozenset({ACCOUNT}))

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
    ],
)
def test_what_is_ignored(event: Event, reason: str) -> None:
    decision = decide(event, allowed_accounts=frozenset())

    assert isinstance(decision, Ignored)
    assert reason in decision.reason


@pytest.mark.parametrize("event", [changed("opened"), reviewed("submitted"), grouped("destroyed")])
def test_other_accounts_are_left_out(event: Event) -> None:
    assert isinstance(decide(event, allowed_accounts=frozenset({ACCOUNT + 1})), Ignored)


@pytest.mark.parametrize("asked", Asked)
def test_each_group_of_a_merge_queue_is_asked_for_by_a_note_of_its_own(asked: Asked) -> None:
    event = grouped(asked.value)
    decision = decide(event, allowed_accounts=frozenset({ACCOUNT}))

    assert isinstance(decision, Accepted)
    assert (decision.row, decision.also) == (RowKey(JobKind.QUEUE, event.ref), ())
    assert RowKey.parse(str(decision.row)) == decision.row
    assert decision.note is not None
    assert decision.note.id == f"{HEAD}:{asked.value}"
    assert AskedOfGroup.parse(decision.note.text) == AskedOfGroup(asked, GROUP)
