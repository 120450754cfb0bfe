"""The stand-in for GitHub: reviews, and comments on lines that are checked against the real diff."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.github.small_world import SmallWorld, small_world

PULL = "/repos/acme/web/pulls/1"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[SmallWorld]:
    with small_world(tmp_path) as made:
        yield made
        assert made.fake.violations == []


def review_with(world: SmallWorld, **comment: Any) -> httpx.Response:
    body = {"event": "COMMENT", "body": "See below.", "comments": [{"path": "a.txt", "body": "Why?", **comment}]}
    return world.as_installation()("POST", f"{PULL}/reviews", body)


@pytest.mark.parametrize(
    "where",
    [
        {"line": 5, "side": "RIGHT"},
        {"line": 2},
        {"line": 5, "side": "LEFT"},
        {"line": 31, "start_line": 30},
        {"line": 8, "start_line": 5, "start_side": "LEFT", "side": "RIGHT"},
        {"position": 1},
    ],
)
def test_comments_on_lines_of_the_diff_are_taken(world: SmallWorld, where: dict[str, Any]) -> None:
    assert review_with(world, **where).status_code == httpx.codes.OK
    (comment,) = world.as_installation()("GET", f"{PULL}/comments").json()
    assert comment["path"] == "a.txt"
    assert comment["diff_hunk"].startswith("@@ ")
    assert comment["line"] == where.get("line", 2)


@pytest.mark.parametrize(
    ("where", "error"),
    [
        ({"line": 15}, "Pull request review thread line must be part of the diff"),
        ({"line": 999}, "Pull request review thread line must be part of the diff"),
        ({"line": 31, "side": "LEFT", "path": "x.bin"}, "Pull request review thread line must be part of the diff"),
        ({"line": 1, "path": "elsewhere.txt"}, "Pull request review thread path is invalid"),
        ({"line": 31, "start_line": 5}, "Pull request review thread start line must be part of the same hunk"),
        ({"line": 5, "start_line": 5}, "Pull request review thread start line must precede the end line"),
        ({"position": 99}, "Pull request review thread position is invalid"),
    ],
)
def test_one_comment_off_the_diff_refuses_the_whole_review(
    world: SmallWorld, where: dict[str, Any], error: str
) -> None:
    good = {"path": "a.txt", "line": 5, "body": "Fine."}
    bad = {"path": "a.txt", "body": "Where?", **where}
    body = {"event": "COMMENT", "body": "See below.", "comments": [good, bad]}
    reply = world.as_installation()("POST", f"{PULL}/reviews", body)
    assert reply.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert reply.json()["message"] == "Unprocessable Entity"
    assert error in reply.json()["errors"][0]
    assert world.pull.reviews == []
    assert world.pull.review_comments == []


def test_reviews_that_cannot_be_are_refused(world: SmallWorld) -> None:
    main = world.repository.head("main")
    api, author = world.as_installation(), world.as_user(world.developer)
    refused = [
        api("POST", f"{PULL}/reviews", {"event": "COMMENT", "body": ""}),
        api("POST", f"{PULL}/reviews", {"event": "REQUEST_CHANGES"}),
        api("POST", f"{PULL}/reviews", {"event": "COMMENT", "body": "x", "commit_id": main}),
        api("POST", f"{PULL}/reviews", {"event": "COMMENT", "body": "x", "commit_id": "0" * 40}),
        author("POST", f"{PULL}/reviews", {"event": "APPROVE"}),
    ]
    assert [reply.status_code for reply in refused] == [422] * 5
    assert world.pull.reviews == []


def test_a_pending_review_is_seen_by_its_author_until_submitted(world: SmallWorld) -> None:
    bot, developer = world.as_installation(), world.as_user(world.developer)
    comments = [{"path": "a.txt", "line": 5, "body": "Why?"}]
    made = bot("POST", f"{PULL}/reviews", {"body": "soon", "comments": comments}).json()
    assert made["state"] == "PENDING"
    assert "submitted_at" not in made
    assert developer("GET", f"{PULL}/reviews").json() == []
    assert developer("GET", f"{PULL}/comments").json() == []
    submitted = bot("POST", f"{PULL}/reviews/{made['id']}/events", {"event": "REQUEST_CHANGES", "body": "now"}).json()
    assert submitted["state"] == "CHANGES_REQUESTED"
    assert len(developer("GET", f"{PULL}/comments").json()) == 1
    dismissed = bot("PUT", f"{PULL}/reviews/{made['id']}/dismissals", {"message": "Fixed."}).json()
    assert dismissed["state"] == "DISMISSED"
    assert world.events()[-3:] == [
        "pull_request_review submitted",
        "pull_request_review_comment created",
        "pull_request_review dismissed",
    ]


def test_comment_lines_follow_later_pushes_or_are_outdated(world: SmallWorld) -> None:
    api = world.as_installation()
    head = world.pull.head_sha
    for line in (5, 30):
        body = {"commit_id": head, "path": "a.txt", "line": line, "side": "RIGHT", "body": "Why?"}
        assert api("POST", f"{PULL}/comments", body).status_code == httpx.codes.CREATED
    changed = "one more line\n" + world.repository.store.run("cat-file", "blob", "feature:a.txt").decode()
    world.repository.commit("feature", {"a.txt": changed.replace("line thirty\n", "line 30, but better\n")})
    moved, gone = api("GET", f"{PULL}/comments").json()
    assert (moved["line"], moved["original_line"], moved["commit_id"]) == (6, 5, world.pull.head_sha)
    assert (gone["line"], gone["position"], gone["original_line"], gone["commit_id"]) == (None, None, 30, head)


def test_replies_stand_where_the_comment_stands(world: SmallWorld) -> None:
    api = world.as_installation()
    body = {"commit_id": world.pull.head_sha, "path": "a.txt", "line": 5, "body": "Why?"}
    comment = api("POST", f"{PULL}/comments", body).json()
    reply = world.pull.reply(world.developer, world.repository.review_comments[comment["id"]], "Because.")
    assert reply.in_reply_to_id == comment["id"]
    answer = api("POST", f"{PULL}/comments/{comment['id']}/replies", {"body": "I see."}).json()
    assert (answer["in_reply_to_id"], answer["line"]) == (comment["id"], 5)
    nested = api("POST", f"{PULL}/comments/{answer['id']}/replies", {"body": "No."})
    assert nested.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    edited = api("PATCH", f"/repos/acme/web/pulls/comments/{comment['id']}", {"body": "Why, then?"}).json()
    assert edited["body"] == "Why, then?"
    assert (
        api("PATCH", f"/repos/acme/web/pulls/comments/{reply.id}", {"body": "!"}).status_code == httpx.codes.FORBIDDEN
    )
    assert api("DELETE", f"/repos/acme/web/pulls/comments/{answer['id']}").status_code == httpx.codes.NO_CONTENT


def test_a_patch_that_is_too_big_is_left_out(world: SmallWorld) -> None:
    world.repository.commit("feature", {"big.txt": "a line of text\n" * 10_000})
    files = {file["filename"]: file for file in world.as_installation()("GET", f"{PULL}/files").json()}
    assert (files["big.txt"]["additions"], "patch" in files["big.txt"]) == (10_000, False)
    assert review_with(world, path="big.txt", line=1).status_code == httpx.codes.UNPROCESSABLE_ENTITY


def test_settled_conversations_are_announced_to_an_app_that_listens(world: SmallWorld) -> None:
    pull, ann = world.pull, world.fake.add_user("ann")
    pull.review(ann, comments=[{"path": "a.txt", "line": 5, "body": "Why?"}])
    (comment,) = pull.review_comments
    before = len(world.events())
    pull.resolve_thread(comment, by=ann)
    assert world.events()[before:] == []

    world.fake.app.events.append("pull_request_review_thread")
    pull.resolve_thread(comment, by=ann)
    pull.reopen_thread(comment, by=ann)
    assert world.events()[before:] == ["pull_request_review_thread resolved", "pull_request_review_thread unresolved"]
    assert world.fake.deliveries[-1].payload["thread"]["comments"][0]["id"] == comment.id
