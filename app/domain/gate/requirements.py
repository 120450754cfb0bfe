"""Which approvals a change needs: from the paths of its entries, the base commit's policy and CODEOWNERS.

A path that `tiers.core` names waits for what each of its entries asks. Any other path that is core, whatever the policy
says, waits for one approval. What became of the path makes no difference: a new mode, a link, a submodule, nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.domain.codeowners import Codeowners, Owner, OwnerKind
from app.domain.entries import Entry, Kind
from app.domain.globs import fold
from app.domain.policy import CoreRequirement, Policy
from app.domain.tiers import asked_core, asked_core_above, built_in_core


class Source(StrEnum):
    """What asks for an approval."""

    POLICY = "tiers.core"
    BUILT_IN = "always core"


@dataclass(frozen=True, slots=True)
class Eligible:
    """Who may approve. Logins and teams are folded, because GitHub does not tell upper and lower case apart in them."""

    anyone: bool = False
    """Whoever may write."""
    users: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    """As `organisation/slug`."""
    unresolvable: tuple[str, ...] = ()
    """E-mail addresses of CODEOWNERS: which account has one is nothing that GitHub tells an App."""

    @property
    def nobody(self) -> bool:
        """Whether only addresses are named, so that no approval can ever count."""
        return not (self.anyone or self.users or self.teams)

    @staticmethod
    def of(owners: Iterable[Owner]) -> Eligible:
        """Who is among the owners; anyone when there are none."""
        named = tuple(owners)
        return Eligible(
            anyone=not named,
            users=frozenset(fold(owner.name) for owner in named if owner.kind is OwnerKind.USER),
            teams=frozenset(fold(owner.name) for owner in named if owner.kind is OwnerKind.TEAM),
            unresolvable=tuple(sorted({owner.name for owner in named if owner.kind is OwnerKind.EMAIL})),
        )


ANYONE = Eligible(anyone=True)

_LEADS_ON = frozenset({Kind.SYMLINK, Kind.SUBMODULE})


@dataclass(frozen=True, slots=True)
class Requirement:
    """So many approvals of these people for these entries."""

    id: str
    """12 hexadecimal digits: the same for the same demand, whichever entries it is for."""
    source: Source
    reason: str
    """The policy's words; often empty."""
    approvals: int
    eligible: Eligible
    because: tuple[str, ...]
    """The rules that named the entries, each with its source, sorted."""
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class _Demand:
    """Entries with the same demand are one requirement."""

    source: Source
    reason: str
    approvals: int
    eligible: Eligible

    @property
    def id(self) -> str:
        who = self.eligible
        names = [who.anyone, sorted(who.users), sorted(who.teams), who.unresolvable]
        material = json.dumps([self.source, self.reason, self.approvals, names])
        return hashlib.sha256(material.encode("ascii")).hexdigest()[:12]


def requirements(entries: Iterable[Entry], policy: Policy, *codeowners: Codeowners | None) -> tuple[Requirement, ...]:
    """What the entries wait for, those of the policy first, then in the order of the entries.

    `policy` holds at the base commit; `codeowners` are that commit's and those of what stands above it, None where
    there is no such file. Whoever one of them names is asked, whatever the others say.
    """
    waiting: dict[_Demand, dict[Entry, str]] = {}
    for entry in entries:
        for demand, because in _demands(entry, policy, codeowners):
            waiting.setdefault(demand, {}).setdefault(entry, because)
    found = (
        Requirement(
            id=demand.id,
            source=demand.source,
            reason=demand.reason,
            approvals=demand.approvals,
            eligible=demand.eligible,
            because=tuple(sorted(set(named.values()))),
            entries=tuple(named),
        )
        for demand, named in waiting.items()
    )
    return tuple(sorted(found, key=lambda requirement: requirement.source is not Source.POLICY))


def _demands(entry: Entry, policy: Policy, codeowners: Sequence[Codeowners | None]) -> Iterator[tuple[_Demand, str]]:
    path = entry.path
    named = [(core, because) for core in policy.tiers.core if (because := _asked(core, entry))]
    for core, because in named:
        groups = (Eligible.of(map(Owner.parse, core.from_)),) if core.from_ else _by_owners(path, codeowners)
        for eligible in groups:
            yield _Demand(Source.POLICY, core.reason, max(core.approvals, 1), eligible), because
    built_in = built_in_core(path, policy)
    if built_in and not named:
        for eligible in _by_owners(path, codeowners):
            yield _Demand(Source.BUILT_IN, "", 1, eligible), built_in


def _asked(core: CoreRequirement, entry: Entry) -> str | None:
    leads_on = any(side.kind in _LEADS_ON for side in entry.sides)
    return asked_core(core, entry.path) or (asked_core_above(core, entry.path) if leads_on else None)


def _by_owners(path: str, codeowners: Sequence[Codeowners | None]) -> tuple[Eligible, ...]:
    """The owners of the path, and those of the path it may be taken for: a spelling does not choose who approves.
    Anyone where nobody is named.
    """
    known = tuple(one for one in codeowners if one is not None)
    owners = [names for one in known for names in (one.owners_of(path), one.owners_of_lookalike(path)) if names]
    return tuple(dict.fromkeys(map(Eligible.of, owners))) or (ANYONE,)
