"""A report as plain JSON values: `revwright review --format json`."""

from __future__ import annotations

from typing import Any, assert_never

from app.domain.coverage import Coverage, Excluded, Reviewed, Unreviewed
from app.domain.entries import display_path
from app.domain.findings import Finding
from app.domain.messages.verdict_words import headline
from app.domain.report import Report
from app.domain.verdict import Blocked, Incomplete, NeedsHuman, Passed, Verdict


def report_json(report: Report) -> dict[str, Any]:
    """Keys are stable; `schema` rises when one changes its meaning."""
    return {
        "schema": 1,
        "head": report.head,
        "base": report.base,
        "merge_base": report.merge_base,
        "verdict": {"state": _state(report.verdict), "headline": headline(report.verdict), **_detail(report.verdict)},
        "findings": [_finding(f) for f in report.findings],
        "coverage": [
            {"path": display_path(e.path), "tier": str(e.tier), "tier_reason": e.tier_reason, **_coverage(e.coverage)}
            for e in report.ledger.entries
        ],
        "walkthrough": report.walkthrough,
        "models": [
            {
                "model": use.model,
                "calls": use.calls,
                "input_tokens": use.usage.input_tokens,
                "cached_input_tokens": use.usage.cached_input_tokens,
                "output_tokens": use.usage.output_tokens,
                "tokens_reported": use.usage.known,
                "usd": use.usd,
            }
            for use in report.models
        ],
        "model_note": report.model_note,
        "rule_packs": dict(report.rule_packs),
        "guidelines": [{"path": g.path, "cut_bytes": g.cut_bytes} for g in report.guidelines],
        "dropped": [{"title": d.candidate.title, "reason": d.reason} for d in report.dropped],
        "hidden_characters": report.hidden_characters,
    }


def _state(verdict: Verdict) -> str:
    match verdict:
        case Passed():
            return "passed"
        case Blocked():
            return "blocked"
        case NeedsHuman():
            return "needs_human"
        case Incomplete():
            return "incomplete"
    assert_never(verdict)


def _detail(verdict: Verdict) -> dict[str, Any]:
    match verdict:
        case Blocked(findings):
            return {"blocking": [f.id for f in findings]}
        case NeedsHuman(requirements):
            return {"requirements": list(requirements)}
        case Incomplete(reason):
            return {"reason": reason}
        case Passed():
            return {}
    assert_never(verdict)


def _coverage(coverage: Coverage) -> dict[str, str]:
    match coverage:
        case Reviewed(tier):
            return {"state": "reviewed", "by": str(tier)}
        case Excluded(rule):
            return {"state": "excluded", "rule": rule}
        case Unreviewed(reason):
            return {"state": "unreviewed", "reason": reason}
    assert_never(coverage)


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "rule": finding.rule,
        "severity": str(finding.severity),
        "path": display_path(finding.location.path),
        "start_line": finding.location.start_line,
        "end_line": finding.location.end_line,
        "title": finding.title,
        "body": finding.body,
        "evidence": str(finding.evidence),
        "confidence": finding.confidence,
        "suggestion": finding.suggestion,
    }
