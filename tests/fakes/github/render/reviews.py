"""Reviews and review comments as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.github.outdated import Place, present_place
from tests.fakes.github.render.accounts import simple_user
from tests.fakes.github.render.basics import node_id, timestamp
from tests.fakes.github.render.conversation import author_association, reaction_rollup
from tests.fakes.github.render.pulls import pull_page, pull_url
from tests.fakes.github.render.repositories import repository_url

if TYPE_CHECKING:
    from tests.fakes.github.pull_requests import PullRequest
    from tests.fakes.github.records import JsonObject, Review, ReviewComment


def review(pull: PullRequest, one: Review) -> JsonObject:
    """A review."""
    page = f"{pull_page(pull)}#pullrequestreview-{one.id}"
    rendered: JsonObject = {
        "id": one.id,
        "node_id": node_id("PullRequestReview", one.id),
        "user": simple_user(pull.fake, one.user),
        "body": one.body,
        "state": one.state,
        "html_url": page,
        "pull_request_url": pull_url(pull),
        "author_association": author_association(pull.repository, one.user),
        "_links": {"html": {"href": page}, "pull_request": {"href": pull_url(pull)}},
        "commit_id": one.commit_id,
    }
    if one.submitted_at is not None:
        rendered["submitted_at"] = timestamp(one.submitted_at)
    return rendered


def review_comment(pull: PullRequest, one: ReviewComment) -> JsonObject:
    """A comment on a line or a file, where it is now; a comment whose line is gone has neither line nor position."""
    url = f"{repository_url(pull.repository)}/pulls/comments/{one.id}"
    page = f"{pull_page(pull)}#discussion_r{one.id}"
    place = present_place(pull, one)
    rendered: JsonObject = {
        "url": url,
        "pull_request_review_id": one.review_id,
        "id": one.id,
        "node_id": node_id("PullRequestReviewComment", one.id),
        "diff_hunk": one.diff_hunk,
        "path": one.path,
        "commit_id": pull.head_sha if place else one.original_commit_id,
        "original_commit_id": one.original_commit_id,
        "user": simple_user(pull.fake, one.user),
        "body": one.body,
        "created_at": timestamp(one.created_at),
        "updated_at": timestamp(one.updated_at),
        "html_url": page,
        "pull_request_url": pull_url(pull),
        "author_association": author_association(pull.repository, one.user),
        "_links": {"self": {"href": url}, "html": {"href": page}, "pull_request": {"href": pull_url(pull)}},
        "reactions": reaction_rollup(url, one.reactions),
        "subject_type": one.subject_type,
        **_lines(one, place),
    }
    if one.in_reply_to_id is not None:
        rendered["in_reply_to_id"] = one.in_reply_to_id
    return rendered


def _lines(one: ReviewComment, place: Place | None) -> JsonObject:
    return {
        "line": place.line if place else None,
        "start_line": place.start_line if place else None,
        "position": place.position if place else None,
        "side": one.side,
        "start_side": one.start_side,
        "original_line": one.original_line,
        "original_start_line": one.original_start_line,
        "original_position": one.original_position,
    }
