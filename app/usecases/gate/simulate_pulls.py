"""Tries a policy on the pull requests that GitHub knows to be merged: whom each would have needed, who approved it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from app.domain.codeowners import LOCATIONS, MAX_BYTES, Codeowners
from app.domain.errors import GitHubError, RateLimited
from app.domain.gate.past_pull import approvals, entries_of
from app.domain.gate.requirements import requirements
from app.domain.gate.simulation import PastMerge, Simulated, Simulation, totals
from app.domain.objects import Blob
from app.domain.policy import Policy
from app.domain.pull_request import RepositoryName, Sha
from app.ports import PastPullRequests
from app.usecases.gate.simulate import OnProgress, Past
from app.usecases.gate.standing import owners_in

MOST_PULLS = 200
"""So many if nobody says otherwise. Each takes about four of the 5,000 calls that GitHub allows an hour."""
_FAILURES = 3
"""After so many in a row GitHub is asked no more."""
_NO_NUMBER = "it has no number on GitHub"


@dataclass(slots=True)
class PullSimulator:
    """`name` is what the policy's file is called."""

    pulls: PastPullRequests
    policy: Policy
    name: str
    repository: RepositoryName
    _read: dict[str, Blob] | None = field(default=None, init=False)
    _owners: Codeowners | None = field(default=None, init=False)

    async def simulate(self, past: Past, progress: OnProgress, *, most: int = MOST_PULLS) -> Simulation:
        """Newest first, at most `most`. Raises GitHubError when the pull requests cannot be listed. One that cannot be
        told of is named with the reason; when GitHub's limits stand in the way, or it fails again and again, the rest
        is left.
        """
        history = await self.pulls.merged(past.since, most=most)
        done: list[Simulated] = []
        stopped, failures = "", 0
        for merge in history.merges:
            progress(len(done), len(history.merges))
            try:
                done.append(await self._one(merge))
                failures = 0
            except RateLimited as error:
                stopped = str(error)
                break
            except GitHubError as error:
                done.append(Simulated.untold(merge, str(error)))
                failures += 1
                if failures == _FAILURES and len(done) < len(history.merges):
                    stopped = f"GitHub failed {_FAILURES} times in a row: {error}"
                    break
        progress(len(history.merges), len(history.merges))
        left = len(history.merges) - len(done)
        return Simulation(
            past.branch,
            past.tip,
            past.since,
            self.name,
            history.more,
            tuple(done),
            totals(done),
            most=most,
            repository=str(self.repository),
            left=left,
            stopped=stopped,
        )

    async def _one(self, merge: PastMerge) -> Simulated:
        pull = merge.pull
        if pull is None:
            return Simulated.untold(merge, _NO_NUMBER)
        listed = await self.pulls.files(pull.number)
        if listed.doubt:
            return Simulated.untold(merge, listed.doubt)
        entries = entries_of(listed.files)
        if not requirements(entries, self.policy, None):
            return Simulated.of(merge, entries, self.policy, None)
        one = Simulated.of(merge, entries, self.policy, await self._codeowners(pull.base))
        reviews = await self.pulls.reviews(pull.number)
        return replace(one, approvals=approvals(reviews, pull.head, merge.at))

    async def _codeowners(self, base: Sha) -> Codeowners | None:
        """Read for each base commit, parsed anew only where the files differ."""
        read = await self.pulls.blobs(base, LOCATIONS, max_bytes=MAX_BYTES)
        if read != self._read:
            self._read, self._owners = read, owners_in(read)
        return self._owners
