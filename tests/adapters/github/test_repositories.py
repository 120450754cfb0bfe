"""A repository found by its name, its branches, and what GitHub's refusals mean."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from app.adapters.github.repositories import FoundRepository, RepositoryFinder
from app.domain.errors import GitHubRefused, GitHubUnavailable
from app.domain.pull_request import PullRequestRef, RepositoryName
from app.ports import Place
from tests.fakes.github import FakeGitHub
from tests.installed import Installed, installed

WEB = RepositoryName("acme", "web")


@asynccontextmanager
async def finding(github: FakeGitHub) -> AsyncIterator[tuple[Installed, RepositoryFinder]]:
    async with installed(github) as setting:
        yield setting, RepositoryFinder(setting.client)


async def test_a_repository_is_found_in_any_spelling(github: FakeGitHub) -> None:
    async with finding(github) as (setting, finder):
        ref = PullRequestRef(setting.place.ref.installation_id, setting.place.ref.repository_id, 0)
        found = await finder.find(RepositoryName("ACME", "Web"))
        assert found == FoundRepository(Place(ref, WEB), "main")


async def test_a_branch_may_have_slashes(github: FakeGitHub) -> None:
    async with finding(github) as (setting, finder):
        commit = setting.pull.repository.commit("release/1.0", {"a": "1\n"})
        assert await finder.branch(setting.place, "release/1.0") == commit
        with pytest.raises(GitHubRefused, match="acme/web has no branch 'release'"):
            await finder.branch(setting.place, "release")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "GitHub knows no repository acme/web on which this App is installed: check the name"),
        (401, "GitHub does not accept the App's JWT: check REVWRIGHT_GITHUB_APP_ID"),
        (422, "GET /repos/acme/web/installation: HTTP 422 no"),
    ],
)
async def test_a_refusal_says_what_to_do(github: FakeGitHub, status: int, words: str) -> None:
    async with finding(github) as (_, finder):
        github.faults.add(path="/installation$", status=status, body={"message": "no"})
        with pytest.raises(GitHubRefused, match=words) as refused:
            await finder.find(WEB)
        assert refused.value.status == status


async def test_another_refusal_of_a_branch_is_told_as_it_is(github: FakeGitHub) -> None:
    async with finding(github) as (setting, finder):
        github.faults.add(path="/branches/", status=403, body={"message": "no"})
        with pytest.raises(GitHubRefused, match="HTTP 403 no"):
            await finder.branch(setting.place, "main")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/installation$", {"id": 0}),
        ("/repos/acme/web$", {}),
        ("/repos/acme/web$", {"id": 1, "full_name": "web", "default_branch": "main"}),
        ("/branches/", {"commit": {"sha": "HEAD"}}),
    ],
)
async def test_an_answer_of_another_shape_is_no_repository(github: FakeGitHub, path: str, body: Any) -> None:
    async with finding(github) as (setting, finder):
        github.faults.add(path=path, status=200, body=body)
        with pytest.raises(GitHubUnavailable, match="does not have the documented shape"):
            await finder.branch((await finder.find(WEB)).place, "main")
        assert setting.slept.seconds == []
