"""Which of a report's findings are told where: in the table, with words of their own, or as also seen."""

from __future__ import annotations

from app.domain.findings import Finding
from app.domain.report import AlsoSeen, Report, Standing
from app.domain.verdict import Blocked


def blocking(report: Report) -> frozenset[str]:
    """The ids of the findings that block."""
    return frozenset(f.id for f in report.verdict.findings) if isinstance(report.verdict, Blocked) else frozenset()


def also_seen(report: Report) -> tuple[AlsoSeen, ...]:
    """Each finding that is kept back, with its reason: those of the report, and what is over the cap of comments."""
    told = {seen.finding.id for seen in report.also_seen}
    over = tuple(
        AlsoSeen(f, f"over the policy's {report.max_findings} comments")
        for f in report.listed_only
        if f.inline and f.id not in told
    )
    return (*report.also_seen, *over)


def outside_the_diff(report: Report) -> tuple[Finding, ...]:
    """Findings on lines that take no comment."""
    kept_back = {seen.finding.id for seen in report.also_seen}
    return tuple(f for f in report.listed_only if not f.inline and f.id not in kept_back)


def in_the_table(report: Report) -> tuple[Finding, ...]:
    """Worst first: all that is not kept back, and what blocks in any case."""
    kept_back = {seen.finding.id for seen in also_seen(report)} - blocking(report)
    return tuple(f for f in report.findings if f.id not in kept_back)


def standing(report: Report, finding: Finding) -> Standing:
    """How it stands against the last review."""
    return report.standing.get(finding.id, Standing.NEW)
