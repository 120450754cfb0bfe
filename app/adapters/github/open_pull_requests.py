"""Lists a repository's open pull requests. Source: GitHub Docs, "REST API endpoints for pull requests"."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from app.adapters.github.client import Client
from app.adapters.github.tokens import Stage
from app.domain.errors import GitHubUnavailable
from app.domain.missed import KnownRepository, OpenPullRequest
from app.domain.pull_request import PullRequestRef, RepositoryName, Sha

_log = logging.getLogger(__name__)

_MOST = 1_000


class _Json(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Account(_Json):
    id: int


class _Repository(_Json):
    id: int
    full_name: str
    owner: _Account


class _Head(_Json):
    sha: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]


class _Base(_Json):
    repo: _Repository


class _PullRequest(_Json):
    number: int
    draft: bool = False
    head: _Head
    base: _Base
    created_at: AwareDatetime
    updated_at: AwareDatetime

    def value(self) -> OpenPullRequest:
        return OpenPullRequest(
            number=self.number,
            repository=RepositoryName.parse(self.base.repo.full_name),
            account_id=self.base.repo.owner.id,
            head=Sha(self.head.sha),
            draft=self.draft,
            created_at=self.created_at,
            updated_at=self.updated_at,
        )


_ITEMS = TypeAdapter(list[_PullRequest])


class OpenPullRequestLister:
    """Implements ports.OpenPullRequests. After `most` pull requests the rest is left out with a warning."""

    def __init__(self, client: Client, *, most: int = _MOST) -> None:
        self._client = client
        self._most = most

    async def list(self, repository: KnownRepository) -> AsyncIterator[OpenPullRequest]:
        # Tokens are for a whole repository: the number does not matter.
        ref = PullRequestRef(repository.installation_id, repository.repository_id, 0)
        token = await self._client.tokens.get(ref, Stage.GATHER)
        name = token.repository or repository.name
        left = self._most
        path = f"/repos/{name}/pulls?state=open&sort=updated&direction=desc"
        async for page in self._client.pages(ref, Stage.GATHER, path):
            for pull in _pulls(page, repository):
                if left == 0:
                    _log.warning("%s has more than %d open pull requests: the rest is not compared", name, self._most)
                    return
                left -= 1
                yield pull


def _pulls(page: list[Any], repository: KnownRepository) -> tuple[OpenPullRequest, ...]:
    try:
        items = _ITEMS.validate_python(page)
    except ValidationError as error:
        fields = ", ".join(sorted({".".join(map(str, e["loc"][1:])) for e in error.errors()}))
        raise GitHubUnavailable(f"the list of pull requests has a wrong shape at: {fields}") from None
    if any(item.base.repo.id != repository.repository_id for item in items):
        raise GitHubUnavailable(f"asked for pull requests of repository {repository.repository_id}, got another's")
    return tuple(item.value() for item in items)
