"""The stand-in for GitHub: who may push where, what is said when not, and commits that GitHub makes itself."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.github.pull_requests import PullRequest
from tests.fakes.github.repository import Repository
from tests.fakes.github.small_world import Api, SmallWorld, small_world

WRITE = {"contents": "write"}
COMMIT = """
mutation Commit($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid } }
}
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[SmallWorld]:
    with small_world(tmp_path / "github") as made:
        yield made
        assert made.fake.violations == []


def forked(world: SmallWorld, owner: str = "someone", *, kind: str = "User") -> tuple[Repository, PullRequest]:
    world.repository.private = False
    account = world.fake.account(owner, type=kind)
    fork = world.repository.fork(account)
    fork.commit("theirs", {"a.txt": "theirs\n"})
    fork.commit("other", {"a.txt": "other\n"})
    return fork, world.repository.open_pull_request(head="theirs", head_repo=fork)


def pushed(
    world: SmallWorld, folder: Path, repository: Repository, *refs: str, token: str, path: str = "a.txt"
) -> tuple[int, str]:
    """Commit on the first branch, and push that to all of them."""
    remote = f"{world.fake.url}/{repository.full_name}.git"
    cloned = world.git(folder, "clone", "--quiet", "--branch", refs[0], remote, "work", token=token)
    assert cloned.returncode == 0, cloned.stderr
    work = folder / "work"
    (work / path).parent.mkdir(parents=True, exist_ok=True)
    (work / path).write_text("pushed\n")
    world.git(work, "add", path)
    world.git(work, "commit", "--quiet", "--message", "Change it")
    wanted = (f"HEAD:refs/heads/{ref}" for ref in refs)
    done = world.git(work, "push", "--porcelain", "--force", "origin", *wanted, token=token)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("protected", ["main", "feature"])
def test_a_protected_branch_is_not_pushed_to(world: SmallWorld, tmp_path: Path, protected: str) -> None:
    world.repository.protected_branches.add(protected)
    before = world.repository.head(protected)
    token = world.token(permissions=WRITE)
    code, said = pushed(world, tmp_path, world.repository, protected, token=token)
    assert code == 1
    assert "[remote rejected] (protected branch hook declined)" in said
    assert f"remote: error: GH006: Protected branch update failed for refs/heads/{protected}." in said
    assert world.repository.head(protected) == world.repository.store.branches()[protected] == before
    api = world.as_installation(permissions={"contents": "read"})
    assert api("GET", f"/repos/acme/web/branches/{protected}").json()["protected"] is True


def test_all_or_nothing_of_a_push_with_a_protected_branch(world: SmallWorld, tmp_path: Path) -> None:
    world.repository.protected_branches.add("main")
    before = world.repository.branches
    code, said = pushed(world, tmp_path, world.repository, "feature", "main", token=world.token(permissions=WRITE))
    assert code == 1
    assert "atomic transaction failed" in said
    assert world.repository.store.branches() == before


def test_a_workflow_is_refused_in_githubs_words(tmp_path: Path) -> None:
    with small_world(tmp_path / "github", permissions={"metadata": "read", "contents": "write"}) as world:
        code, said = pushed(
            world, tmp_path, world.repository, "feature", token=world.token(), path=".github/workflows/ci.yml"
        )
        assert code == 1
        words = "refusing to allow a GitHub App to create or update workflow `.github/workflows/ci.yml` without "
        assert f"[remote rejected] ({words}`workflows` permission)" in said


def test_the_branch_of_a_pull_request_in_a_fork_that_allows_it(world: SmallWorld, tmp_path: Path) -> None:
    fork, pull = forked(world)
    token = world.token(permissions=WRITE, repository_ids=[world.repository.id])
    code, said = pushed(world, tmp_path, fork, "theirs", token=token)
    assert code == 0, said
    assert pull.head_sha == fork.head("theirs")
    assert world.events()[-1] == "pull_request synchronize"
    assert world.fake.deliveries[-1].payload["sender"]["login"] == "revwright[bot]"
    calls = [call for call in world.fake.git_calls if call.pushed]
    assert [(new, ref) for call in calls for _, new, ref in call.pushed] == [(pull.head_sha, "refs/heads/theirs")]


def test_no_other_branch_of_that_fork(world: SmallWorld, tmp_path: Path) -> None:
    fork, _ = forked(world)
    before = fork.head("other")
    code, said = pushed(world, tmp_path, fork, "other", token=world.token(permissions=WRITE))
    assert code == 1
    assert "[remote rejected] (permission denied)" in said
    assert fork.store.branches()["other"] == before


@pytest.mark.parametrize("why", ["not allowed", "an organization's", "closed", "no right to the base", "not covered"])
def test_forks_that_nobody_else_pushes_to(world: SmallWorld, tmp_path: Path, why: str) -> None:
    fork, pull = forked(world, kind="Organization" if why == "an organization's" else "User")
    pull.maintainers_may_edit = why != "not allowed"
    if why == "closed":
        pull.close()
    other = world.fake.create_repository("acme/other", installation=world.installation)
    narrowing: dict[str, Any] = {"permissions": WRITE}
    if why == "no right to the base":
        narrowing = {"permissions": {"contents": "read"}}
    if why == "not covered":
        narrowing |= {"repository_ids": [other.id]}
    code, said = pushed(world, tmp_path, fork, "theirs", token=world.token(**narrowing))
    assert code == 128
    assert "returned error: 403" in said
    assert world.fake.git_calls[-1].status == 403
    api = world.as_installation(permissions={"pull_requests": "read"})
    allowed = api("GET", f"/repos/acme/web/pulls/{pull.number}").json()["maintainer_can_modify"]
    assert allowed is (why not in {"not allowed", "an organization's"})


def test_a_revoked_token_pushes_nothing(world: SmallWorld, tmp_path: Path) -> None:
    token = world.token(permissions=WRITE)
    assert Api(world.client, f"token {token}")("DELETE", "/installation/token").status_code == 204
    done = world.git(tmp_path, "ls-remote", world.remote, token=token)
    assert (done.returncode, world.fake.git_calls[-1].status) == (128, 401)


def commit(world: SmallWorld, token: str, **changes: Any) -> Any:
    wanted = {
        "branch": {"repositoryNameWithOwner": "acme/web", "branchName": "feature"},
        "expectedHeadOid": world.pull.head_sha,
        "fileChanges": {
            "additions": [{"path": "a.txt", "contents": base64.b64encode(b"by API\n").decode()}],
            "deletions": [{"path": "new.txt"}],
        },
        "message": {"headline": "fix: it", "body": "Trailer: x"},
        **changes,
    }
    url = str(world.client.base_url).removesuffix("/v3/") + "/graphql"
    reply = Api(world.client, f"token {token}")("POST", url, {"query": COMMIT, "variables": {"input": wanted}})
    assert reply.status_code == httpx.codes.OK, reply.text
    return reply.json()


def test_a_commit_is_made_on_a_branch(world: SmallWorld) -> None:
    before = world.pull.head_sha
    sha = commit(world, world.token(permissions=WRITE))["data"]["createCommitOnBranch"]["commit"]["oid"]
    assert world.pull.head_sha == sha
    (made,) = world.repository.store.commits([sha])
    assert (made.parents, made.message) == ((before,), "fix: it\n\nTrailer: x")
    assert (made.author[0], made.committer[0]) == ("revwright[bot]", "GitHub")
    assert [(one.path, one.mode) for one in world.repository.store.tree(sha)] == [
        ("a.txt", "100644"),
        ("x.bin", "100644"),
    ]
    assert world.events()[-2:] == ["push", "pull_request synchronize"]


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"expectedHeadOid": "1" * 40}, "STALE_DATA"),
        ({"branch": {"repositoryNameWithOwner": "acme/web", "branchName": "nowhere"}}, "NOT_FOUND"),
        ({"branch": {"repositoryNameWithOwner": "acme/none", "branchName": "feature"}}, "NOT_FOUND"),
        ({"branch": {"repositoryNameWithOwner": "acme/web", "branchName": "main"}}, "UNPROCESSABLE"),
        ({"fileChanges": {"deletions": [{"path": "nothing"}]}}, "UNPROCESSABLE"),
        ({"fileChanges": {"additions": [{"path": "a", "contents": "?"}]}}, "UNPROCESSABLE"),
        ({"fileChanges": {"additions": [{"path": "../a", "contents": ""}]}}, "UNPROCESSABLE"),
        ({"fileChanges": {"additions": [{"path": ".github/workflows/x.yml", "contents": ""}]}}, "FORBIDDEN"),
    ],
)
def test_commits_that_github_does_not_make(world: SmallWorld, changes: dict[str, Any], kind: str) -> None:
    world.repository.protected_branches.add("main")
    before = world.repository.branches
    told = commit(world, world.token(permissions=WRITE), **changes)
    assert [error["type"] for error in told["errors"]] == [kind]
    assert world.repository.branches == before


def test_reading_is_not_committing(world: SmallWorld) -> None:
    told = commit(world, world.token(permissions={"contents": "read"}))
    assert [error["type"] for error in told["errors"]] == ["FORBIDDEN"]
