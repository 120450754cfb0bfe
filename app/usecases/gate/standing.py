"""What the base commit demands of a change, read from git: core entries, policy and CODEOWNERS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.codeowners import LOCATIONS, MAX_BYTES, TOO_LARGE, Codeowners, parse_codeowners
from app.domain.entries import Kind
from app.domain.errors import GitFailed
from app.domain.gate.facts import CoreChange
from app.domain.gate.requirements import Requirement, requirements
from app.domain.objects import Blob, Change
from app.domain.pull_request import PullRequest, Sha
from app.ports import Mirrors, Repository
from app.usecases.policies import Ceilings, held

_REGULAR = frozenset({Kind.FILE, Kind.EXECUTABLE})


@dataclass(frozen=True, slots=True)
class Demand:
    """`problems`: what is wrong with the policy; then the built-in list of core paths still holds."""

    changes: tuple[Change, ...]
    requirements: tuple[Requirement, ...]
    problems: tuple[str, ...]


async def demand(ceilings: Ceilings, mirrors: Mirrors, pull: PullRequest) -> tuple[Repository, Demand]:
    """Everything that decides comes from the base commit and from what stands above it."""
    found = await held(ceilings, mirrors, pull)
    repository = found.repository
    merge_base = await repository.merge_base(pull.base_sha, pull.head_sha)
    if merge_base is None:
        raise GitFailed(f"{pull.base_sha} and {pull.head_sha} have no common ancestor, so there is no change")
    changes = await repository.changes(merge_base, pull.head_sha)
    owners = [await _owners_at(repository, commit) for commit in (pull.base_sha, found.floor) if commit is not None]
    entries = (change.entry for change in changes)
    return repository, Demand(changes, requirements(entries, found.effective.policy, *owners), found.problems)


async def _owners_at(repository: Repository, commit: Sha) -> Codeowners | None:
    return owners_in(await repository.blobs(commit, LOCATIONS, max_bytes=MAX_BYTES))


async def seen_at(repository: Repository, base: Sha, commit: Sha) -> frozenset[CoreChange] | None:
    """All that the commit changes against the base; None when it is not here any more."""
    try:
        merge_base = await repository.merge_base(base, commit)
        if merge_base is None:
            return None
        changes = await repository.changes(merge_base, commit)
    except GitFailed:
        return None
    return frozenset(CoreChange.of(change.entry) for change in changes)


def owners_in(blobs: Mapping[str, Blob]) -> Codeowners | None:
    """Of the first of `LOCATIONS` where there is one. A link is no file, as for GitHub. Of a file that is too large, no
    bytes need have been read.
    """
    found = next((blobs[path] for path in LOCATIONS if path in blobs), None)
    if found is None or found.kind not in _REGULAR:
        return None
    return TOO_LARGE if found.size >= MAX_BYTES else parse_codeowners(found.text_bytes)
