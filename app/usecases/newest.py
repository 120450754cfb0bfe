"""Reads a pull request as it is now: where GitHub's API and git disagree about its head, the job waits."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.errors import GitHubUnavailable
from app.domain.pull_request import PullRequest
from app.domain.row import Row
from app.ports import Mirrors, PullRequests


class HeadMoved(GitHubUnavailable):
    """Git and the API disagree about the head: a push whose delivery is not here yet, or one of them lags behind.

    That is GitHub's trouble, however long it takes, and no reason to give a job up.
    """


@dataclass(frozen=True, slots=True)
class Newest:
    pull_requests: PullRequests
    mirrors: Mirrors

    async def read(self, row: Row) -> PullRequest:
        """The pull request as it is now. GitHub's API may lag behind its own deliveries: then git decides."""
        pull = await self.pull_requests.read(row.key.ref, row.wanted.repository)
        if pull.head_sha != row.wanted.head:
            await self.confirm(row, pull)
        return pull

    async def confirm(self, row: Row, pull: PullRequest) -> None:
        """Raises HeadMoved when git names another head than `pull` has."""
        if await self.mirrors.pull_request_head(pull.ref, pull.repository) != pull.head_sha:
            raise HeadMoved(f"git names another head of {row.key} than the API did")
