"""What people and Apps say on a pull request, and the events that follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.fakes.github.errors import invalid, unprocessable
from tests.fakes.github.records import IssueComment
from tests.fakes.github.render.conversation import issue, issue_comment

if TYPE_CHECKING:
    from tests.fakes.github.pull_requests import PullRequest
    from tests.fakes.github.records import App, JsonObject, User
    from tests.fakes.github.repository import Repository

MAX_BODY: Final = 65536


def check_body(resource: str, body: str) -> str:
    """The body, if it is neither empty nor too long."""
    if not body.strip():
        raise unprocessable([{"resource": resource, "code": "missing_field", "field": "body"}])
    if len(body) > MAX_BODY:
        raise invalid(resource, "body", f"body is too long (maximum is {MAX_BODY} characters)")
    return body


def add_comment(pull: PullRequest, user: User, body: str, *, app: App | None = None) -> IssueComment:
    """Say something in the conversation."""
    fake = pull.fake
    with fake.lock:
        now = fake.now()
        number = fake.ids.next("issue comment")
        comment = IssueComment(number, pull.number, user, check_body("IssueComment", body), now, now, app=app)
        pull.repository.issue_comments[number] = comment
        comment_event(pull.repository, comment, "created", sender=user)
        return comment


def comment_event(
    repository: Repository,
    comment: IssueComment,
    action: str,
    *,
    sender: User,
    changes: JsonObject | None = None,
) -> None:
    """Announce what happened to a comment."""
    pull = repository.pulls[comment.issue_number]
    payload = {"action": action, "issue": issue(pull), "comment": issue_comment(repository, comment)}
    if changes is not None:
        payload["changes"] = changes
    repository.fake.announce("issue_comment", payload, repository=repository, sender=sender)
