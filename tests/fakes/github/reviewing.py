"""Reviews and their comments: all or nothing, with the events that follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from tests.fakes.github.conversation import MAX_BODY
from tests.fakes.github.errors import unprocessable_texts
from tests.fakes.github.line_comments import Anchor, Misplaced, place
from tests.fakes.github.openapi import ContractViolation
from tests.fakes.github.records import Review, ReviewComment
from tests.fakes.github.render.reviews import review, review_comment
from tests.fakes.github.suggestions import problems as problems_of_suggestions

if TYPE_CHECKING:
    from tests.fakes.github.pull_requests import PullRequest
    from tests.fakes.github.records import App, JsonObject, User

STATES: Final = {
    "APPROVE": "APPROVED",
    "REQUEST_CHANGES": "CHANGES_REQUESTED",
    "COMMENT": "COMMENTED",
    None: "PENDING",
}


def create_review(
    pull: PullRequest,
    user: User,
    *,
    event: str | None,
    body: str = "",
    comments: Sequence[JsonObject] = (),
    commit_id: str | None = None,
    app: App | None = None,
) -> Review:
    """Make a review with its comments; if one comment has no place in the diff, nothing is made."""
    commit = commit_id or pull.head_sha
    if not pull.has_commit(commit):
        raise unprocessable_texts(f"Commit {commit} is not part of the pull request")
    _check_review(pull, user, event=event, body=body, count=len(comments))
    anchors = _anchors(pull, comments, commit)
    fake = pull.fake
    made = Review(fake.ids.next("review"), pull.number, user, body, "PENDING", commit, None)
    pull.repository.reviews[made.id] = made
    for anchor, comment in zip(anchors, comments, strict=True):
        add_comment(pull, made, anchor, body=comment["body"], app=app)
    if event is not None:
        submit(pull, made, event)
    return made


def submit(pull: PullRequest, made: Review, event: str) -> None:
    """Publish a pending review."""
    made.state, made.submitted_at = STATES[event], pull.fake.now()
    if made.user in pull.requested_reviewers:
        pull.requested_reviewers.remove(made.user)
    review_event(pull, made, "submitted", sender=made.user)
    for comment in comments_of(pull, made):
        comment_event(pull, comment, "created", sender=made.user)


def add_comment(
    pull: PullRequest,
    made: Review,
    anchor: Anchor,
    *,
    body: str,
    app: App | None,
    in_reply_to: int | None = None,
) -> ReviewComment:
    """Put a comment into a review."""
    now = pull.fake.now()
    comment = ReviewComment(
        id=pull.fake.ids.next("review comment"),
        pull_number=pull.number,
        review_id=made.id,
        user=made.user,
        body=body,
        path=anchor.path,
        original_commit_id=made.commit_id,
        diff_hunk=anchor.diff_hunk,
        subject_type=anchor.subject_type,
        side=anchor.side,
        created_at=now,
        updated_at=now,
        original_line=anchor.line,
        original_start_line=anchor.start_line,
        start_side=anchor.start_side,
        original_position=anchor.position,
        in_reply_to_id=in_reply_to,
        app=app,
    )
    pull.repository.review_comments[comment.id] = comment
    if app is not None:  # people may suggest what they like
        for problem in problems_of_suggestions(pull.repository.store, made.commit_id, anchor, body):
            where = f"suggestion in {anchor.path}:{anchor.line}"
            pull.fake.violations.append(ContractViolation("pulls/create-review", where, problem))
    return comment


def single_comment(
    pull: PullRequest,
    user: User,
    comment: JsonObject,
    *,
    anchor: Anchor,
    app: App | None,
    in_reply_to: int | None = None,
) -> ReviewComment:
    """A comment outside of a review; GitHub makes a review around it."""
    commit = comment.get("commit_id", pull.head_sha)
    made = Review(pull.fake.ids.next("review"), pull.number, user, "", "PENDING", commit, None)
    pull.repository.reviews[made.id] = made
    added = add_comment(pull, made, anchor, body=comment["body"], app=app, in_reply_to=in_reply_to)
    submit(pull, made, "COMMENT")
    return added


def reply(pull: PullRequest, user: User, parent: ReviewComment, body: str, *, app: App | None = None) -> ReviewComment:
    """Answer a comment; the answer is where the comment is."""
    anchor = Anchor(
        parent.path,
        parent.subject_type,
        parent.side,
        parent.diff_hunk,
        line=parent.original_line,
        start_line=parent.original_start_line,
        start_side=parent.start_side,
        position=parent.original_position,
    )
    comment = {"body": body, "commit_id": parent.original_commit_id}
    return single_comment(pull, user, comment, anchor=anchor, app=app, in_reply_to=parent.id)


def comments_of(pull: PullRequest, made: Review) -> list[ReviewComment]:
    """The comments of a review."""
    return [comment for comment in pull.review_comments if comment.review_id == made.id]


def dismiss(pull: PullRequest, made: Review, *, by: User) -> None:
    """Take the weight from a review that has some."""
    if made.state not in ("APPROVED", "CHANGES_REQUESTED"):
        raise unprocessable_texts(f"Can not dismiss a {made.state.lower()} pull request review")
    made.state = "DISMISSED"
    review_event(pull, made, "dismissed", sender=by)


def review_event(
    pull: PullRequest, made: Review, action: str, *, sender: User, changes: JsonObject | None = None
) -> None:
    """Announce what happened to a review."""
    rendered = review(pull, made)
    payload: JsonObject = {
        "action": action,
        "review": {**rendered, "state": made.state.lower()},
        "pull_request": pull.in_event(),
    }
    if changes is not None:
        payload["changes"] = changes
    pull.fake.announce("pull_request_review", payload, repository=pull.repository, sender=sender)


def comment_event(
    pull: PullRequest, comment: ReviewComment, action: str, *, sender: User, changes: JsonObject | None = None
) -> None:
    """Announce what happened to a comment of a review."""
    payload: JsonObject = {
        "action": action,
        "comment": review_comment(pull, comment),
        "pull_request": pull.in_event(),
    }
    if changes is not None:
        payload["changes"] = changes
    pull.fake.announce("pull_request_review_comment", payload, repository=pull.repository, sender=sender)


def _check_review(pull: PullRequest, user: User, *, event: str | None, body: str, count: int) -> None:
    if user is pull.user and event in ("APPROVE", "REQUEST_CHANGES"):
        act = "approve" if event == "APPROVE" else "request changes on"
        raise unprocessable_texts(f"Can not {act} your own pull request")
    if event == "COMMENT" and not body.strip() and not count:
        raise unprocessable_texts("Pull request review body can't be blank")
    if event == "REQUEST_CHANGES" and not body.strip():
        raise unprocessable_texts("You need to leave a comment indicating the requested changes.")
    if len(body) > MAX_BODY:
        raise unprocessable_texts(f"Body is too long (maximum is {MAX_BODY} characters)")
    if event is None and any(one.user is user and one.state == "PENDING" for one in pull.reviews):
        raise unprocessable_texts("User can only have one pending review per pull request")


def _anchors(pull: PullRequest, comments: Sequence[JsonObject], commit: str) -> list[Anchor]:
    anchors, problems = [], []
    for comment in comments:
        if not comment["body"].strip():
            problems.append("Pull request review comment body can't be blank")
        elif len(comment["body"]) > MAX_BODY:
            problems.append(f"Pull request review comment body is too long (maximum is {MAX_BODY} characters)")
        try:
            anchors.append(place(pull, comment, commit))
        except Misplaced as misplaced:
            problems.append(misplaced.sentence)
    if problems:
        # GitHub does not say which comment it means.
        raise unprocessable_texts(*dict.fromkeys(problems))
    return anchors
