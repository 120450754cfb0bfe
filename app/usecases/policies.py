"""The policy that holds for a change: the base commit's own file below the ceilings that stand above it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.domain.entries import Kind
from app.domain.errors import GitHubUnavailable, PolicyInvalid
from app.domain.globs import matches
from app.domain.objects import Blob
from app.domain.policy import (
    MAX_POLICY_BYTES,
    ORGANISATION_PATH,
    ORGANISATION_REPOSITORY,
    POLICY_PATH,
    ParsedPolicy,
    Policy,
)
from app.domain.policy_layers import EffectivePolicy, Layer, Source, compose
from app.domain.pull_request import PullRequest, Sha
from app.ports import Mirrors, OrganisationPolicies, PolicyParser, Repository

READ_BYTES = MAX_POLICY_BYTES + 1
"""One more than a policy may have: what is too long must not look like something shorter."""

_REGULAR = frozenset({Kind.FILE, Kind.EXECUTABLE})


@dataclass(frozen=True, slots=True)
class Above:
    """What stands above a repository's own policy. Files that are not valid give problems in place of layers."""

    layers: tuple[Layer, ...] = ()
    problems: tuple[str, ...] = ()
    floor: Sha | None = None
    """The default branch's commit, where what it says must not be undercut."""


@dataclass(frozen=True, slots=True)
class Held:
    """What holds, and what is wrong with any of the files."""

    repository: Repository
    effective: EffectivePolicy
    problems: tuple[str, ...]
    floor: Sha | None
    """The default branch's commit, where its CODEOWNERS are asked as well."""


@dataclass(frozen=True, slots=True)
class Ceilings:
    """What an operator and an organisation say, and where the default branch has no say."""

    parse: PolicyParser
    deployment: Layer | None = None
    organisations: OrganisationPolicies | None = None
    branches: tuple[str, ...] = ()
    """Globs of base branches below which the default branch's policy is no floor."""

    async def above(self, pull: PullRequest) -> Above:
        """The deployment's layer and the organisation's. Raises GitHubError."""
        mine = Above(() if self.deployment is None else (self.deployment,))
        if self.organisations is None:
            return mine
        owner = pull.repository.owner
        blob = await self.organisations.read(pull.ref, owner)
        path = f"{owner}/{ORGANISATION_REPOSITORY}/{ORGANISATION_PATH}"
        return _added(mine, read_layer(blob, Source.ORGANISATION, path, self.parse))

    def floor_branch(self, pull: PullRequest) -> str | None:
        """The default branch, where its policy is a floor: anybody with write access can prepare another branch."""
        if pull.base_ref == pull.default_branch or any(matches(pattern, pull.base_ref) for pattern in self.branches):
            return None
        return pull.default_branch

    async def floor(self, pull: PullRequest, mirrors: Mirrors) -> Sha | None:
        """The default branch's commit, where its policy is a floor; `Mirrors.fetch` takes it. Raises GitFailed, or
        GitHubUnavailable while git has no such branch.
        """
        branch = self.floor_branch(pull)
        if branch is None:
            return None
        floor = await mirrors.branch_head(pull.ref, pull.repository, branch)
        if floor is None:  # without its policy nobody knows what must not be undercut
            raise GitHubUnavailable(f"git has no branch {branch!r}, which the API names as the default one")
        return floor


async def held(ceilings: Ceilings, mirrors: Mirrors, pull: PullRequest) -> Held:
    """What holds for a pull request, and the repository with its head and base. Raises GitHubError and GitFailed."""
    repository, above = await opened(ceilings, mirrors, pull)
    blobs = await repository.blobs(pull.base_sha, (POLICY_PATH,), max_bytes=READ_BYTES)
    effective, problems = settle(above, blobs.get(POLICY_PATH), ceilings.parse)
    return Held(repository, effective, problems, above.floor)


async def opened(ceilings: Ceilings, mirrors: Mirrors, pull: PullRequest) -> tuple[Repository, Above]:
    """The repository with the head and base of a pull request, and all that stands above the policy at the base. Raises
    GitHubError and GitFailed.
    """
    above, floor = await ceilings.above(pull), await ceilings.floor(pull, mirrors)
    repository = await mirrors.fetch(pull.ref, pull.repository, head=pull.head_sha, base=pull.base_sha, floor=floor)
    return repository, above if floor is None else await with_floor(above, repository, floor, ceilings.parse)


async def with_floor(above: Above, repository: Repository, floor: Sha, parse: PolicyParser) -> Above:
    """The same with the default branch's policy as a floor, with what it leaves to the built-in values as well."""
    blob = (await repository.blobs(floor, (POLICY_PATH,), max_bytes=READ_BYTES)).get(POLICY_PATH)
    found = read_layer(blob, Source.DEFAULT_BRANCH, f"the default branch's {POLICY_PATH}", parse)
    layer = found.layers[0] if found.layers else Layer.of(Source.DEFAULT_BRANCH, ParsedPolicy(Policy()))
    return replace(_added(above, replace(found, layers=(replace(layer, complete=True),))), floor=floor)


def settle(above: Above, blob: Blob | None, parse: PolicyParser) -> tuple[EffectivePolicy, tuple[str, ...]]:
    """What holds with this file at the base commit, and everything that is wrong with any of the files."""
    whole = _added(above, read_layer(blob, Source.REPOSITORY, POLICY_PATH, parse))
    return compose(whole.layers), whole.problems


def read_layer(blob: Blob | None, source: Source, path: str, parse: PolicyParser) -> Above:
    """One layer, or what is wrong with its file, or nothing where there is none. `path` is what problems call it."""
    if blob is None:
        return Above()
    if blob.kind not in _REGULAR:
        return Above((), (f"{path} must be a regular file, not a {blob.kind}",))
    if blob.size > MAX_POLICY_BYTES:
        return Above((), (f"{path}:1:1: the file has {blob.size} bytes; keep it under {MAX_POLICY_BYTES}",))
    try:
        return Above((Layer.of(source, parse(blob.text_bytes, path)),))
    except PolicyInvalid as error:
        return Above((), tuple(f"{error.path}:{p.line}:{p.column}: {p.message}" for p in error.problems))


def _added(above: Above, more: Above) -> Above:
    return Above((*above.layers, *more.layers), (*above.problems, *more.problems), above.floor)
