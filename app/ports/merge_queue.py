"""What a check of a merge queue's group needs of git: the chain of its commits, and what a merge would give."""

from __future__ import annotations

from typing import Protocol

from app.domain.merge_group import Link
from app.domain.pull_request import PullRequestRef, RepositoryName, Sha


class GroupRepository(Protocol):
    """A git object database at hand. Raises GitFailed."""

    async def merge_base(self, a: Sha, b: Sha) -> Sha | None:
        """The best common ancestor, or None for unrelated histories."""
        ...

    async def chain(self, old: Sha, new: Sha, *, most: int) -> tuple[Link, ...] | None:
        """The first parents from after `old` to `new`, oldest first; None when they do not lead there in so many."""
        ...

    async def merged_tree(self, ours: Sha, theirs: Sha) -> Sha | None:
        """The tree that merging the commits gives; None when they are in conflict."""
        ...


class GroupMirrors(Protocol):
    """Local mirrors of repositories on GitHub. Raises GitFailed."""

    async def fetch(
        self, ref: PullRequestRef, repository: RepositoryName, *, head: Sha, base: Sha, floor: Sha | None = None
    ) -> GroupRepository:
        """A database that holds the commits with their history."""
        ...

    async def branch_head(self, ref: PullRequestRef, repository: RepositoryName, branch: str) -> Sha | None:
        """Where the branch points now; None when there is none of that name."""
        ...
