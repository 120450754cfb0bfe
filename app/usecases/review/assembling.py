"""Puts the pieces of a review together: the ledger, what is told and how, and what the next review remembers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from app.domain.coverage import Coverage, CoverageLedger, Excluded, LedgerEntry, Reviewed, Unreviewed
from app.domain.findings import Finding
from app.domain.likeness import already_said
from app.domain.memory import EntryMemory, KnownFinding
from app.domain.report import AlsoSeen
from app.domain.rules import Rule
from app.domain.snapshot import Snapshot
from app.domain.tiers import Tier
from app.usecases.review.around import Around
from app.usecases.review.passes import Looked
from app.usecases.review.planning import Plan
from app.usecases.review.recollection import Recollection
from app.usecases.review.verifying import Verified

_MOST_CLOSED = 200


def ledger(
    plan: Plan, looked: Iterable[Looked], hidden: Mapping[str, Coverage], unjudged: Mapping[str, str]
) -> CoverageLedger:
    """One state for every entry. An entry in several groups is reviewed when all of them are."""
    states: dict[str, Coverage] = dict(plan.covered)
    for one in looked:
        for path, state in one.coverage.items():
            if path not in states or isinstance(states[path], Reviewed):
                states[path] = state
    states |= {path: Unreviewed(reason) for path, reason in unjudged.items()}
    states |= hidden
    return CoverageLedger(tuple(_entry(path, plan, states) for path in plan.tiers))


def _entry(path: str, plan: Plan, states: Mapping[str, Coverage]) -> LedgerEntry:
    choice = plan.tiers[path]
    state = Excluded(choice.reason) if choice.tier is Tier.SKIP else states[path]
    return LedgerEntry(path, choice.tier, choice.reason, state)


def kept_back(
    findings: Iterable[Finding],
    recollection: Recollection,
    around: Around,
    *,
    rounds_over: bool,
) -> tuple[AlsoSeen, ...]:
    """Findings that no comment of ours tells and none is to: somebody else has said it, or all has been said often
    enough. What was kept back once does not become a comment by standing there at the next push.
    """
    posted = {known.finding.id for known in recollection.open if known.posted}
    kept: list[AlsoSeen] = []
    for finding in findings:
        if finding.id in posted:
            continue
        if (thread := already_said(finding, around.threads, author=around.author)) is not None:
            kept.append(AlsoSeen(finding, f"already raised by {thread.author or 'somebody else'}"))
        elif rounds_over:
            kept.append(AlsoSeen(finding, "the rounds of this pull request are used up"))
    return tuple(kept)


def requirements(snapshot: Snapshot) -> tuple[str, ...]:
    """What only a person can settle here; approvals of core paths are the gate's to count."""
    return tuple(f"correct {problem}" for problem in snapshot.policy_problems)


def entries_to_remember(
    plan: Plan, looked: Iterable[Looked], judged: Iterable[Verified], told: CoverageLedger
) -> tuple[EntryMemory, ...]:
    """All entries as they are now. Those that nobody covered are remembered at the lowest tier: they are looked at
    again, but nobody who read others beside them need look again as long as they stay what they are.
    """
    reads: dict[str, set[str]] = {}
    for one in looked:
        for path in one.coverage:
            reads.setdefault(path, set()).update(one.reads - {path})
    for path, read in (pair for one in judged for pair in one.reads):
        reads.setdefault(path, set()).update(read - {path})
    return tuple(
        _remembered(
            entry.path,
            entry.coverage.tier if isinstance(entry.coverage, Reviewed) else Tier.SKIP,
            plan,
            reads.get(entry.path, set()),
        )
        for entry in told.entries
    )


def _remembered(path: str, tier: Tier, plan: Plan, reads: set[str]) -> EntryMemory:
    before = plan.carry.kept.get(path)
    known = reads | set(before.reads if before else ())
    return EntryMemory(path, plan.identities[path], tier, tuple(sorted(known)), tuple(sorted(plan.defines[path])))


def findings_to_remember(
    recollection: Recollection, fixed: tuple[KnownFinding, ...], posted: frozenset[str], around: Around
) -> tuple[KnownFinding, ...]:
    """The oldest first, and of those that are over the newest."""

    def as_told(one: KnownFinding) -> KnownFinding:
        id_ = one.finding.id
        thread = around.own.get(id_)
        by = thread.resolved_by if thread is not None and thread.resolved else None
        return replace(one, posted=one.posted or id_ in posted, dismissed_by=by)

    is_open = tuple(as_told(one) for one in recollection.open)
    return (*(*recollection.closed, *fixed)[-_MOST_CLOSED:], *is_open)


def packs(rules: Iterable[Rule]) -> tuple[tuple[str, int], ...]:
    """How many rules of each pack spoke of the change."""
    counts: dict[str, int] = {}
    for rule in rules:
        counts[rule.pack] = counts.get(rule.pack, 0) + 1
    return tuple(sorted(counts.items()))
