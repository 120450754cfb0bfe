"""What the base commit demands of a change, read from git: core entries, policy and CODEOWNERS."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.codeowners import LOCATIONS, MAX_BYTES, Codeowners, parse_codeowners
from app.domain.entries import Kind
from app.domain.errors import GitFailed, PolicyInvalid
from app.domain.gate.facts import CoreChange
from app.domain.gate.requirements import Requirement, requirements
from app.domain.objects import Blob, Change
from app.domain.policy import POLICY_PATH, Policy
from app.domain.pull_request import PullRequest, Sha
from app.ports import PolicyParser, Repository

_POLICY_BYTES = 64 * 1024 + 1
_REGULAR = frozenset({Kind.FILE, Kind.EXECUTABLE})


@dataclass(frozen=True, slots=True)
class Demand:
    """`problems`: what is wrong with the policy; then the built-in list of core paths still holds."""

    changes: tuple[Change, ...]
    requirements: tuple[Requirement, ...]
    problems: tuple[str, ...]
    policy: Policy


async def demand(repository: Repository, pull: PullRequest, parse_policy: PolicyParser) -> Demand:
    """Everything that decides comes from the base commit."""
    merge_base = await repository.merge_base(pull.base_sha, pull.head_sha)
    if merge_base is None:
        raise GitFailed(f"{pull.base_sha} and {pull.head_sha} have no common ancestor, so there is no change")
    changes = await repository.changes(merge_base, pull.head_sha)
    policy_blobs = await repository.blobs(pull.base_sha, (POLICY_PATH,), max_bytes=_POLICY_BYTES)
    policy, problems = _policy(policy_blobs.get(POLICY_PATH), parse_policy)
    owners = _owners(await repository.blobs(pull.base_sha, LOCATIONS, max_bytes=MAX_BYTES + 1))
    entries = (change.entry for change in changes)
    return Demand(changes, requirements(entries, policy, owners), problems, policy)


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


def _policy(blob: Blob | None, parse_policy: PolicyParser) -> tuple[Policy, tuple[str, ...]]:
    if blob is None:
        return Policy(), ()
    if blob.kind not in _REGULAR:
        return Policy(), (f"{POLICY_PATH} must be a regular file, not a {blob.kind}",)
    try:
        return parse_policy(blob.text_bytes, POLICY_PATH), ()
    except PolicyInvalid as error:
        return Policy(), tuple(f"{error.path}:{p.line}:{p.column}: {p.message}" for p in error.problems)


def _owners(blobs: dict[str, Blob]) -> Codeowners | None:
    """Of the first place where there is one. A link is no file, as for GitHub."""
    found = next((blobs[path] for path in LOCATIONS if path in blobs), None)
    return parse_codeowners(found.text_bytes) if found is not None and found.kind in _REGULAR else None
