"""Finds a repository by its name: the App's installation that has it, its id, its branches.

Source: GitHub Docs, "REST API endpoints for GitHub Apps", "... for repositories", "... for branches".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.adapters.github.client import Client
from app.adapters.github.pull_requests import FullSha
from app.adapters.github.tokens import NamedRepository, Stage
from app.domain.errors import GitHubRefused, GitHubUnavailable
from app.domain.pull_request import PullRequestRef, RepositoryName, Sha
from app.ports import Place

_UNAUTHORIZED, _NOT_FOUND = 401, 404


class _Json(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Installation(_Json):
    id: Annotated[int, Field(gt=0)]


class _Repository(_Json):
    id: Annotated[int, Field(gt=0)]
    full_name: str
    default_branch: str


class _Commit(_Json):
    sha: FullSha


class _Branch(_Json):
    commit: _Commit


@dataclass(frozen=True, slots=True)
class FoundRepository:
    place: Place
    """Of no pull request: its number is 0."""
    default_branch: str


class RepositoryFinder:
    """Reads with tokens for that repository alone."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def find(self, name: RepositoryName) -> FoundRepository:
        """Raises GitHubRefused where there is none of the name, or the App is not installed on it."""
        installation = await self._installation(name)
        reach = NamedRepository(installation, name.name)
        reply = await self._client.call(reach, Stage.GATHER, "GET", f"/repos/{_quoted(name)}")
        try:
            data = _Repository.model_validate(reply.json)
            place = Place(PullRequestRef(installation, data.id, 0), RepositoryName.parse(data.full_name))
        except ValueError:
            raise _misshapen(f"repository {name}") from None
        return FoundRepository(place, data.default_branch)

    async def branch(self, place: Place, name: str) -> Sha:
        """The commit that the branch is at. Raises GitHubRefused where there is no such branch."""
        path = f"/repos/{place.repository}/branches/{quote(name, safe='')}"
        try:
            data: Any = (await self._client.call(place.ref, Stage.GATHER, "GET", path)).json
        except GitHubRefused as error:
            if error.status != _NOT_FOUND:
                raise
            raise GitHubRefused(f"{place.repository} has no branch {name!r}", status=error.status) from error
        try:
            return Sha(_Branch.model_validate(data).commit.sha)
        except ValidationError:
            raise _misshapen(f"branch {name!r}") from None

    async def _installation(self, name: RepositoryName) -> int:
        try:
            data = await self._client.as_app(f"/repos/{_quoted(name)}/installation")
        except GitHubRefused as error:
            hints = {
                _NOT_FOUND: f"GitHub knows no repository {name} on which this App is installed: check the name, and "
                f"that the App of REVWRIGHT_GITHUB_APP_ID is installed on {name.owner} and may see {name.name}",
                _UNAUTHORIZED: "GitHub does not accept the App's JWT: check REVWRIGHT_GITHUB_APP_ID, the private key "
                "and this machine's clock",
            }
            if error.status not in hints:
                raise
            raise GitHubRefused(f"{hints[error.status]} ({error})", status=error.status) from error
        try:
            return _Installation.model_validate(data).id
        except ValidationError:
            raise _misshapen(f"installation on {name}") from None


def _quoted(name: RepositoryName) -> str:
    return f"{quote(name.owner, safe='')}/{quote(name.name, safe='')}"


def _misshapen(what: str) -> GitHubUnavailable:
    return GitHubUnavailable(f"GitHub's answer about the {what} does not have the documented shape")
