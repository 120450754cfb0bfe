"""Commits that GitHub makes on a branch: where the branch is meant to be, once, and found again after a lost answer."""

from __future__ import annotations

from typing import Any

import pytest

from app.adapters.github.signed_commits import SignedCommitWriter
from app.domain.errors import GitHubRefused, GitHubUnavailable, WriteUncertain
from app.domain.pull_request import RepositoryName, Sha
from app.ports import SignedCommits
from tests.fakes.github import FakeGitHub
from tests.installed import Installed, installed

GRAPHQL = "/api/graphql"
TEXT = {"headline": "fix: address review finding X1", "body": "Revwright-Run: 1\nRevwright-Findings: X1"}


def writer(setting: Installed) -> SignedCommits:
    return SignedCommitWriter(setting.client, setting.tokens, now=setting.clock)


async def commit(setting: Installed, **changes: Any) -> Sha:
    wanted: dict[str, Any] = {
        "repository": setting.place.repository,
        "branch": "feature",
        "expected_head": Sha(setting.pull.head_sha),
        "additions": {"a.py": b"a = 3\n", "new.bin": b"\0\xff"},
        "deletions": (),
        **TEXT,
        **changes,
    }
    return await writer(setting).create_commit(setting.place, **wanted)


async def found(setting: Installed, expected_head: str, branch: str = "feature", **changes: str) -> Sha | None:
    return await writer(setting).find(
        setting.place,
        repository=setting.place.repository,
        branch=branch,
        expected_head=Sha(expected_head),
        **{**TEXT, **changes},
    )


async def test_a_commit_has_the_files_and_the_words_and_one_parent(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        before, store = setting.pull.head_sha, setting.pull.repository.store
        sha = await commit(setting)
        assert setting.pull.head_sha == sha
        (made,) = store.commits([sha])
        assert (made.parents, made.message) == ((before,), f"{TEXT['headline']}\n\n{TEXT['body']}")
        assert {entry.path: store.blob(entry.sha) for entry in store.tree(sha)} == {
            "a.py": b"a = 3\n",
            "new.bin": b"\0\xff",
        }
        assert github.deliveries[-1].payload["sender"]["login"] == "revwright[bot]"
        assert await found(setting, before) == sha
        later = await commit(setting, additions={}, deletions=("new.bin",))
        assert [entry.path for entry in store.tree(later)] == ["a.py"]


async def test_its_token_is_for_that_commit(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        await commit(setting)
        (call,) = [call for call in github.calls if call.path == GRAPHQL]
        assert call.token_permissions == {"contents": "write", "metadata": "read"}
        assert [token.revoked for token in github.tokens.values()] == [True]


async def test_a_branch_that_moved_gets_nothing(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        before = setting.pull.head_sha
        theirs = setting.pull.repository.commit("feature", {"a.py": "a = 9\n"})
        with pytest.raises(GitHubRefused, match="STALE_DATA") as caught:
            await commit(setting, expected_head=Sha(before))
        assert (caught.value.status, setting.pull.head_sha) == (409, theirs)
        assert await found(setting, before) is None
        assert next(iter(github.tokens.values())).revoked


@pytest.mark.parametrize(
    "changes",
    [
        {"branch": "main"},
        {"branch": "nowhere"},
        {"branch": "-x"},
        {"repository": RepositoryName("acme", "none")},
        {"additions": {".github/workflows/x.yml": b""}},
        {"deletions": ("nothing",)},
    ],
)
async def test_what_github_refuses(github: FakeGitHub, changes: dict[str, Any]) -> None:
    async with installed(github) as setting:
        setting.pull.repository.protected_branches.add("main")
        before = setting.pull.repository.branches
        with pytest.raises(GitHubRefused):
            await commit(setting, **changes)
        assert setting.pull.repository.branches == before


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_lost_answer_is_looked_for(github: FakeGitHub, when: Any) -> None:
    async with installed(github) as setting:
        before = setting.pull.head_sha
        github.faults.add(method="POST", path=GRAPHQL, when=when, drop=True)
        with pytest.raises(WriteUncertain):
            await commit(setting)
        landed = setting.pull.head_sha != before
        assert landed is (when == "after")
        assert await found(setting, before) == (setting.pull.head_sha if landed else None)
        if landed:  # and made again, it would not go on top of itself
            with pytest.raises(GitHubRefused):
                await commit(setting, expected_head=Sha(before))


@pytest.mark.parametrize(
    "data", [{}, {"createCommitOnBranch": None}, {"createCommitOnBranch": {"commit": {"oid": "x"}}}]
)
async def test_an_answer_without_the_commit_is_uncertain(github: FakeGitHub, data: dict[str, Any]) -> None:
    async with installed(github) as setting:
        github.faults.add(method="POST", path=GRAPHQL, status=200, body={"data": data})
        with pytest.raises(WriteUncertain, match="does not name the commit"):
            await commit(setting)


async def test_another_commit_is_not_taken_for_it(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        before = setting.pull.head_sha
        sha = await commit(setting)
        assert await found(setting, before, body="Revwright-Run: 2") is None
        assert await found(setting, sha) is None
        assert await found(setting, before, branch="nowhere") is None
        assert await found(setting, before, branch="main") is None


async def test_a_branch_that_is_called_like_a_commit_or_a_tag(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        before = setting.pull.head_sha
        setting.pull.repository.force_push(before, before)
        sha = await commit(setting, branch=before)
        assert await found(setting, before, branch=before) == sha


@pytest.mark.parametrize("path", ["/git/ref/", "/git/commits/"])
@pytest.mark.parametrize("body", [{}, [], {"object": None, "parents": [{}], "message": ""}])
async def test_a_commit_of_another_shape_is_unavailable(github: FakeGitHub, path: str, body: Any) -> None:
    async with installed(github) as setting:
        github.faults.add(method="GET", path=path, status=200, body=body)
        with pytest.raises(GitHubUnavailable, match="documented shape"):
            await found(setting, setting.pull.head_sha)


async def test_github_in_trouble_is_not_an_absent_commit(github: FakeGitHub) -> None:
    async with installed(github) as setting:
        github.faults.add(method="GET", path="/git/ref/", status=403, body={"message": "no"})
        with pytest.raises(GitHubRefused):
            await found(setting, setting.pull.head_sha)
