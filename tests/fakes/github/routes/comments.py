"""The conversation of a pull request: issue comments and labels."""

from __future__ import annotations

from typing import Final

from tests.fakes.github.conversation import add_comment, check_body, comment_event
from tests.fakes.github.errors import forbidden, not_found
from tests.fakes.github.exchange import Exchange, Handler, Reply
from tests.fakes.github.records import IssueComment
from tests.fakes.github.render.conversation import issue, issue_comment, label


def get_issue(exchange: Exchange) -> Reply:
    """The pull request in its role as an issue."""
    return Reply(body=issue(exchange.pull))


def list_comments(exchange: Exchange) -> Reply:
    """The conversation, oldest first."""
    since = exchange.query.get("since", "")
    rendered = [issue_comment(exchange.repository, one) for one in exchange.pull.comments]
    return exchange.page([one for one in rendered if one["updated_at"] >= since], lambda one: one)


def create_comment(exchange: Exchange) -> Reply:
    """Say something."""
    comment = add_comment(exchange.pull, exchange.user, exchange.body["body"], app=exchange.app)
    body = issue_comment(exchange.repository, comment)
    return Reply(201, body, {"location": body["url"]})


def get_comment(exchange: Exchange) -> Reply:
    """One comment."""
    return Reply(body=issue_comment(exchange.repository, _comment(exchange)))


def update_comment(exchange: Exchange) -> Reply:
    """Change what was said; an App may change only its own words."""
    comment = _own_comment(exchange)
    before, comment.body = comment.body, check_body("IssueComment", exchange.body["body"])
    comment.updated_at = exchange.fake.now()
    comment_event(exchange.repository, comment, "edited", sender=exchange.user, changes={"body": {"from": before}})
    return Reply(body=issue_comment(exchange.repository, comment))


def delete_comment(exchange: Exchange) -> Reply:
    """Take back what was said."""
    comment = _own_comment(exchange)
    del exchange.repository.issue_comments[comment.id]
    comment_event(exchange.repository, comment, "deleted", sender=exchange.user)
    return Reply(204)


def list_repository_labels(exchange: Exchange) -> Reply:
    """Every label of the repository."""
    return exchange.page(list(exchange.repository.labels.values()), lambda one: label(exchange.repository, one))


def list_labels(exchange: Exchange) -> Reply:
    """The labels of the pull request."""
    return exchange.page(exchange.pull.labels, lambda one: label(exchange.repository, one))


def add_labels(exchange: Exchange) -> Reply:
    """Put labels on, making those that do not exist."""
    pull = exchange.pull
    for name in _label_names(exchange):
        if pull.add_label(name):
            _labels_event(exchange, "labeled", name)
    return _labels_reply(exchange)


def set_labels(exchange: Exchange) -> Reply:
    """Put exactly these labels on."""
    pull, wanted = exchange.pull, _label_names(exchange)
    for one in [one for one in pull.labels if one.name.lower() not in {name.lower() for name in wanted}]:
        pull.labels.remove(one)
        _labels_event(exchange, "unlabeled", one.name)
    for name in wanted:
        if pull.add_label(name):
            _labels_event(exchange, "labeled", name)
    return _labels_reply(exchange)


def remove_label(exchange: Exchange) -> Reply:
    """Take a label off."""
    pull, name = exchange.pull, exchange.text("name")
    found = next((one for one in pull.labels if one.name.lower() == name.lower()), None)
    if found is None:
        raise not_found()
    pull.labels.remove(found)
    _labels_event(exchange, "unlabeled", found.name)
    return _labels_reply(exchange)


def _comment(exchange: Exchange) -> IssueComment:
    found = exchange.repository.issue_comments.get(exchange.number("comment_id"))
    if found is None:
        raise not_found()
    return found


def _own_comment(exchange: Exchange) -> IssueComment:
    comment = _comment(exchange)
    if comment.user is not exchange.user and not exchange.actor.may(exchange.repository, "administration", "write"):
        raise forbidden()
    return comment


def _label_names(exchange: Exchange) -> list[str]:
    given = exchange.body.get("labels", []) if isinstance(exchange.body, dict) else exchange.body
    return [one if isinstance(one, str) else one["name"] for one in given]


def _labels_reply(exchange: Exchange) -> Reply:
    return Reply(body=[label(exchange.repository, one) for one in exchange.pull.labels])


def _labels_event(exchange: Exchange, action: str, name: str) -> None:
    repository = exchange.repository
    exchange.pull.announce(action, sender=exchange.user, extra={"label": label(repository, repository.label(name))})


HANDLERS: Final[dict[str, Handler]] = {
    "issues/get": get_issue,
    "issues/list-comments": list_comments,
    "issues/create-comment": create_comment,
    "issues/get-comment": get_comment,
    "issues/update-comment": update_comment,
    "issues/delete-comment": delete_comment,
    "issues/list-labels-for-repo": list_repository_labels,
    "issues/list-labels-on-issue": list_labels,
    "issues/add-labels": add_labels,
    "issues/set-labels": set_labels,
    "issues/remove-label": remove_label,
}
