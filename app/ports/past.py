"""What a look at a branch's past asks of a repository at hand, or of GitHub."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from app.domain.entries import Entry
from app.domain.gate.past_pull import FileList
from app.domain.gate.reviews import Review
from app.domain.gate.simulation import History
from app.domain.objects import Blob
from app.domain.pull_request import Sha


class PastChanges(Protocol):
    """The history of a branch and what stood in its commits. All raise GitFailed."""

    async def merges(self, tip: Sha, since: datetime, *, most: int) -> History:
        """The newest `most` commits on the first-parent history of `tip` that were committed since then."""
        ...

    async def merge_base(self, a: Sha, b: Sha) -> Sha | None:
        """The best common ancestor, or None for unrelated histories."""
        ...

    async def entries(self, old: Sha, new: Sha) -> tuple[Entry, ...]:
        """Every changed entry between two commits, in git's order."""
        ...

    async def blobs(self, commit: Sha, paths: Sequence[str], *, max_bytes: int) -> dict[str, Blob]:
        """Those of the paths that are files or links, each with at most `max_bytes` of its bytes."""
        ...


class PastPullRequests(Protocol):
    """What GitHub tells of the pull requests of one branch. All raise GitHubError."""

    async def merged(self, since: datetime, *, most: int) -> History:
        """The newest `most` pull requests that were merged into the branch since then, each with its `pull`."""
        ...

    async def files(self, number: int) -> FileList:
        """What a pull request changed, and how many files GitHub says it changed."""
        ...

    async def reviews(self, number: int) -> tuple[Review, ...]:
        """Everybody's, oldest first."""
        ...

    async def blobs(self, commit: Sha, paths: Sequence[str], *, max_bytes: int) -> dict[str, Blob]:
        """Those of the paths that are files or links. Of what has more than `max_bytes`, only the size."""
        ...
