"""What people say and press, as GitHub tells it: comments, buttons and re-runs of checks, conversations settled.

Source: GitHub Docs, "Webhook events and payloads". Only the actions in `ACTIONS` are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import Field

from app.adapters.github.webhook_shapes import HeadSha, Id, InstallationShape, Payload, RepositoryShape
from app.domain.events import Account, CheckAsked, Commented, Event, ThreadSettled, Unhandled
from app.domain.merge_group import QUEUE_BRANCHES, QUEUE_NUMBER
from app.domain.pull_request import PullRequestRef, RepositoryName, Sha

_MOST_PULLS = 20
_PREFIX = re.compile(r"\A(?:queue:(?:review|gate):|gate:)")
Login = Annotated[str, Field(min_length=1, max_length=100)]


class _User(Payload):
    id: Id
    login: Login
    type: str

    def account(self) -> Account:
        return Account(self.id, self.login, self.type == "User")


class _Event(Payload):
    repository: RepositoryShape
    installation: InstallationShape
    sender: _User

    def ref(self, number: int) -> PullRequestRef:
        return PullRequestRef(self.installation.id, self.repository.id, number)


class _Comment(Payload):
    id: Id
    user: _User | None
    body: str | None = None
    in_reply_to_id: Id | None = None
    performed_via_github_app: dict[str, Any] | None = None


class _Issue(Payload):
    number: Id
    pull_request: dict[str, Any] | None = None


class _Pull(Payload):
    number: Id


class _IssueComment(_Event):
    issue: _Issue
    comment: _Comment


class _LineComment(_Event):
    pull_request: _Pull
    comment: _Comment


class _App(Payload):
    id: Id


class _CheckRun(Payload):
    head_sha: HeadSha
    external_id: str | None = None
    app: _App | None = None


class _Requested(Payload):
    identifier: Annotated[str, Field(max_length=100)]


class _CheckRunEvent(_Event):
    check_run: _CheckRun
    requested_action: _Requested | None = None


class _CheckSuite(Payload):
    head_sha: HeadSha
    head_branch: str | None = None
    app: _App | None = None
    pull_requests: Annotated[list[_Pull], Field(default_factory=list)]


class _CheckSuiteEvent(_Event):
    check_suite: _CheckSuite


class _ThreadComment(Payload):
    id: Id


class _Thread(Payload):
    comments: Annotated[list[_ThreadComment], Field(min_length=1)]


class _ThreadEvent(_Event):
    pull_request: _Pull
    thread: _Thread


ACTIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "issue_comment": frozenset(("created",)),
        "pull_request_review_comment": frozenset(("created",)),
        "check_run": frozenset(("requested_action", "rerequested")),
        "check_suite": frozenset(("rerequested",)),
        "pull_request_review_thread": frozenset(("resolved", "unresolved")),
    }
)


def read(event: str, action: str, data: dict[str, Any]) -> Event:
    """One of `ACTIONS`. Raises pydantic's ValidationError for what does not have the shape of its event."""
    match event:
        case "issue_comment":
            said = _IssueComment.model_validate(data)
            if said.issue.pull_request is None:
                return Unhandled("issue_comment outside a pull request", action)
            return _commented(said, said.issue.number, said.comment, thread=None)
        case "pull_request_review_comment":
            answer = _LineComment.model_validate(data)
            first = answer.comment.in_reply_to_id or answer.comment.id
            return _commented(answer, answer.pull_request.number, answer.comment, thread=first)
        case "check_run":
            return _check_run(_CheckRunEvent.model_validate(data), action)
        case "check_suite":
            return _check_suite(_CheckSuiteEvent.model_validate(data), action)
        case _:
            settled = _ThreadEvent.model_validate(data)
            return ThreadSettled(
                ref=settled.ref(settled.pull_request.number),
                repository=RepositoryName.parse(settled.repository.full_name),
                account_id=settled.repository.owner.id,
                sender=settled.sender.account(),
                thread=settled.thread.comments[0].id,
                resolved=action == "resolved",
            )


def _commented(event: _Event, number: int, comment: _Comment, *, thread: int | None) -> Commented:
    return Commented(
        ref=event.ref(number),
        repository=RepositoryName.parse(event.repository.full_name),
        account_id=event.repository.owner.id,
        comment=comment.id,
        thread=thread,
        author=comment.user.account() if comment.user else None,
        sender=event.sender.account(),
        by_app=comment.performed_via_github_app is not None,
        addressed=(comment.body or "").lstrip().startswith("@"),
    )


def _check_run(event: _CheckRunEvent, action: str) -> Event:
    """The pull request is named by the check itself: GitHub names none whose branch is in a fork."""
    run = event.check_run
    ref = _ref(event, run.external_id or "", run.head_sha)
    if run.app is None or ref is None:
        return Unhandled("check_run of somebody else", action)
    return CheckAsked(
        ref=ref,
        repository=RepositoryName.parse(event.repository.full_name),
        account_id=event.repository.owner.id,
        sender=event.sender.account(),
        app_id=run.app.id,
        head=Sha(run.head_sha),
        external_id=run.external_id or "",
        button=event.requested_action.identifier if event.requested_action else "",
    )


def _ref(event: _Event, external_id: str, head: str) -> PullRequestRef | None:
    """The pull request of this repository that our own external ids name, those of the gate's checks too. Those on a
    group of the merge queue name the number 0, and no others do.
    """
    text, _, named = _PREFIX.sub("", external_id).rpartition(":")
    try:
        ref = PullRequestRef.parse(text)
    except ValueError:
        return None
    of_group = external_id.startswith("queue:")
    ours = named == head and str(ref) == text and ref == event.ref(ref.number)
    return ref if ours and of_group == (ref.number == QUEUE_NUMBER) else None


def _check_suite(event: _CheckSuiteEvent, action: str) -> Event:
    suite = event.check_suite
    numbers = [pull.number for pull in suite.pull_requests[:_MOST_PULLS]]
    if suite.app is not None and not numbers and (suite.head_branch or "").startswith(QUEUE_BRANCHES):
        numbers = [QUEUE_NUMBER]
    if suite.app is None or not numbers:
        return Unhandled("check_suite without a pull request", action)
    return CheckAsked(
        ref=event.ref(numbers[0]),
        repository=RepositoryName.parse(event.repository.full_name),
        account_id=event.repository.owner.id,
        sender=event.sender.account(),
        app_id=suite.app.id,
        head=Sha(suite.head_sha),
        external_id="",
        button="",
        also=tuple(numbers[1:]),
    )
