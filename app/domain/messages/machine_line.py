"""The last line of the check's details: the result for machines, as JSON in an HTML comment."""

from __future__ import annotations

import json

from app.domain.messages.origin import Origin
from app.domain.messages.told import also_seen, blocking, standing
from app.domain.report import Report

MAX_FINDINGS = 100


def machine_line(report: Report, origin: Origin, conclusion: str) -> str:
    """No text in it can end the comment. Version 2 has the standing of findings, what was fixed, and the spending."""
    stops = blocking(report)
    ledger = report.ledger
    data = {
        "schema": 2,
        "run": origin.run_id,
        "head": report.head,
        "base": report.base,
        "merge_base": report.merge_base,
        "conclusion": conclusion,
        "entries": len(ledger.entries),
        "reviewed": len(ledger.reviewed),
        "excluded": len(ledger.excluded),
        "unreviewed": len(ledger.unreviewed),
        "carried": report.carried,
        "findings": [
            {"id": f.id, "severity": f.severity, "standing": standing(report, f), "blocks": f.id in stops}
            for f in report.findings[:MAX_FINDINGS]
        ],
        "findings_in_all": len(report.findings),
        "also_seen": len(also_seen(report)),
        "fixed": [known.finding.id for known in report.fixed[:MAX_FINDINGS]],
        "dismissed": len(report.dismissed),
        "calls": sum(use.calls for use in report.models),
        "usd": report.usd,
        "usd_spent": report.bill.spent if report.bill else None,
        "usd_cap": report.bill.cap if report.bill else None,
        "rounds": report.rounds,
    }
    return f"<!-- revwright {json.dumps(data).replace('<', chr(92) + 'u003c').replace('>', chr(92) + 'u003e')} -->"
