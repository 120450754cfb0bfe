"""Mirrors that fetch with a read token of the installation, and with a new one when the server refuses it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from app.adapters.git.mirror import GitMirrors
from app.adapters.git.objects import GitRepository
from app.adapters.github.tokens import InstallationTokens, Stage
from app.domain.errors import GitFailed
from app.domain.pull_request import PullRequestRef, RepositoryName, Sha

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TokenMirrors:
    """Implements ports.Mirrors and ports.GroupMirrors."""

    mirrors: GitMirrors
    tokens: InstallationTokens

    async def fetch(
        self, ref: PullRequestRef, repository: RepositoryName, *, head: Sha, base: Sha, floor: Sha | None = None
    ) -> GitRepository:
        return await self._with_token(
            ref, lambda token: self.mirrors.fetch(ref, repository, head=head, base=base, floor=floor, token=token)
        )

    async def branch_head(self, ref: PullRequestRef, repository: RepositoryName, branch: str) -> Sha | None:
        return await self._with_token(ref, lambda token: self.mirrors.branch_head(ref, repository, branch, token=token))

    async def pull_request_head(self, ref: PullRequestRef, repository: RepositoryName) -> Sha | None:
        return await self._with_token(ref, lambda token: self.mirrors.pull_request_head(ref, repository, token=token))

    async def _with_token(self, ref: PullRequestRef, act: Callable[[str], Awaitable[T]]) -> T:
        """A token may be revoked before its time: one new one is tried."""
        token = await self.tokens.get(ref, Stage.GATHER)
        try:
            return await act(token.value)
        except GitFailed as error:
            if not error.unauthorized:
                raise
            self.tokens.drop(ref, Stage.GATHER, token)
            return await act((await self.tokens.get(ref, Stage.GATHER)).value)
