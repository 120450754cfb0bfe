"""Reads pull requests; GitHub's JSON becomes our own values here."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.adapters.github.client import Client
from app.adapters.github.tokens import Stage
from app.domain.errors import GitHubUnavailable
from app.domain.pull_request import PullRequest, PullRequestRef, RepositoryName, Sha

FullSha = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]


class _Json(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _User(_Json):
    id: int
    login: str


class _Repository(_Json):
    id: int
    full_name: str


class _BaseRepository(_Repository):
    default_branch: str


class _Branch(_Json):
    sha: FullSha
    ref: str
    repo: _Repository | None


class _Base(_Json):
    sha: FullSha
    ref: str
    repo: _BaseRepository | None


class _PullRequest(_Json):
    title: str
    body: str | None
    user: _User | None
    state: str
    draft: bool = False
    head: _Branch
    base: _Base
    review_comments: int = Field(default=1, ge=0)
    """Some, where GitHub does not say."""


class PullRequestReader:
    """Implements ports.PullRequests."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def read(self, ref: PullRequestRef, hint: RepositoryName) -> PullRequest:
        token = await self._client.tokens.get(ref, Stage.GATHER)
        name = token.repository or hint
        reply = await self._client.call(ref, Stage.GATHER, "GET", f"/repos/{name}/pulls/{ref.number}")
        try:
            data = _PullRequest.model_validate(reply.json)
        except ValidationError as error:
            fields = ", ".join(".".join(map(str, e["loc"])) for e in error.errors())
            raise GitHubUnavailable(f"the pull request's JSON has a wrong shape at: {fields}") from None
        if data.base.repo is None or data.base.repo.id != ref.repository_id:
            raise GitHubUnavailable(f"asked for a pull request of repository {ref.repository_id}, got another's")
        return PullRequest(
            ref=ref,
            repository=RepositoryName.parse(data.base.repo.full_name),
            title=data.title,
            body=data.body or "",
            author_id=data.user.id if data.user else None,
            open=data.state == "open",
            draft=data.draft,
            head_sha=Sha(data.head.sha),
            head_ref=data.head.ref,
            head_repository_id=data.head.repo.id if data.head.repo else None,
            base_sha=Sha(data.base.sha),
            base_ref=data.base.ref,
            default_branch=data.base.repo.default_branch,
            author=data.user.login if data.user else None,
            review_comments=data.review_comments,
        )
