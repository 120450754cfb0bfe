"""The tables of findings and of coverage that the check and the summary comment share."""

from __future__ import annotations

from typing import assert_never

from app.domain.coverage import Coverage, CoverageLedger, Excluded, LedgerEntry, Reviewed, Unreviewed
from app.domain.entries import display_path
from app.domain.findings import Evidence, Finding
from app.domain.inert import cell, cell_code, cell_phrase
from app.domain.messages.origin import Origin
from app.domain.messages.told import blocking, in_the_table, standing
from app.domain.messages.verdict_words import BLOCKS
from app.domain.report import Report
from app.domain.tiers import Tier

MAX_COVERAGE_ROWS = 300


def findings_table(report: Report, origin: Origin, *, rows: int) -> str:
    """Worst first and at most `rows`, what is left counted; empty without findings."""
    found = in_the_table(report)
    if not found:
        return ""
    stops = blocking(report)
    lines = ["| | finding | standing | evidence | id |", "| --- | --- | --- | --- | --- |"]
    for finding in found[:rows]:
        mark = f"&nbsp;{BLOCKS}" if finding.id in stops else ""
        title = f"{cell_phrase(finding.title, limit=160)}<br>{origin.location_cell(finding.location)}"
        told = (f"**{finding.severity}**{mark}", title, standing(report, finding), evidence(finding), f"`{finding.id}`")
        lines.append(f"| {' | '.join(told)} |")
    if len(found) > rows:
        lines += ["", f"… and {len(found) - rows:,} more."]
    return "\n".join(lines)


def evidence(finding: Finding) -> str:
    """How it is known, and how sure a model is."""
    if finding.evidence is Evidence.STATIC:
        return "static"
    return f"{finding.evidence} {finding.confidence:.0%}"


def coverage_table(ledger: CoverageLedger) -> str:
    """What was not reviewed comes first, so that a cut never hides it."""
    if not ledger.entries:
        return "The change has no files."
    order = sorted(ledger.entries, key=lambda e: (not isinstance(e.coverage, Unreviewed), e.path))
    rows = ["| file | tier | coverage |", "| --- | --- | --- |"]
    rows += [_coverage_row(entry) for entry in order[:MAX_COVERAGE_ROWS]]
    if len(order) > MAX_COVERAGE_ROWS:
        rows += ["", f"… and {len(order) - MAX_COVERAGE_ROWS:,} more files."]
    return "\n".join(rows)


def _coverage_row(entry: LedgerEntry) -> str:
    path = cell_code(display_path(entry.path), limit=200)
    return f"| {path} | {entry.tier}: {cell(entry.tier_reason, limit=120)} | {_coverage_words(entry)} |"


def _coverage_words(entry: LedgerEntry) -> str:
    coverage: Coverage = entry.coverage
    match coverage:
        case Reviewed(tier):
            return "reviewed" if tier is entry.tier else f"reviewed as {tier}"
        case Excluded(rule):
            return f"excluded by {cell(rule, limit=120)}"
        case Unreviewed(reason):
            return f"**not reviewed**: {cell_phrase(reason, limit=200)}"
    assert_never(coverage)


def coverage_line(ledger: CoverageLedger) -> str:
    """The whole ledger in a few words."""
    parts = [f"{len(ledger.reviewed):,} of {len(ledger.entries):,} files reviewed"]
    if ledger.excluded:
        parts.append(f"{len(ledger.excluded):,} excluded")
    if ledger.unreviewed:
        parts.append(f"{len(ledger.unreviewed):,} not reviewed")
    return ", ".join(parts)


def coverage_title(ledger: CoverageLedger) -> str:
    """The same with how many entries each tier has, the closest look first."""
    counts = [(sum(entry.tier is tier for entry in ledger.entries), tier) for tier in reversed(Tier)]
    tiers = ", ".join(f"{count:,} {tier}" for count, tier in counts if count)
    return f"Coverage: {coverage_line(ledger)}" + (f" ({tiers})" if tiers else "")
