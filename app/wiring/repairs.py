"""Commits of ours, pushed with a token that is minted for that push and revoked after it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from app.adapters.git.repairs import GitRepairs
from app.adapters.github.tokens import InstallationTokens, Stage
from app.domain.commits import CommitText
from app.domain.patches import Patch
from app.domain.pull_request import PullRequestRef, RepositoryName, Sha
from app.domain.pushing import Drafted, PushOutcome
from app.ports.github import Place


@dataclass(frozen=True, slots=True)
class TokenRepairs:
    """Implements ports.Repairs."""

    repairs: GitRepairs
    tokens: InstallationTokens

    async def commit(
        self, ref: PullRequestRef, repository: RepositoryName, patch: Patch, text: CommitText, *, head: Sha
    ) -> Drafted:
        return await self.repairs.commit(ref, repository, patch, text, head=head)

    async def rebased(
        self, ref: PullRequestRef, repository: RepositoryName, commit: Sha, text: CommitText, *, onto: Sha
    ) -> Drafted | None:
        return await self.repairs.rebased(ref, repository, commit, text, onto=onto)

    async def merges(self, ref: PullRequestRef, repository: RepositoryName, *, base: Sha, head: Sha) -> bool:
        return await self.repairs.merges(ref, repository, base=base, head=head)

    async def keeps(self, ref: PullRequestRef, repository: RepositoryName, commit: Sha) -> bool:
        return await self.repairs.keeps(ref, repository, commit)

    async def contains(self, ref: PullRequestRef, repository: RepositoryName, commit: Sha, *, head: Sha) -> bool:
        return await self.repairs.contains(ref, repository, commit, head=head)

    async def reverted(
        self, ref: PullRequestRef, repository: RepositoryName, commits: Collection[Sha], *, base: Sha, head: Sha
    ) -> Sha | None:
        return await self.repairs.reverted(ref, repository, commits, base=base, head=head)

    async def push(
        self, place: Place, *, repository: RepositoryName, branch: str, old: Sha | None, new: Sha
    ) -> PushOutcome:
        async with self.tokens.lent(place.ref, Stage.PUSH) as token:
            return await self.repairs.push(
                place.ref,
                place.repository,
                repository=repository,
                branch=branch,
                old=old,
                new=new,
                token=token.value,
            )
