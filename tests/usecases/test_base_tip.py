"""The base of a pull request is its branch as it is now, as git says, and not what the API last noted."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from app.domain.errors import GitHubUnavailable
from app.domain.pull_request import PullRequest, PullRequestRef, RepositoryName, Sha
from app.ports import Repository
from app.usecases.base_tip import AtBaseTip
from tests.build import BASE, HEAD, REF, REPOSITORY, pull_request
from tests.fakes.repository import FakeRepository

TIP = Sha("7" * 40)


@dataclass
class Known:
    """Implements ports.PullRequests and ports.Mirrors: one pull request, and one branch."""

    pull: PullRequest
    tip: Sha | None

    async def read(self, ref: PullRequestRef, hint: RepositoryName) -> PullRequest:
        assert (ref, hint) == (REF, REPOSITORY)
        return self.pull

    async def branch_head(self, ref: PullRequestRef, repository: RepositoryName, branch: str) -> Sha | None:
        assert (ref, repository, branch) == (REF, REPOSITORY, "main")
        return self.tip

    async def pull_request_head(self, ref: PullRequestRef, repository: RepositoryName) -> Sha | None:
        return HEAD

    async def fetch(
        self, ref: PullRequestRef, repository: RepositoryName, *, head: Sha, base: Sha, floor: Sha | None = None
    ) -> Repository:
        return FakeRepository({}, None)


async def read(pull: PullRequest, tip: Sha | None) -> PullRequest:
    known = Known(pull, tip)
    return await AtBaseTip(known, known).read(REF, REPOSITORY)


async def test_the_base_is_where_git_has_the_branch() -> None:
    assert await read(pull_request(base_sha=BASE), TIP) == pull_request(base_sha=TIP)


async def test_of_a_closed_pull_request_nobody_asks_git() -> None:
    closed = pull_request(open=False)
    assert await read(closed, None) == closed


async def test_without_a_base_branch_nothing_is_judged() -> None:
    with pytest.raises(GitHubUnavailable, match="git has no branch 'main'"):
        await read(pull_request(), None)
