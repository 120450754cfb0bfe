"""The stand-in for GitHub: pull requests, conversation, events and the contract with GitHub's description."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.fakes.github.openapi import ContractViolation, OpenAPI
from tests.fakes.github.rest import UNGUARDED
from tests.fakes.github.routes import HANDLERS
from tests.fakes.github.small_world import SmallWorld, small_world
from tests.fakes.github.state import FakeGitHub

PULL = "/repos/acme/web/pulls/1"
READS = [
    "/rate_limit",
    "/meta",
    "/users/dev",
    "/orgs/acme",
    "/apps/revwright",
    "/installation/repositories",
    "/repos/acme/web",
    "/repos/acme/web/branches",
    "/repos/acme/web/branches/main",
    "/repos/acme/web/rules/branches/main",
    "/repos/acme/web/collaborators",
    "/repos/acme/web/collaborators/dev/permission",
    "/repos/acme/web/commits",
    "/repos/acme/web/commits/feature",
    "/repos/acme/web/commits/feature/check-runs",
    "/repos/acme/web/commits/feature/check-suites",
    "/repos/acme/web/commits/feature/pulls",
    "/repos/acme/web/commits/feature/status",
    "/repos/acme/web/commits/feature/statuses",
    "/repos/acme/web/compare/main...feature",
    "/repos/acme/web/contents/a.txt",
    "/repos/acme/web/git/ref/pull/1/head",
    "/repos/acme/web/git/matching-refs/heads/",
    "/repos/acme/web/git/trees/feature",
    "/repos/acme/web/issues/1",
    "/repos/acme/web/issues/1/comments",
    "/repos/acme/web/issues/1/labels",
    "/repos/acme/web/issues/1/reactions",
    "/repos/acme/web/labels",
    "/repos/acme/web/pulls",
    PULL,
    f"{PULL}/comments",
    f"{PULL}/commits",
    f"{PULL}/files",
    f"{PULL}/requested_reviewers",
    f"{PULL}/reviews",
]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[SmallWorld]:
    with small_world(tmp_path) as made:
        yield made
        assert made.fake.violations == []


@pytest.mark.parametrize("path", READS)
def test_every_read_answers_as_github_describes(world: SmallWorld, path: str) -> None:
    assert world.as_installation()("GET", path).status_code == httpx.codes.OK


def test_every_operation_says_what_permission_it_needs() -> None:
    without_repository = {
        "apps/get-by-slug",
        "apps/list-repos-accessible-to-installation",
        "apps/revoke-installation-access-token",
        "meta/get",
        "orgs/get",
        "rate-limit/get",
        "users/get-by-username",
    }
    assert without_repository == UNGUARDED
    assert all(name in HANDLERS for name in UNGUARDED)


def test_a_pull_request_shows_its_real_diff(world: SmallWorld) -> None:
    api = world.as_installation()
    pull = api("GET", PULL).json()
    assert (pull["changed_files"], pull["additions"], pull["deletions"]) == (4, 3, 3)
    assert pull["head"]["sha"] == world.repository.head("feature")
    files = {file["filename"]: file for file in api("GET", f"{PULL}/files").json()}
    assert {name: file["status"] for name, file in files.items()} == {
        "a.txt": "modified",
        "gone.txt": "removed",
        "new.txt": "renamed",
        "x.bin": "added",
    }
    assert files["a.txt"]["patch"].startswith("@@ -2,7 +2,7 @@ line 1\n line 2")
    assert files["new.txt"]["previous_filename"] == "old.txt"
    assert "patch" not in files["x.bin"]
    diff = api("GET", PULL, accept="application/vnd.github.diff").text
    assert diff.startswith("diff --git a/a.txt b/a.txt")


def test_mergeable_is_unknown_on_the_first_read(world: SmallWorld) -> None:
    api = world.as_installation()
    assert [api("GET", PULL).json()["mergeable"] for _ in range(2)] == [None, True]
    world.repository.commit("main", {"a.txt": "something else\n"})
    assert [api("GET", PULL).json()["mergeable"] for _ in range(2)] == [None, False]


def test_issue_comments_belong_to_who_wrote_them(world: SmallWorld) -> None:
    api = world.as_installation()
    made = api("POST", "/repos/acme/web/issues/1/comments", {"body": "Looking."}).json()
    assert (made["user"]["login"], made["user"]["type"]) == ("revwright[bot]", "Bot")
    assert made["performed_via_github_app"]["id"] == world.fake.app.id
    path = f"/repos/acme/web/issues/comments/{made['id']}"
    assert api("PATCH", path, {"body": "Done."}).json()["body"] == "Done."
    theirs = world.pull.comment(world.developer, "/revwright review")
    other = f"/repos/acme/web/issues/comments/{theirs.id}"
    assert api("PATCH", other, {"body": "!"}).status_code == httpx.codes.FORBIDDEN
    assert api("GET", other).json()["performed_via_github_app"] is None
    too_long = api("POST", "/repos/acme/web/issues/1/comments", {"body": "x" * 65537})
    assert too_long.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert api("DELETE", path).status_code == httpx.codes.NO_CONTENT
    assert [comment.body for comment in world.pull.comments] == ["/revwright review"]


def test_reactions_labels_and_reviewers(world: SmallWorld) -> None:
    api = world.as_installation()
    comment = world.pull.comment(world.developer, "/revwright review")
    path = f"/repos/acme/web/issues/comments/{comment.id}/reactions"
    first, second = (api("POST", path, {"content": "eyes"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (httpx.codes.CREATED, httpx.codes.OK)
    assert api("DELETE", f"{path}/{first.json()['id']}").status_code == httpx.codes.NO_CONTENT
    labels = "/repos/acme/web/issues/1/labels"
    assert [one["name"] for one in api("POST", labels, {"labels": ["bug", "help wanted"]}).json()] == [
        "bug",
        "help wanted",
    ]
    assert [one["name"] for one in api("DELETE", f"{labels}/help%20wanted").json()] == ["bug"]
    reviewer = world.fake.add_user("rita")
    ask = {"reviewers": ["rita"]}
    assert api("POST", f"{PULL}/requested_reviewers", ask).status_code == httpx.codes.UNPROCESSABLE_ENTITY
    world.repository.permissions[reviewer.id] = "read"
    assert api("POST", f"{PULL}/requested_reviewers", ask).status_code == httpx.codes.CREATED
    assert world.pull.requested_reviewers == [reviewer]
    assert world.events()[-1] == "pull_request review_requested"


def test_strangers_have_the_permission_that_visibility_gives(world: SmallWorld) -> None:
    world.fake.add_user("stranger")
    public = world.fake.create_repository("acme/site", installation=world.installation, private=False)
    api = world.as_installation()

    def permission(repository: str, login: str) -> tuple[str, str]:
        found = api("GET", f"/repos/{repository}/collaborators/{login}/permission").json()
        return found["permission"], found["role_name"]

    assert permission("acme/web", "stranger") == ("none", "none")
    assert permission(public.full_name, "stranger") == ("read", "read")
    world.repository.permissions[world.developer.id] = "maintain"
    assert permission("acme/web", "dev") == ("write", "maintain")
    assert api("GET", "/repos/acme/web/collaborators/nobody/permission").status_code == httpx.codes.NOT_FOUND


def test_lists_come_in_pages_with_links(world: SmallWorld) -> None:
    for number in range(5):
        world.pull.comment(world.developer, f"comment {number}")
    api, bodies = world.as_installation(), []
    reply = api("GET", "/repos/acme/web/issues/1/comments", per_page="2")
    while True:
        bodies.append([comment["body"] for comment in reply.json()])
        if "next" not in reply.links:
            break
        reply = world.client.get(reply.links["next"]["url"], headers={"authorization": api.authorization})
    assert bodies == [["comment 0", "comment 1"], ["comment 2", "comment 3"], ["comment 4"]]
    assert set(reply.links) == {"prev", "first"}


def test_a_request_that_breaks_the_contract_is_caught(tmp_path: Path) -> None:
    with small_world(tmp_path) as world:
        api = world.as_installation()
        replies = [
            api("POST", "/repos/acme/web/check-runs", {"name": "x"}),
            api("POST", f"{PULL}/reviews", {"event": "APPLAUD"}),
            api("POST", f"{PULL}/reviews", {"event": "COMMENT", "body": "x", "comit_id": "typo"}),
            api("GET", "/repos/acme/web/pulls", state="ajar"),
            api("GET", "/repos/acme/web/nonsense"),
        ]
        assert [reply.status_code for reply in replies] == [500] * 5
        assert "head_sha" in replies[0].text
        assert [violation.operation for violation in world.fake.violations] == [
            "checks/create",
            "pulls/create-review",
            "pulls/create-review",
            "pulls/list",
            "unknown operation",
        ]


def test_replies_are_checked_too() -> None:
    description = OpenAPI.load()
    description.check_response("GET", "/api/v3/repos/a/b/git/ref/heads/x", 404, {"message": "Not Found"})
    with pytest.raises(ContractViolation, match=r"git/get-ref: reply 200 \$: 'node_id' is a required property"):
        description.check_response(
            "GET", "/repos/a/b/git/ref/heads/x", 200, {"ref": "refs/heads/x", "url": "", "object": {}}
        )


def test_events_are_signed_and_complete(world: SmallWorld) -> None:
    before = world.pull.head_sha
    after = world.repository.commit("feature", {"a.txt": "rewritten\n"}, author=world.developer)
    delivery = world.fake.deliveries[-1]
    digest = hmac.new(world.fake.webhook_secret.encode(), delivery.body, hashlib.sha256).hexdigest()
    assert delivery.headers["X-Hub-Signature-256"] == f"sha256={digest}"
    assert delivery.headers["X-GitHub-Event"] == "pull_request"
    assert delivery.headers["X-GitHub-Delivery"] == delivery.guid
    payload = delivery.payload
    assert (payload["action"], payload["before"], payload["after"]) == ("synchronize", before, after)
    assert payload["number"] == payload["pull_request"]["number"] == 1
    assert payload["pull_request"]["head"]["sha"] == after
    assert payload["repository"]["full_name"] == "acme/web"
    assert payload["organization"]["login"] == "acme"
    assert payload["sender"]["login"] == "dev"
    assert payload["installation"]["id"] == world.installation.id


def test_deliveries_can_be_forged_with_the_right_signature(world: SmallWorld) -> None:
    delivery = world.fake.deliveries[-1]
    forged = delivery.with_installation(1)
    digest = hmac.new(world.fake.webhook_secret.encode(), forged.body, hashlib.sha256).hexdigest()
    assert forged.headers["X-Hub-Signature-256"] == f"sha256={digest}"
    assert (forged.payload["installation"]["id"], forged.guid) == (1, delivery.guid)
    assert forged.payload["pull_request"] == delivery.payload["pull_request"]
    assert len([one for one in world.fake.deliveries if one.guid == delivery.guid]) == 1
    assert world.fake.webhook_secret not in repr(forged)


def test_a_pull_request_lives_through_all_its_states(world: SmallWorld) -> None:
    start, pull = len(world.fake.deliveries), world.pull
    pull.convert_to_draft()
    pull.mark_ready()
    pull.edit(title="Count well", body="As asked again.")
    pull.close(by=world.developer)
    pull.reopen()
    assert world.events()[start:] == [
        "pull_request converted_to_draft",
        "pull_request ready_for_review",
        "pull_request edited",
        "pull_request closed",
        "pull_request reopened",
    ]
    assert world.fake.deliveries.of("pull_request", "edited")[0].payload["changes"]["title"]["from"] == "Count better"


def test_forks_open_pull_requests_and_can_vanish(world: SmallWorld) -> None:
    outsider = world.fake.add_user("outsider")
    fork = world.repository.fork(outsider)
    fork.commit("patch-1", {"b.txt": "from outside\n"}, author=outsider)
    pull = world.repository.open_pull_request(head="patch-1", user=outsider, head_repo=fork)
    assert world.repository.store.refs("refs/pull/2/head") == {"refs/pull/2/head": pull.head_sha}
    after = fork.commit("patch-1", {"b.txt": "from outside, again\n"}, author=outsider)
    assert world.fake.deliveries[-1].payload["after"] == pull.head_sha == after
    fork.delete()
    shown = world.as_installation()("GET", "/repos/acme/web/pulls/2").json()
    assert shown["head"]["repo"] is None
    assert shown["head"]["label"] == "outsider:patch-1"


def test_the_same_steps_give_the_same_commits(tmp_path: Path) -> None:
    def heads(root: Path) -> list[str]:
        fake = FakeGitHub(root, clock=lambda: datetime.now(UTC))
        repository = fake.create_repository("acme/web")
        first = repository.commit("main", {"a": "1", "run.sh": "#!/bin/sh\n"}, modes={"run.sh": "100755"})
        return [first, repository.commit("topic", {"a": None, "ünï cödé": b"\xff"}), repository.head("topic")]

    assert heads(tmp_path / "one") == heads(tmp_path / "two")
