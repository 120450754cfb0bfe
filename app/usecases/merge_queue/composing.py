"""Finds out which pull requests a group is made of, and proves that it holds nothing else.

Names and messages only say whom to ask about. What counts is git: each commit has exactly the tree that merging the
present head of one open pull request into the commit before it gives.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from app.domain.errors import GitHubRefused
from app.domain.merge_group import Link, MergeGroup
from app.domain.messages.merge_queue import Lack
from app.domain.pull_request import PullRequest
from app.ports import GroupMirrors, GroupRepository, Heads, Place, PullRequests

MOST_COMMITS = 100
MOST_CANDIDATES = 10
"""Of so many pull requests it is found out whether a commit is theirs."""

_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Composition:
    """`on_branch`: the commit that the group was put on is part of the base branch."""

    on_branch: bool
    pulls: tuple[PullRequest, ...]
    lacks: tuple[Lack, ...]


@dataclass(frozen=True, slots=True)
class Composing:
    """`heads`: where it is known which pull requests have a commit as their head."""

    pull_requests: PullRequests
    mirrors: GroupMirrors
    heads: tuple[Heads, ...]

    async def of(self, place: Place, group: MergeGroup) -> Composition:
        """Raises GitFailed while the commits cannot be had."""
        tip = await self.mirrors.branch_head(place.ref, place.repository, group.base_branch)
        if tip is None:
            return _not_told(f"there is no branch {group.base_branch}", on_branch=False)
        repository = await self.mirrors.fetch(place.ref, place.repository, head=group.head, base=group.base, floor=tip)
        on_branch = await repository.merge_base(group.base, tip) == group.base
        chain = await repository.chain(group.base, group.head, most=MOST_COMMITS)
        if chain is None:
            what = f"its commits do not lead from {group.base} to {group.head} in {MOST_COMMITS} steps"
            return _not_told(what, on_branch=on_branch)
        taking = _Taking(self, place, group, repository)
        rebased = await taking.rebased(chain)
        if rebased is not None:
            return Composition(on_branch, (rebased,), ())
        pulls, lacks = await taking.each(chain)
        return Composition(on_branch, pulls, lacks)


@dataclass(frozen=True, slots=True)
class _Taking:
    """One group being taken apart."""

    composing: Composing
    place: Place
    group: MergeGroup
    repository: GroupRepository

    async def rebased(self, chain: tuple[Link, ...]) -> PullRequest | None:
        """The one pull request whose commits were put on the base one by one, if that is what all of this is."""
        last = self.group.last
        if last is None or len(chain) == 1 or any(len(link.parents) != 1 for link in chain):
            return None
        pull = await self._read(last)
        if pull is None:
            return None
        whole = replace(chain[-1], parents=chain[0].parents)
        return pull if await self._wrong(whole, pull) is None else None

    async def each(self, chain: tuple[Link, ...]) -> tuple[tuple[PullRequest, ...], tuple[Lack, ...]]:
        """For every commit the pull request that it merges, or why there is none."""
        pulls: dict[int, PullRequest] = {}
        lacks: list[Lack] = []
        for link in chain:
            found = await self._pull_of(link, taken=pulls)
            if isinstance(found, PullRequest):
                pulls[found.ref.number] = found
            else:
                lacks += found
        return tuple(pulls.values()), tuple(lacks)

    async def _pull_of(self, link: Link, *, taken: Iterable[int]) -> PullRequest | list[Lack]:
        lacks: list[Lack] = []
        for number in await self._candidates(link):
            pull = None if number in taken else await self._read(number)
            if pull is None:
                continue
            wrong = await self._wrong(link, pull)
            if wrong is None:
                return pull
            lacks.append(Lack(number, wrong))
        return lacks or [Lack(None, f"the commit {link.sha} is no merge of a pull request that could be found")]

    async def _candidates(self, link: Link) -> tuple[int, ...]:
        known = [
            number
            for head in link.parents[1:]
            for heads in self.composing.heads
            for number in sorted(await heads.others(self.place.ref, head))
        ]
        last = [self.group.last] if self.group.last is not None and link.sha == self.group.head else []
        return tuple(dict.fromkeys((*known, *last, *link.named)))[:MOST_CANDIDATES]

    async def _read(self, number: int) -> PullRequest | None:
        try:
            ref = replace(self.place.ref, number=number)
            return await self.composing.pull_requests.read(ref, self.place.repository)
        except GitHubRefused as error:
            if error.status != _NOT_FOUND:
                raise
            return None

    async def _wrong(self, link: Link, pull: PullRequest) -> str | None:
        """Why the commit is not what merging the pull request's present head gives; None when it is.

        Several may have the same head, so one that is for another branch leaves it to the others.
        """
        if not pull.open:
            return "it is not open"
        if pull.base_ref != self.group.base_branch:
            return f"it is for the branch {pull.base_ref}, not {self.group.base_branch}"
        if link.parents[1:] not in {(), (pull.head_sha,)}:
            return f"its head is {pull.head_sha} now, which is not what the group merges ({link.parents[-1]})"
        # A commit without a second parent does not lead to the head, so that is fetched for itself.
        await self.composing.mirrors.fetch(pull.ref, pull.repository, head=pull.head_sha, base=self.group.base)
        if await self.repository.merged_tree(link.parents[0], pull.head_sha) != link.tree:
            return f"the commit {link.sha} holds something else than merging its present head {pull.head_sha} gives"
        return None


def _not_told(what: str, *, on_branch: bool) -> Composition:
    return Composition(on_branch, (), (Lack(None, what),))
