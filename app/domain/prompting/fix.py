"""What a model is told of its work: findings, how checks ended, what stands in the way of its patch. It is all data."""

from __future__ import annotations

from collections.abc import Iterable

from app.domain.entries import display_path
from app.domain.findings import Finding
from app.domain.fix.verifying import Ran
from app.domain.patches import Refusal
from app.domain.tool_text import cut_middle

_OUTPUT = 6_000


def finding_words(finding: Finding) -> str:
    """One finding with its place, its reasons and its failing case."""
    where = finding.location
    at = f"{display_path(where.path)}:{where.start_line}-{where.end_line}"
    lines = [f"{finding.id} ({finding.severity}) {at}: {finding.title}", finding.body]
    if finding.failing_case:
        lines.append(f"Goes wrong for: {finding.failing_case}")
    if finding.proof is not None:
        lines.append(f"Shown by: {finding.proof.command}\n{finding.proof.head.output[-_OUTPUT:]}")
    return "\n".join(lines)


def ran_text(ran: Ran, *, most: int = _OUTPUT) -> str:
    """A command, how it ended, and the beginning and end of what it printed, `most` characters."""
    end = f"stopped at {ran.limit}" if ran.limit else f"exit status {ran.status}"
    counts = ran.counts
    told = "" if counts is None else f"; {counts.executed} ran, {counts.failed} failed, {counts.skipped} skipped"
    return f"$ {ran.command}\n({end}{told})\n{cut_middle(ran.output.strip(), most)}"


def refusal_text(refusals: Iterable[Refusal]) -> str:
    """Each path with its reason, one a line."""
    return "\n".join(f"{display_path(one.path) or 'the patch'}: {one.reason}" for one in refusals)
