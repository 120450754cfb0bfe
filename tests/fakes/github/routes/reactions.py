"""Reactions to pull requests, issue comments and review comments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.fakes.github.errors import forbidden, not_found
from tests.fakes.github.exchange import Exchange, Handler, Reply
from tests.fakes.github.records import Reaction
from tests.fakes.github.render.conversation import reaction

_Find = Callable[[Exchange], list[Reaction]]


def _of_issue(exchange: Exchange) -> list[Reaction]:
    return exchange.repository.issue_reactions.setdefault(exchange.pull.number, [])


def _of_issue_comment(exchange: Exchange) -> list[Reaction]:
    comment = exchange.repository.issue_comments.get(exchange.number("comment_id"))
    if comment is None:
        raise not_found()
    return comment.reactions


def _of_review_comment(exchange: Exchange) -> list[Reaction]:
    comment = exchange.repository.review_comments.get(exchange.number("comment_id"))
    if comment is None:
        raise not_found()
    return comment.reactions


def _list(find: _Find) -> Handler:
    def handle(exchange: Exchange) -> Reply:
        content = exchange.flag("content")
        found = [one for one in find(exchange) if content in (None, one.content)]
        return exchange.page(found, lambda one: reaction(exchange.fake, one))

    return handle


def _create(find: _Find) -> Handler:
    def handle(exchange: Exchange) -> Reply:
        reactions, content = find(exchange), exchange.body["content"]
        for one in reactions:
            if one.user is exchange.user and one.content == content:
                return Reply(200, reaction(exchange.fake, one))
        made = Reaction(exchange.fake.ids.next("reaction"), exchange.user, content, exchange.fake.now())
        reactions.append(made)
        return Reply(201, reaction(exchange.fake, made))

    return handle


def _delete(find: _Find) -> Handler:
    def handle(exchange: Exchange) -> Reply:
        reactions, number = find(exchange), exchange.number("reaction_id")
        found = next((one for one in reactions if one.id == number), None)
        if found is None:
            raise not_found()
        if found.user is not exchange.user:
            raise forbidden()
        reactions.remove(found)
        return Reply(204)

    return handle


HANDLERS: Final[dict[str, Handler]] = {
    "reactions/list-for-issue": _list(_of_issue),
    "reactions/create-for-issue": _create(_of_issue),
    "reactions/delete-for-issue": _delete(_of_issue),
    "reactions/list-for-issue-comment": _list(_of_issue_comment),
    "reactions/create-for-issue-comment": _create(_of_issue_comment),
    "reactions/delete-for-issue-comment": _delete(_of_issue_comment),
    "reactions/list-for-pull-request-review-comment": _list(_of_review_comment),
    "reactions/create-for-pull-request-review-comment": _create(_of_review_comment),
    "reactions/delete-for-pull-request-comment": _delete(_of_review_comment),
}
