"""The tables that the check, the summary comment and the review share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from app.domain.coverage import Coverage, CoverageLedger, Excluded, LedgerEntry, Reviewed, Unreviewed
from app.domain.entries import display_path
from app.domain.findings import Finding
from app.domain.inert import cell, cell_code
from app.domain.messages.origin import Origin
from app.domain.report import ModelUse, Report

MAX_FINDING_ROWS = 50
MAX_COVERAGE_ROWS = 300


def findings_table(findings: Iterable[Finding], origin: Origin) -> str:
    """Worst first, or an empty string."""
    found = tuple(findings)
    if not found:
        return ""
    rows = ["| | finding | where | id |", "| --- | --- | --- | --- |"]
    rows += [
        f"| **{f.severity}** | {cell(f.title, limit=160)} | {origin.location_cell(f.location)} | `{f.id}` |"
        for f in found[:MAX_FINDING_ROWS]
    ]
    if len(found) > MAX_FINDING_ROWS:
        rows += ["", f"… and {len(found) - MAX_FINDING_ROWS} more."]
    return "\n".join(rows)


def coverage_table(ledger: CoverageLedger) -> str:
    """What was not reviewed comes first, so that a cut never hides it."""
    if not ledger.entries:
        return "The change has no files."
    order = sorted(ledger.entries, key=lambda e: (not isinstance(e.coverage, Unreviewed), e.path))
    rows = ["| file | tier | coverage |", "| --- | --- | --- |"]
    rows += [_coverage_row(entry) for entry in order[:MAX_COVERAGE_ROWS]]
    if len(order) > MAX_COVERAGE_ROWS:
        rows += ["", f"… and {len(order) - MAX_COVERAGE_ROWS} more files."]
    return "\n".join(rows)


def _coverage_row(entry: LedgerEntry) -> str:
    path = cell_code(display_path(entry.path), limit=200)
    return f"| {path} | {entry.tier}: {cell(entry.tier_reason, limit=120)} | {coverage_words(entry.coverage)} |"


def coverage_words(coverage: Coverage) -> str:
    match coverage:
        case Reviewed():
            return "reviewed"
        case Excluded(rule):
            return f"excluded by {cell(rule, limit=120)}"
        case Unreviewed(reason):
            return f"**not reviewed**: {cell(reason, limit=200)}"
    assert_never(coverage)


def coverage_line(ledger: CoverageLedger) -> str:
    """The whole ledger in a few words."""
    parts = [f"{len(ledger.reviewed)} of {len(ledger.entries)} files reviewed"]
    if ledger.excluded:
        parts.append(f"{len(ledger.excluded)} excluded")
    if ledger.unreviewed:
        parts.append(f"{len(ledger.unreviewed)} not reviewed")
    return ", ".join(parts)


def how_table(report: Report, origin: Origin) -> str:
    """Models, tokens, cost, rules and guidelines."""
    rows = [("model", _models(report)), ("cost", _cost(report)), ("rules", _rules(report))]
    rows.append(("guidelines", _guidelines(report)))
    if report.dropped:
        rows.append(("dropped claims", f"{len(report.dropped)}, none of them posted"))
    if report.hidden_characters:
        rows.append(("hidden characters", f"**{report.hidden_characters}** invisible characters in the change"))
    rows += [("base", f"`{report.base[:12]}`"), ("head", f"`{report.head[:12]}`"), ("run", f"`{origin.run_id}`")]
    return "\n".join(["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows)])


def _models(report: Report) -> str:
    used = "; ".join(_use(use) for use in report.models)
    note = cell(report.model_note, limit=300)
    return ". ".join(part for part in (used, note) if part) or "not needed"


def _use(use: ModelUse) -> str:
    tokens = use.usage
    told = (
        f"{tokens.input_tokens:,} tokens in ({tokens.cached_input_tokens:,} cached), {tokens.output_tokens:,} out"
        if tokens.known
        else "tokens not reported by the endpoint"
    )
    return f"{cell_code(use.model, limit=80)}: {use.calls} call{'' if use.calls == 1 else 's'}, {told}"


def _cost(report: Report) -> str:
    if not report.models:
        return "$0"
    return "unknown: no price is configured" if report.usd is None else f"${report.usd:.4f}"


def _rules(report: Report) -> str:
    return ", ".join(f"{cell(pack, limit=60)} ({count})" for pack, count in report.rule_packs) or "none apply"


def _guidelines(report: Report) -> str:
    told = [
        cell_code(g.path, limit=120) + (f" ({g.cut_bytes:,} bytes cut)" if g.cut_bytes else "")
        for g in report.guidelines
    ]
    return ", ".join(told) or "none in the base commit"
