"""Pull requests with their base branch as it is now, because that is what they would be merged into."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.domain.errors import GitHubUnavailable
from app.domain.pull_request import PullRequest, PullRequestRef, RepositoryName
from app.ports import Mirrors, PullRequests


@dataclass(frozen=True, slots=True)
class AtBaseTip:
    """Implements ports.PullRequests.

    `base.sha` of GitHub's API is where the base branch was at the last push to the head: rules that came to the branch
    since would not hold, and commits that were taken back from it would not be in the change.
    """

    pull_requests: PullRequests
    mirrors: Mirrors

    async def read(self, ref: PullRequestRef, hint: RepositoryName) -> PullRequest:
        """Asks git where the branch is. Raises GitHubUnavailable while an open pull request has none."""
        pull = await self.pull_requests.read(ref, hint)
        if not pull.open:
            return pull
        tip = await self.mirrors.branch_head(pull.ref, pull.repository, pull.base_ref)
        if tip is None:
            raise GitHubUnavailable(f"git has no branch {pull.base_ref!r}, which the API names as the base of {ref}")
        return replace(pull, base_sha=tip)
