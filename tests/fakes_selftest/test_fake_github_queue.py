"""The stand-in's merge queue: groups of real commits, announced as GitHub announces them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.github import FakeGitHub, PullRequest, Repository

SAMPLES = Path(__file__).parent.parent / "samples" / "octokit-webhooks-examples" / "index.json.gz"


@pytest.fixture
def repo(github: FakeGitHub) -> Repository:
    installation = github.add_installation(github.add_user("acme", type="Organization"))
    repo = github.create_repository("acme/web", installation=installation)
    repo.commit("main", {"a": "1\n"})
    return repo


def opened(repo: Repository, name: str) -> PullRequest:
    repo.commit(name, {name: "1\n"}, parent=repo.head("main"))
    repo.commit(name, {name: "2\n"})
    return repo.open_pull_request(head=name)


def samples() -> Iterator[dict[str, Any]]:
    for event in json.loads(gzip.decompress(SAMPLES.read_bytes())):
        if event["name"] == "merge_group":
            yield from event["examples"]


def test_a_group_is_announced_with_all_that_github_s_examples_tell(repo: Repository) -> None:
    group = repo.queue(opened(repo, "one"))
    group.destroy("merged")
    asked, gone = repo.fake.deliveries.of("merge_group")

    assert (asked.action, gone.action) == ("checks_requested", "destroyed")
    assert gone.payload["reason"] == "merged"
    for sample in samples():
        assert sample["merge_group"].keys() <= asked.payload["merge_group"].keys()
        assert sample["merge_group"]["base_ref"].startswith("refs/heads/")
        assert sample["merge_group"]["head_ref"].startswith("refs/heads/gh-readonly-queue/")
        assert sample.keys() <= asked.payload.keys()
    assert asked.payload["merge_group"]["head_ref"] == f"refs/heads/{group.branch}"
    assert group.branch not in repo.branches


@pytest.mark.parametrize(("method", "commits", "parents"), [("merge", 2, 2), ("squash", 2, 1), ("rebase", 4, 1)])
def test_each_method_makes_its_own_commits_of_the_same_files(
    repo: Repository, method: str, commits: int, parents: int
) -> None:
    one, two = opened(repo, "one"), opened(repo, "two")
    group = repo.queue(one, two, method=method)
    chain = repo.store.text("rev-list", "--first-parent", "--parents", f"{group.base_sha}..{group.head_sha}")

    assert [len(line.split()) - 1 for line in chain.splitlines()] == [parents] * commits
    assert [entry.path for entry in repo.store.tree(group.head_sha)] == ["a", "one", "two"]
    assert group.branch == f"gh-readonly-queue/main/pr-{two.number}-{group.base_sha}"
    assert repo.queue(one, onto=group).base_sha == group.head_sha
