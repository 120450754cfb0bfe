"""What a fix needs of git and of GitHub: a commit of ours, its way to the pull request's branch, and that branch."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from app.domain.branches import HeadBranch
from app.domain.commits import CommitText
from app.domain.patches import Patch
from app.domain.pull_request import PullRequestRef, RepositoryName, Sha
from app.domain.pushing import Drafted, PushOutcome
from app.ports.github import Place


class Repairs(Protocol):
    """Commits of ours in the mirror of a pull request's repository, and pushing them. Nothing has a work tree.

    The mirror has the commits that are named here when `Mirrors.fetch` was called for them before. Readers of the
    mirror can read a drafted commit like any other.
    """

    async def commit(
        self, ref: PullRequestRef, repository: RepositoryName, patch: Patch, text: CommitText, *, head: Sha
    ) -> Drafted:
        """The patch as one commit on top of `head`; the same arguments give the same commit.

        Raises PatchRefused for what the policy on patches does not let pass, GitFailed, also for a patch that changes
        nothing or was made on another commit.
        """
        ...

    async def rebased(
        self, ref: PullRequestRef, repository: RepositoryName, commit: Sha, text: CommitText, *, onto: Sha
    ) -> Drafted | None:
        """The same change to the same files as one commit on top of `onto`; None when it does not apply cleanly, or
        when `onto` has all of it already. It is another content than the one that was verified.

        Raises PatchRefused, GitFailed.
        """
        ...

    async def merges(self, ref: PullRequestRef, repository: RepositoryName, *, base: Sha, head: Sha) -> bool:
        """Whether the commits can be merged without a conflict. Raises GitFailed."""
        ...

    async def keeps(self, ref: PullRequestRef, repository: RepositoryName, commit: Sha) -> bool:
        """Whether the mirror has the commit; one that was built anew has none that nobody fetched."""
        ...

    async def contains(self, ref: PullRequestRef, repository: RepositoryName, commit: Sha, *, head: Sha) -> bool:
        """Whether the commit is in the history of `head`, which was fetched. Raises GitFailed."""
        ...

    async def reverted(
        self, ref: PullRequestRef, repository: RepositoryName, commits: Collection[Sha], *, base: Sha, head: Sha
    ) -> Sha | None:
        """The first of the commits that a commit of `base..head` says it reverts, as `git revert` writes it, itself or
        by a merge that brought it there; None when none is. Of more than 1,000 commits the newest are looked at.

        Raises GitFailed.
        """
        ...

    async def push(
        self, place: Place, *, repository: RepositoryName, branch: str, old: Sha | None, new: Sha
    ) -> PushOutcome:
        """Move `branch` of `repository` (the pull request's own or its fork) from `old` to `new`, which must descend
        from it; with None, make it. A push that may or may not have arrived is looked for before anything is said.

        Calling it again is harmless: what was pushed is PUSHED. Raises GitFailed, with `retry` when nobody knows, or
        when nothing was changed for a passing reason; GitHubError when GitHub gives no token for it.
        """
        ...


class HeadBranches(Protocol):
    """The branches that pull requests come from."""

    async def read(self, place: Place) -> HeadBranch | None:
        """The head's branch now; None when its repository or the branch is gone.

        A branch of a fork that may not be read counts as not protected: a push to it tells.
        """
        ...


class SignedCommits(Protocol):
    """Commits that GitHub makes, and signs, on the branch of a pull request."""

    async def create_commit(
        self,
        place: Place,
        *,
        repository: RepositoryName,
        branch: str,
        expected_head: Sha,
        additions: Mapping[str, bytes],
        deletions: Sequence[str],
        headline: str,
        body: str,
    ) -> Sha:
        """One commit on top of `expected_head`, by our App. `additions` are whole regular files; the mode of a file
        that is there stays, and that of a new one is 100644.

        Raises WriteUncertain, then `find`; GitHubRefused, with status 409 when the branch is elsewhere.
        """
        ...

    async def find(
        self, place: Place, *, repository: RepositoryName, branch: str, expected_head: Sha, headline: str, body: str
    ) -> Sha | None:
        """The commit that the branch is at, if it is that one; after an uncertain `create_commit`."""
        ...

    async def tree(self, place: Place, *, repository: RepositoryName, commit: Sha) -> Sha | None:
        """The tree of a commit; None when there is no such commit."""
        ...


class Stacking(Protocol):
    """Pull requests of our own from a branch of ours that is there. Writes raise WriteUncertain, GitHubRefused."""

    async def open(self, place: Place, *, branch: str, onto: str, title: str, body: str) -> int:
        """Its number. `branch` and `onto` are both in the repository itself; title and body are inert."""
        ...

    async def find(self, place: Place, branch: str) -> int | None:
        """The number of the pull request from that branch of the repository itself."""
        ...
