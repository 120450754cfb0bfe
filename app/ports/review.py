"""What a review needs: a model, and the repository at exact commits."""

from __future__ import annotations

from typing import Protocol

from app.domain.model import Completion, ModelRequest
from app.domain.objects import Change
from app.domain.pull_request import PullRequestRef, RepositoryName, Sha
from app.ports.code import Code
from app.ports.sandbox import Tree


class Model(Protocol):
    """A language model behind any OpenAI-compatible endpoint."""

    async def complete(self, request: ModelRequest) -> Completion:
        """Answer one request.

        Raises ModelUnavailable (try later), ModelRejected (a setting must change), ModelContextFull (say it shorter) or
        BudgetRefused (a cap stands in the way).
        """
        ...


class Repository(Code, Protocol):
    """A git object database at hand. Nothing here touches a work tree."""

    async def merge_base(self, a: Sha, b: Sha) -> Sha | None:
        """The best common ancestor, or None for unrelated histories."""
        ...

    async def changes(self, old: Sha, new: Sha) -> tuple[Change, ...]:
        """Every changed entry between two commits, in git's order, each with its diff or the reason for none."""
        ...

    async def last_change(self, old: Sha, new: Sha, path: str) -> Sha | None:
        """The newest commit that `new` has and `old` has not and that touches the path; None when there is none."""
        ...

    def tree(self, commit: Sha) -> Tree:
        """All files of a commit, which are read when asked for."""
        ...


class Mirrors(Protocol):
    """Local mirrors of repositories on GitHub."""

    async def fetch(
        self, ref: PullRequestRef, repository: RepositoryName, *, head: Sha, base: Sha, floor: Sha | None = None
    ) -> Repository:
        """A database that holds the commits with their history. Raises GitFailed.

        `floor` is a third commit of the base repository, whose files are read as well.
        """
        ...

    async def branch_head(self, ref: PullRequestRef, repository: RepositoryName, branch: str) -> Sha | None:
        """Where the branch points now, asked over git; None when there is none of that name."""
        ...

    async def pull_request_head(self, ref: PullRequestRef, repository: RepositoryName) -> Sha | None:
        """Where `refs/pull/N/head` points now, asked over git; None when it is gone."""
        ...
