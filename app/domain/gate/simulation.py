"""What the gate would have asked of changes that were merged in the past, one by one and in all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.codeowners import Codeowners
from app.domain.entries import Entry
from app.domain.gate.past_pull import Approval, PastPull
from app.domain.gate.requirements import Eligible, Source, requirements
from app.domain.policy import Policy
from app.domain.pull_request import Sha

MAX_MERGES = 5_000
"""Of more merges, the newest ones are looked at; never more than these."""
MAX_TOP_PATHS = 100
"""Of the paths that asked most, so many are named."""

ANYONE = "anyone with write access"


@dataclass(frozen=True, slots=True)
class PastMerge:
    """One commit of a branch's first-parent history, or one pull request. `parents` is empty for the first commit of
    all, for the one at which a shallow clone ends, and for pull requests.
    """

    commit: Sha
    """Of a pull request, the commit that GitHub names as its merge; its head where GitHub names none."""
    parents: tuple[Sha, ...]
    at: datetime
    """When it was committed, in UTC: for a merge, the time of the merge."""
    subject: str
    """As written: anybody's words. The title of a pull request."""
    pull: PastPull | None = None
    """None where git was asked, which knows of no pull requests."""


@dataclass(frozen=True, slots=True)
class History:
    """The newest merges, newest first; `more` when there are others that were left out."""

    merges: tuple[PastMerge, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Need:
    """One requirement, without its entries. `paths` is how many core paths it is for."""

    approvals: int
    eligible: Eligible
    source: Source
    reason: str
    because: tuple[str, ...]
    paths: int


@dataclass(frozen=True, slots=True)
class Simulated:
    """What one merge would have waited for. `unknown` says why that cannot be told, else it is empty."""

    merge: PastMerge
    changed: int
    core: tuple[str, ...]
    needs: tuple[Need, ...]
    unknown: str = ""
    approvals: tuple[Approval, ...] | None = None
    """Who in fact approved; None where nobody asked: git does not know, and where nobody is needed it is no matter."""

    @staticmethod
    def of(merge: PastMerge, entries: Sequence[Entry], policy: Policy, codeowners: Codeowners | None) -> Simulated:
        """By the policy, and by the CODEOWNERS that held when it was merged."""
        asked = requirements(entries, policy, codeowners)
        needs = (
            Need(one.approvals, one.eligible, one.source, one.reason, one.because, len(one.entries)) for one in asked
        )
        core = dict.fromkeys(entry.path for one in asked for entry in one.entries)
        return Simulated(merge, len(entries), tuple(core), tuple(needs))

    @staticmethod
    def untold(merge: PastMerge, why: str) -> Simulated:
        return Simulated(merge, 0, (), (), why)


@dataclass(frozen=True, slots=True)
class Asked:
    """How often one person, one team or anyone would have been asked."""

    who: str
    """`@login`, `@organisation/team`, an e-mail address of CODEOWNERS, or `ANYONE`."""
    merges: int
    approvals: int
    """That they could have given; others who are named beside them could have given them as well."""
    alone: int
    """Those of them that nobody else is named for."""


@dataclass(frozen=True, slots=True)
class AskingPath:
    path: str
    merges: int


@dataclass(frozen=True, slots=True)
class Totals:
    merges: int
    waiting: int
    unknown: int
    impossible: int
    """Of those that wait, the ones that nobody could ever have approved: only e-mail addresses are named."""
    approvals: int
    asked: tuple[Asked, ...]
    """Most approvals first, then by name."""
    core_paths: int
    """Distinct ones."""
    paths: tuple[AskingPath, ...]
    """Those of most merges first, at most `MAX_TOP_PATHS`."""

    @property
    def percent(self) -> float:
        """How many of the merges that can be told of would have waited; 0 when there are none."""
        told = self.merges - self.unknown
        return 100 * self.waiting / told if told else 0.0


@dataclass(frozen=True, slots=True)
class Simulation:
    """All of it, and what it was made of."""

    branch: str
    tip: Sha
    since: datetime
    policy: str
    """What the policy's file is called."""
    more: bool
    """There were over `most`; older ones are left out."""
    merges: tuple[Simulated, ...]
    totals: Totals
    most: int = MAX_MERGES
    repository: str = ""
    """`owner/name` where GitHub was asked for its pull requests, else empty."""
    left: int = 0
    """So many were not looked at, as GitHub did not answer any more."""
    stopped: str = ""
    """Why, if so."""


def totals(merges: Iterable[Simulated]) -> Totals:
    """In one pass; its cost grows with the requirements and the core paths there are."""
    seen = waiting = unknown = impossible = approvals = 0
    in_merges, given, alone, paths = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for one in merges:
        seen += 1
        unknown += bool(one.unknown)
        waiting += bool(one.needs)
        impossible += any(need.eligible.nobody for need in one.needs)
        paths.update(one.core)
        named: set[str] = set()
        for need in one.needs:
            names = names_of(need.eligible)
            approvals += need.approvals
            given.update(dict.fromkeys(names, need.approvals))
            if len(names) == 1:
                alone[names[0]] += need.approvals
            named.update(names)
        in_merges.update(named)
    asked = (Asked(who, in_merges[who], number, alone[who]) for who, number in given.items())
    top = sorted(paths.items(), key=lambda item: (-item[1], item[0]))[:MAX_TOP_PATHS]
    return Totals(
        merges=seen,
        waiting=waiting,
        unknown=unknown,
        impossible=impossible,
        approvals=approvals,
        asked=tuple(sorted(asked, key=lambda one: (-one.approvals, one.who))),
        core_paths=len(paths),
        paths=tuple(AskingPath(path, count) for path, count in top),
    )


def names_of(eligible: Eligible) -> tuple[str, ...]:
    """Everybody who is named: people, then teams, then addresses, each sorted."""
    if eligible.anyone:
        return (ANYONE,)
    names = [f"@{name}" for name in (*sorted(eligible.users), *sorted(eligible.teams))]
    return (*names, *eligible.unresolvable)
