"""The verdict: a pure function of what was covered, what was found and what the base policy says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.domain.coverage import CoverageLedger, Unreviewed
from app.domain.findings import Finding
from app.domain.severity import Severity


@dataclass(frozen=True, slots=True)
class Passed:
    """Every entry was covered and nothing blocks."""


@dataclass(frozen=True, slots=True)
class Blocked:
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class NeedsHuman:
    """Something only a person can settle; each requirement says what to do."""

    requirements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Incomplete:
    """Not everything was looked at. `retry_at`: when we try again by ourselves, or None if we do not."""

    reason: str
    retry_at: datetime | None = None


Verdict = Passed | Blocked | NeedsHuman | Incomplete


def judge(
    ledger: CoverageLedger,
    findings: tuple[Finding, ...],
    *,
    block_at: Severity,
    requirements: tuple[str, ...] = (),
    stalled: str = "",
    retry_at: datetime | None = None,
) -> Verdict:
    """Blocking findings come first, then what a person must do, then gaps; `Passed` is what is left.

    `stalled` says why a person must decide about blocking findings; `retry_at` is when gaps are tried again. The model
    has no say here beyond the findings it added.
    """
    blocking = tuple(f for f in findings if f.severity.at_least(block_at))
    if blocking and stalled:
        return NeedsHuman((stalled, *requirements))
    if blocking:
        return Blocked(blocking)
    if requirements:
        return NeedsHuman(requirements)
    if ledger.unreviewed:
        return Incomplete(_why(ledger), retry_at)
    return Passed()


def _why(ledger: CoverageLedger) -> str:
    reasons = [e.coverage.reason for e in ledger.entries if isinstance(e.coverage, Unreviewed)]
    told = "; ".join(dict.fromkeys(reasons))
    return f"{len(reasons)} of {len(ledger.entries)} changed files not reviewed: {told}"
