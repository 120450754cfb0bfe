"""The end of an examination: ledger, verdict and report, and what the next review is to remember."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.domain.coverage import Coverage, CoverageLedger
from app.domain.findings import Candidate, Dropped, Finding
from app.domain.memory import FindingState, KnownFinding, PastReview
from app.domain.mermaid import canonical
from app.domain.placing import ranked
from app.domain.report import Report
from app.domain.rules import Rule
from app.domain.tiers import Tier
from app.domain.verdict import Verdict, judge
from app.usecases.agent import Unfinished, Why
from app.usecases.review.assembling import (
    entries_to_remember,
    findings_to_remember,
    kept_back,
    ledger,
    packs,
    requirements,
)
from app.usecases.review.examination import Examined, Matter
from app.usecases.review.passes import Looked
from app.usecases.review.planning import Plan
from app.usecases.review.recollection import Recollection
from app.usecases.review.static import count_hidden, hidden_lines
from app.usecases.review.verifying import Verified

_RETRY = timedelta(minutes=5)
"""After an outage of the model, unless its server asked for another wait."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """What the steps of an examination came to."""

    rules: tuple[Rule, ...]
    looked: tuple[Looked, ...]
    static: tuple[Candidate, ...]
    crowded: Mapping[str, Coverage]
    """Files in which rules found more than is told."""
    recollection: Recollection
    judged: tuple[Verified, Verified]
    """The claims, and what was told before."""
    dropped: tuple[Dropped, ...]
    notes: tuple[str, ...]
    steering: str
    no_model: str
    """Why no model was there; empty when one was."""

    @property
    def unjudged(self) -> tuple[tuple[Finding, Unfinished], ...]:
        """What no judge answered. New claims of these are not told, and what was told before stays told."""
        return tuple(one for verified in self.judged for one in verified.open)


async def conclude(matter: Matter, plan: Plan, pieces: Pieces, *, now: datetime) -> Examined:
    """Everything that was found is told or remembered, and every entry has its state."""
    snapshot, recollection = matter.snapshot, pieces.recollection
    unjudged = {
        finding.location.path: f"a claim about it could not be verified: {result.reason}"
        for finding, result in pieces.unjudged
    }
    told = ledger(plan, pieces.looked, {**hidden_lines(snapshot, pieces.static), **pieces.crowded}, unjudged)
    since = dict.fromkeys(known.since for known in recollection.open)
    findings = ranked(*([one.finding for one in recollection.open if one.since == head] for head in since))
    retry_at = _retry_at(pieces, now) if matter.again else None
    before = _rounds_before(matter)
    rounds_over = before >= snapshot.policy.limits.rounds
    verdict = _verdict(matter, told, findings, retry_at=retry_at, rounds_over=rounds_over)
    blocking = any(finding.severity.at_least(snapshot.policy.review.block_at) for finding in findings)
    fixed = tuple([await _with_commit(matter, known) for known in recollection.fixed])
    report = Report(
        head=snapshot.head,
        base=snapshot.base,
        merge_base=snapshot.merge_base,
        verdict=verdict,
        ledger=told,
        findings=findings,
        max_findings=snapshot.policy.review.max_findings,
        dropped=pieces.dropped,
        walkthrough=_walkthrough(matter, pieces),
        guidelines=snapshot.guidelines,
        rule_packs=packs(pieces.rules),
        models=(),
        model_note=_model_note(pieces),
        hidden_characters=count_hidden(snapshot),
        block_at=snapshot.policy.review.block_at,
        standing=recollection.standing,
        fixed=fixed,
        dismissed=tuple(one for one in recollection.closed if one.state is FindingState.DISMISSED),
        also_seen=kept_back(findings, recollection, matter.around, rounds_over=rounds_over),
        judgements=recollection.judgements,
        rounds=before + 1 if blocking else before,
        round_limit=snapshot.policy.limits.rounds,
        carried=sum(plan.tier_of[path] is not Tier.SKIP for path in plan.carry.kept),
        diagram=next((d for one in reversed(pieces.looked) if (d := canonical(one.diagram))), ""),
        notes=pieces.notes,
        own_rules=snapshot.own_rules,
        skills=tuple(skill.name for skill in snapshot.skills),
    )
    stalled = rounds_over and blocking
    return Examined(report, _past(matter, plan, pieces, report, stalled=stalled), retry_at)


def _verdict(
    matter: Matter,
    told: CoverageLedger,
    findings: tuple[Finding, ...],
    *,
    retry_at: datetime | None,
    rounds_over: bool,
) -> Verdict:
    policy = matter.snapshot.policy
    return judge(
        told,
        findings,
        block_at=policy.review.block_at,
        requirements=requirements(matter.snapshot),
        stalled=f"decide how to go on: the {policy.limits.rounds} rounds of this pull request are used up"
        if rounds_over
        else "",
        retry_at=retry_at,
    )


def _rounds_before(matter: Matter) -> int:
    """On earlier heads: one that is looked at again is in the same round, and has the same verdict."""
    past = matter.around.past
    if past is None:
        return 0
    block_at = matter.snapshot.policy.review.block_at
    blocked = any(k.state is FindingState.OPEN and k.finding.severity.at_least(block_at) for k in past.findings)
    return past.rounds - 1 if blocked and past.rounds and past.head == matter.snapshot.head else past.rounds


def _troubles(pieces: Pieces) -> tuple[Unfinished, ...]:
    passes = [one.trouble for one in pieces.looked if one.trouble is not None]
    return (*passes, *(result for _, result in pieces.unjudged))


def _retry_at(pieces: Pieces, now: datetime) -> datetime | None:
    """The earliest time at which trying again by ourselves may help: after an outage, or when a day's cap is over."""
    times = []
    for trouble in _troubles(pieces):
        if trouble.why is Why.OUTAGE:
            times.append(now + max(_RETRY, timedelta(seconds=trouble.retry_after_seconds or 0)))
        elif trouble.until is not None:
            times.append(trouble.until)
    return min(times, default=None)


def _model_note(pieces: Pieces) -> str:
    if pieces.no_model:
        return f"Static rules ran, AI did not look: {pieces.no_model}."
    reasons = dict.fromkeys(trouble.reason for trouble in _troubles(pieces))
    return f"AI did not look at everything: {'; '.join(reasons)}." if reasons else ""


def _walkthrough(matter: Matter, pieces: Pieces) -> str:
    """The look across has it for a large change; a review that looked at nothing anew repeats the last one's."""
    said = [one.summary for one in pieces.looked if one.summary]
    past = matter.around.past
    return said[-1] if said else (past.walkthrough if past else "")


async def _with_commit(matter: Matter, known: KnownFinding) -> KnownFinding:
    """Names the commit that fixed it: the newest since the last review that touches its file, else the head."""
    head, past = matter.snapshot.head, matter.around.past
    path = known.finding.location.path
    commit = await matter.repository.last_change(past.head, head, path) if past else None
    return replace(known, state=FindingState.FIXED, fixed_by=commit or head)


def _past(matter: Matter, plan: Plan, pieces: Pieces, report: Report, *, stalled: bool) -> PastReview:
    before = matter.around.past
    return PastReview(
        head=report.head,
        base=report.base,
        merge_base=report.merge_base,
        steering=pieces.steering,
        entries=entries_to_remember(plan, pieces.looked, pieces.judged, report.ledger),
        findings=findings_to_remember(
            pieces.recollection, report.fixed, frozenset(finding.id for finding in report.posted), matter.around
        ),
        rounds=report.rounds,
        asked=stalled or (before is not None and before.asked),
        walkthrough=report.walkthrough,
    )
