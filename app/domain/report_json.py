"""A report as plain JSON values: `revwright review --format json`, described by `docs/report.schema.json`."""

from __future__ import annotations

from typing import Any, assert_never

from app.domain.coverage import Coverage, Excluded, Reviewed, Unreviewed
from app.domain.encodable import encodable
from app.domain.entries import display_path
from app.domain.findings import Dropped, Finding, Proof, ProofRun
from app.domain.judgements import Judgement
from app.domain.memory import KnownFinding
from app.domain.messages.told import also_seen, blocking, standing
from app.domain.messages.verdict_words import headline
from app.domain.model import Usage
from app.domain.report import Bill, Report
from app.domain.verdict import Blocked, Incomplete, NeedsHuman, Passed, Verdict


def report_json(report: Report) -> dict[str, Any]:
    """Keys are stable; `schema` rises when one changes its meaning."""
    stops = blocking(report)
    told: dict[str, Any] = encodable(
        {
            "schema": 2,
            "head": report.head,
            "base": report.base,
            "merge_base": report.merge_base,
            "verdict": {
                "state": _state(report.verdict),
                "headline": headline(report.verdict),
                **_detail(report.verdict),
            },
            "findings": [
                {**_finding(f), "standing": str(standing(report, f)), "blocks": f.id in stops} for f in report.findings
            ],
            "also_seen": [{**_finding(seen.finding), "reason": seen.reason} for seen in also_seen(report)],
            "fixed": [_known(known) for known in report.fixed],
            "dismissed": [_known(known) for known in report.dismissed],
            "coverage": [
                {
                    "path": display_path(e.path),
                    "tier": str(e.tier),
                    "tier_reason": e.tier_reason,
                    **_coverage(e.coverage),
                }
                for e in report.ledger.entries
            ],
            "walkthrough": report.walkthrough,
            "diagram": report.diagram,
            **_how(report),
        }
    )
    return told


def _how(report: Report) -> dict[str, Any]:
    return {
        "models": [
            {"model": use.model, "calls": use.calls, **_usage(use.usage), "usd": use.usd} for use in report.models
        ],
        "calls": [
            {"label": c.label, "model": c.model, **_usage(c.usage), "usd": c.usd, "seconds": c.seconds}
            for c in report.calls
        ],
        "model_note": report.model_note,
        "usd": report.usd if report.models else 0.0,
        "bill": _bill(report.bill) if report.bill else None,
        "rounds": {"used": report.rounds, "of": report.round_limit or None},
        "carried": report.carried,
        "rule_packs": dict(report.rule_packs),
        "guidelines": [{"path": display_path(g.path), "cut_bytes": g.cut_bytes} for g in report.guidelines],
        "skills": list(report.skills),
        "notes": list(report.notes),
        "judgements": [_judgement(j) for j in report.judgements],
        "dropped": [_dropped(d) for d in report.dropped],
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
        case Incomplete(reason, retry_at):
            return {"reason": reason, "retry_at": retry_at.isoformat() if retry_at else None}
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
        "in_diff": finding.inline,
        "title": finding.title,
        "body": finding.body,
        "failing_case": finding.failing_case,
        "evidence": str(finding.evidence),
        "confidence": finding.confidence,
        "suggestion": finding.suggestion,
        "proof": _proof(finding.proof) if finding.proof else None,
    }


def _proof(proof: Proof) -> dict[str, Any]:
    return {
        "command": proof.command,
        "files": [{"path": display_path(path), "text": text} for path, text in proof.files],
        "expected": proof.expected,
        "head": _run(proof.head),
        "base": _run(proof.base) if proof.base else None,
    }


def _run(run: ProofRun) -> dict[str, str]:
    return {"commit": run.commit, "ended": run.ended, "output": run.output}


def _known(known: KnownFinding) -> dict[str, Any]:
    return {
        "id": known.finding.id,
        "severity": str(known.finding.severity),
        "path": display_path(known.finding.location.path),
        "line": known.finding.location.end_line,
        "title": known.finding.title,
        "since": known.since,
        "fixed_by": known.fixed_by,
        "dismissed_by": known.dismissed_by,
    }


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input_tokens,
        "cached_input_tokens": usage.cached_input_tokens,
        "output_tokens": usage.output_tokens,
        "tokens_reported": usage.known,
    }


def _bill(bill: Bill) -> dict[str, Any]:
    return {"spent": bill.spent, "cap": bill.cap, "refused": bill.refused, "unpriced": list(bill.unpriced)}


def _judgement(judgement: Judgement) -> dict[str, Any]:
    return {
        "path": display_path(judgement.path),
        "line": judgement.line,
        "title": judgement.title,
        "severity": str(judgement.severity),
        "decision": str(judgement.decision),
        "to": str(judgement.to) if judgement.to else None,
        "reason": judgement.reason,
    }


def _dropped(dropped: Dropped) -> dict[str, Any]:
    candidate = dropped.candidate
    return {
        "path": display_path(candidate.path),
        "line": candidate.start_line,
        "title": candidate.title,
        "severity": str(candidate.severity),
        "source": candidate.source,
        "reason": dropped.reason,
    }
