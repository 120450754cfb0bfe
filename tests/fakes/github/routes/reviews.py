"""Reviews of a pull request."""

from __future__ import annotations

from typing import Final

from tests.fakes.github.errors import forbidden, not_found, unprocessable_texts
from tests.fakes.github.exchange import Exchange, Handler, Reply
from tests.fakes.github.records import Review
from tests.fakes.github.render.reviews import review, review_comment
from tests.fakes.github.reviewing import comments_of, create_review, review_event, submit
from tests.fakes.github.reviewing import dismiss as dismiss_review


def create(exchange: Exchange) -> Reply:
    """Review; without an event the review stays pending."""
    body = exchange.body
    made = create_review(
        exchange.pull,
        exchange.user,
        event=body.get("event"),
        body=body.get("body", ""),
        comments=body.get("comments", []),
        commit_id=body.get("commit_id"),
        app=exchange.app,
    )
    return Reply(body=review(exchange.pull, made))


def list_all(exchange: Exchange) -> Reply:
    """The reviews, oldest first; a pending one is shown to its author only."""
    shown = [one for one in exchange.pull.reviews if one.state != "PENDING" or one.user is exchange.user]
    return exchange.page(shown, lambda one: review(exchange.pull, one))


def get(exchange: Exchange) -> Reply:
    """One review."""
    return Reply(body=review(exchange.pull, _review(exchange)))


def update(exchange: Exchange) -> Reply:
    """Change a review's summary."""
    made = _own_review(exchange)
    before, made.body = made.body, exchange.body["body"]
    review_event(exchange.pull, made, "edited", sender=exchange.user, changes={"body": {"from": before}})
    return Reply(body=review(exchange.pull, made))


def submit_pending(exchange: Exchange) -> Reply:
    """Publish a pending review."""
    made = _own_review(exchange)
    if made.state != "PENDING":
        raise unprocessable_texts("Could not submit a review that is not pending")
    event = exchange.body["event"]
    if made.user is exchange.pull.user and event != "COMMENT":
        raise unprocessable_texts("Can not approve your own pull request")
    made.body = exchange.body.get("body", made.body)
    submit(exchange.pull, made, event)
    return Reply(body=review(exchange.pull, made))


def dismiss(exchange: Exchange) -> Reply:
    """Take the weight from a review."""
    made = _review(exchange)
    dismiss_review(exchange.pull, made, by=exchange.user)
    return Reply(body=review(exchange.pull, made))


def delete_pending(exchange: Exchange) -> Reply:
    """Throw a pending review away."""
    made = _own_review(exchange)
    if made.state != "PENDING":
        raise unprocessable_texts("Can not delete a non-pending pull request review")
    rendered = review(exchange.pull, made)
    for comment in comments_of(exchange.pull, made):
        del exchange.repository.review_comments[comment.id]
    del exchange.repository.reviews[made.id]
    return Reply(body=rendered)


def list_comments(exchange: Exchange) -> Reply:
    """The comments of one review."""
    comments = comments_of(exchange.pull, _review(exchange))
    return exchange.page(comments, lambda one: review_comment(exchange.pull, one))


def _review(exchange: Exchange) -> Review:
    found = exchange.repository.reviews.get(exchange.number("review_id"))
    if found is None or found.pull_number != exchange.pull.number:
        raise not_found()
    if found.state == "PENDING" and found.user is not exchange.user:
        raise not_found()
    return found


def _own_review(exchange: Exchange) -> Review:
    found = _review(exchange)
    if found.user is not exchange.user:
        raise forbidden()
    return found


HANDLERS: Final[dict[str, Handler]] = {
    "pulls/create-review": create,
    "pulls/list-reviews": list_all,
    "pulls/get-review": get,
    "pulls/update-review": update,
    "pulls/submit-review": submit_pending,
    "pulls/dismiss-review": dismiss,
    "pulls/delete-pending-review": delete_pending,
    "pulls/list-comments-for-review": list_comments,
}
