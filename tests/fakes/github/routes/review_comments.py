"""Comments on lines and files of a pull request, and replies to them."""

from __future__ import annotations

from typing import Final

from tests.fakes.github.conversation import check_body
from tests.fakes.github.errors import forbidden, invalid, not_found, unprocessable
from tests.fakes.github.exchange import Exchange, Handler, Reply
from tests.fakes.github.line_comments import Misplaced, place
from tests.fakes.github.pull_requests import PullRequest
from tests.fakes.github.records import ReviewComment
from tests.fakes.github.render.reviews import review_comment
from tests.fakes.github.reviewing import comment_event, single_comment
from tests.fakes.github.reviewing import reply as answer_comment

_RESOURCE: Final = "PullRequestReviewComment"


def list_all(exchange: Exchange) -> Reply:
    """The comments that are published, oldest first unless asked otherwise."""
    pull, reviews = exchange.pull, exchange.repository.reviews
    shown = [one for one in pull.review_comments if reviews[one.review_id].state != "PENDING"]
    since = exchange.query.get("since", "")
    rendered = [review_comment(pull, one) for one in shown]
    rendered.sort(key=lambda one: str(one[f"{exchange.query.get('sort', 'created')}_at"]))
    if exchange.query.get("direction") == "desc":
        rendered.reverse()
    return exchange.page([one for one in rendered if one["updated_at"] >= since], lambda one: one)


def create(exchange: Exchange) -> Reply:
    """Comment on a line or a file."""
    pull, body = exchange.pull, exchange.body
    check_body(_RESOURCE, body["body"])
    if body.get("in_reply_to") is not None:
        return _reply(exchange, body["in_reply_to"])
    if not pull.has_commit(body["commit_id"]):
        raise invalid(_RESOURCE, "commit_id", "commit_id is not part of the pull request")
    try:
        anchor = place(pull, body, body["commit_id"])
    except Misplaced as misplaced:
        raise unprocessable(misplaced.errors) from misplaced
    return _created(pull, single_comment(pull, exchange.user, body, anchor=anchor, app=exchange.app))


def reply(exchange: Exchange) -> Reply:
    """Answer a comment."""
    check_body(_RESOURCE, exchange.body["body"])
    return _reply(exchange, exchange.number("comment_id"))


def get(exchange: Exchange) -> Reply:
    """One comment."""
    comment = _comment(exchange)
    return Reply(body=review_comment(exchange.repository.pulls[comment.pull_number], comment))


def update(exchange: Exchange) -> Reply:
    """Change what was said."""
    comment = _own_comment(exchange)
    pull = exchange.repository.pulls[comment.pull_number]
    before, comment.body = comment.body, check_body(_RESOURCE, exchange.body["body"])
    comment.updated_at = exchange.fake.now()
    comment_event(pull, comment, "edited", sender=exchange.user, changes={"body": {"from": before}})
    return Reply(body=review_comment(pull, comment))


def delete(exchange: Exchange) -> Reply:
    """Take back what was said."""
    comment = _own_comment(exchange)
    del exchange.repository.review_comments[comment.id]
    comment_event(exchange.repository.pulls[comment.pull_number], comment, "deleted", sender=exchange.user)
    return Reply(204)


def _reply(exchange: Exchange, number: int) -> Reply:
    pull = exchange.pull
    parent = exchange.repository.review_comments.get(number)
    if parent is None or parent.pull_number != pull.number:
        raise not_found()
    if parent.in_reply_to_id is not None:
        raise invalid(_RESOURCE, "in_reply_to", "replies to replies are not supported")
    answer = answer_comment(pull, exchange.user, parent, exchange.body["body"], app=exchange.app)
    return _created(pull, answer)


def _created(pull: PullRequest, comment: ReviewComment) -> Reply:
    rendered = review_comment(pull, comment)
    return Reply(201, rendered, {"location": rendered["url"]})


def _comment(exchange: Exchange) -> ReviewComment:
    found = exchange.repository.review_comments.get(exchange.number("comment_id"))
    if found is None:
        raise not_found()
    return found


def _own_comment(exchange: Exchange) -> ReviewComment:
    found = _comment(exchange)
    if found.user is not exchange.user:
        raise forbidden()
    return found


HANDLERS: Final[dict[str, Handler]] = {
    "pulls/list-review-comments": list_all,
    "pulls/create-review-comment": create,
    "pulls/create-reply-for-review-comment": reply,
    "pulls/get-review-comment": get,
    "pulls/update-review-comment": update,
    "pulls/delete-review-comment": delete,
}
