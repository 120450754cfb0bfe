"""Tries a policy on the past: which merges of a branch would have waited at the gate, and for whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from app.domain.codeowners import LOCATIONS, MAX_BYTES, Codeowners
from app.domain.entries import Entry
from app.domain.errors import GitFailed
from app.domain.gate.requirements import requirements
from app.domain.gate.simulation import MAX_MERGES, PastMerge, Simulated, Simulation, totals
from app.domain.objects import Blob
from app.domain.policy import Policy
from app.domain.pull_request import Sha
from app.ports import PastChanges
from app.usecases.gate.standing import owners_in

OnProgress = Callable[[int, int], None]
"""Told how many merges are done, and of how many."""

_TWO = 2
_NO_PARENT = "it has no parent here: it is the first commit, or the clone is shallow and ends with it"


@dataclass(frozen=True, slots=True)
class Past:
    """Which part of a repository's past is looked at. `tip` is where the branch is now."""

    branch: str
    tip: Sha
    since: datetime


@dataclass(slots=True)
class Simulator:
    """`name` is what the policy's file is called."""

    repository: PastChanges
    policy: Policy
    name: str
    _read: dict[str, Blob] | None = field(default=None, init=False)
    _owners: Codeowners | None = field(default=None, init=False)

    async def simulate(self, past: Past, progress: OnProgress, *, most: int = MAX_MERGES) -> Simulation:
        """Newest first, at most `most` merges. Raises GitFailed when the branch's history cannot be read; a merge that
        cannot be told of is named with the reason.
        """
        history = await self.repository.merges(past.tip, past.since, most=most)
        done: list[Simulated] = []
        for merge in history.merges:
            progress(len(done), len(history.merges))
            done.append(await self._one(merge))
        progress(len(done), len(history.merges))
        return Simulation(
            past.branch, past.tip, past.since, self.name, history.more, tuple(done), totals(done), most=most
        )

    async def _one(self, merge: PastMerge) -> Simulated:
        if not merge.parents:
            return Simulated.untold(merge, _NO_PARENT)
        try:
            entries = await self._entries(merge)
            core = requirements(entries, self.policy, None)
            owners = await self._codeowners(merge.parents[0]) if core else None
        except GitFailed as error:
            return Simulated.untold(merge, str(error))
        return Simulated.of(merge, entries, self.policy, owners)

    async def _entries(self, merge: PastMerge) -> tuple[Entry, ...]:
        """What the pull request changed. A squashed or rebased commit is its own change, and so is an octopus."""
        base = merge.parents[0]
        if len(merge.parents) != _TWO:
            return await self.repository.entries(base, merge.commit)
        head = merge.parents[1]
        merge_base = await self.repository.merge_base(base, head)
        if merge_base is None:
            raise GitFailed(f"{base} and {head} have no common ancestor here, so there is no change")
        return await self.repository.entries(merge_base, head)

    async def _codeowners(self, base: Sha) -> Codeowners | None:
        """Read for each merge, parsed anew only where the files differ."""
        read = await self.repository.blobs(base, LOCATIONS, max_bytes=MAX_BYTES)
        if read != self._read:
            self._read, self._owners = read, owners_in(read)
        return self._owners
