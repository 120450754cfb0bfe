"""A report as SARIF 2.1.0, the exchange format of static analysis: `revwright review --format sarif`.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; what GitHub reads of it:
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from app.domain.coverage import Unreviewed
from app.domain.encodable import encodable
from app.domain.entries import display_path
from app.domain.findings import Finding, Location
from app.domain.memory import KnownFinding
from app.domain.messages.told import also_seen, standing
from app.domain.messages.verdict_words import headline
from app.domain.report import Report
from app.domain.rules import Rule
from app.domain.severity import Severity
from app.domain.verdict import Incomplete
from app.domain.visible import visible

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MODEL_RULE = "revwright/model"
_LEVELS = {Severity.P0: "error", Severity.P1: "error", Severity.P2: "warning", Severity.P3: "note"}
_ROOT = "%SRCROOT%"
_LAST_LINE = 2**31 - 1
_SECURITY_SEVERITY = {Severity.P0: "9.5", Severity.P1: "8.0", Severity.P2: "5.0", Severity.P3: "2.0"}


def report_sarif(
    report: Report, rules: Mapping[str, Rule], *, version: str, repository: str | None = None
) -> dict[str, Any]:
    """One run. `repository` is the URL of the repository if it is known; `rules` give the texts of the rules."""
    kept_back = {seen.finding.id: seen.reason for seen in also_seen(report)}
    told = {f.id: f for f in (*report.findings, *(seen.finding for seen in report.also_seen))}
    dismissed = {known.finding.id: known for known in report.dismissed}
    found = (*told.values(), *(known.finding for id_, known in dismissed.items() if id_ not in told))
    ids = tuple(dict.fromkeys(_rule_id(finding) for finding in found))
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "Revwright",
                "semanticVersion": version,
                "informationUri": "https://github.com/revwright/revwright",
                "rules": [_rule(id_, rules.get(id_), found) for id_ in ids],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "invocations": [_invocation(report)],
        "results": [
            {
                **_result(finding, ids.index(_rule_id(finding))),
                "properties": _properties(report, finding, kept_back.get(finding.id, "")),
                **_suppressed(dismissed.get(finding.id)),
            }
            for finding in found
        ],
        "properties": {"headline": headline(report.verdict), "head": report.head, "mergeBase": report.merge_base},
    }
    if repository is not None:
        run["versionControlProvenance"] = [{"repositoryUri": repository, "revisionId": report.head}]
    log: dict[str, Any] = encodable({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})
    return log


def _rule_id(finding: Finding) -> str:
    return finding.rule or MODEL_RULE


def _rule(id_: str, rule: Rule | None, found: Iterable[Finding]) -> dict[str, Any]:
    """A built-in check has no rule file: its severity is that of what it found."""
    if rule is not None:
        return {
            "id": id_,
            "shortDescription": {"text": rule.title},
            "fullDescription": {"text": rule.fix},
            "help": {"text": f"{rule.prose}\n\nInstead: {rule.fix}"},
            "defaultConfiguration": {"level": _LEVELS[rule.severity]},
            "properties": _tags(id_, rule.severity),
        }
    worst = min((f.severity for f in found if _rule_id(f) == id_), default=Severity.P2)
    text = (
        "A defect that a model found, without a rule that names it"
        if id_ == MODEL_RULE
        else f"The built-in check {id_}"
    )
    return {
        "id": id_,
        "shortDescription": {"text": text},
        "help": {"text": f"{text}. The message of each result says what is wrong and when it fails."},
        "defaultConfiguration": {"level": _LEVELS[worst]},
        "properties": _tags(id_, worst),
    }


def _tags(id_: str, severity: Severity) -> dict[str, Any]:
    """GitHub orders security alerts by a number and takes a rule for one of security by its tag."""
    pack = id_.partition("/")[0]
    if pack != "security":
        return {"tags": [pack]}
    return {"tags": [pack], "security-severity": _SECURITY_SEVERITY[severity]}


def _result(finding: Finding, rule_index: int) -> dict[str, Any]:
    failing = f"\n\nFails when: {finding.failing_case}" if finding.failing_case.strip() else ""
    result: dict[str, Any] = {
        "ruleId": _rule_id(finding),
        "ruleIndex": rule_index,
        "level": _LEVELS[finding.severity],
        "message": {"text": visible(f"{finding.title}\n\n{finding.body}{failing}".strip())},
        "locations": [_location(finding.location)],
        "partialFingerprints": {"revwrightFindingId/v1": finding.id},
    }
    if finding.suggestion is not None:
        result["fixes"] = [_fix(finding.location, finding.suggestion)]
    return result


def _location(where: Location) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": _artifact(where.path), "region": _region(where)}}


def _artifact(path: str) -> dict[str, str]:
    """Relative to the root; percent-encoded are the bytes of the path, so that any path has a URI."""
    return {"uri": quote(path.encode("utf-8", "surrogateescape"), safe="/"), "uriBaseId": _ROOT}


def _region(where: Location) -> dict[str, int]:
    """Whole lines, without the line end of the last one, as the standard reads a region without columns."""
    start = max(1, min(where.start_line, _LAST_LINE))
    return {"startLine": start, "endLine": max(start, min(where.end_line, _LAST_LINE))}


def _fix(where: Location, suggestion: str) -> dict[str, Any]:
    replacement = {"deletedRegion": _region(where), "insertedContent": {"text": suggestion.removesuffix("\n")}}
    change = {"artifactLocation": _artifact(where.path), "replacements": [replacement]}
    return {"description": {"text": "The suggested edit."}, "artifactChanges": [change]}


def _properties(report: Report, finding: Finding, kept_back: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "severity": str(finding.severity),
        "evidence": str(finding.evidence),
        "confidence": finding.confidence,
        "standing": str(standing(report, finding)),
    }
    if finding.proof is not None:
        told["proof"] = {"command": finding.proof.command, "head": finding.proof.head.ended}
    if kept_back:
        told["alsoSeen"] = kept_back
    return told


def _suppressed(known: KnownFinding | None) -> dict[str, Any]:
    if known is None:
        return {}
    by = f"Dismissed by {known.dismissed_by}." if known.dismissed_by else "Dismissed."
    return {"suppressions": [{"kind": "external", "status": "accepted", "justification": by}]}


def _invocation(report: Report) -> dict[str, Any]:
    """Successful only when every file was covered."""
    whole = not report.ledger.unreviewed and not isinstance(report.verdict, Incomplete)
    told: dict[str, Any] = {"executionSuccessful": whole}
    if notes := list(_notifications(report)):
        told["toolExecutionNotifications"] = notes
    return told


def _notifications(report: Report) -> Iterator[dict[str, Any]]:
    if isinstance(report.verdict, Incomplete):
        yield {"level": "error", "message": {"text": visible(headline(report.verdict))}}
    if report.model_note:
        yield {"level": "warning", "message": {"text": visible(report.model_note)}}
    for entry in report.ledger.entries:
        if isinstance(entry.coverage, Unreviewed):
            text = f"{display_path(entry.path)} was not reviewed: {visible(entry.coverage.reason)}"
            place = {"physicalLocation": {"artifactLocation": _artifact(entry.path)}}
            yield {"level": "error", "message": {"text": text}, "locations": [place]}
