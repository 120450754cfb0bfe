"""The review's inline comments and the summary comment."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.findings import Evidence, Finding
from app.domain.inert import block, fence, inline, suggestion
from app.domain.messages.check import headline, reasons
from app.domain.messages.origin import Origin
from app.domain.messages.tables import coverage_line, coverage_table, findings_table, how_table
from app.domain.report import Report
from app.domain.rules import Rule

MAX_BUTTON = 2_000

MAX_COMMENT = 60_000
"""GitHub takes 65,536 characters."""


@dataclass(frozen=True, slots=True)
class InlineComment:
    """Lines of the head side; `start_line` equals `line` for a single line."""

    path: str
    start_line: int
    line: int
    body: str


def inline_comment(finding: Finding, rules: dict[str, Rule]) -> InlineComment:
    """One finding where it stands."""
    parts = [f"**{finding.severity} · {inline(finding.title, limit=200)}**", block(finding.body, limit=4_000)]
    rule = rules.get(finding.rule)
    if rule is not None:
        parts.append(f"_Instead:_ {inline(rule.fix, limit=300)}")
    if finding.suggestion is not None:
        parts.append(_suggested(finding.suggestion))
    parts.append(f"<sub>{_origin_words(finding)} · `{finding.id}`</sub>")
    where = finding.location
    return InlineComment(where.path, where.start_line, where.end_line, "\n\n".join(p for p in parts if p))


def _suggested(text: str) -> str:
    """A button that applies a small edit; the text as code where it is large or could not be carried unchanged."""
    if len(text) > MAX_BUTTON:
        return "Suggested (too long for a button):\n\n" + fence(text, limit=4_000)
    try:
        return suggestion(text)
    except ValueError:
        return "Suggested (with characters that a button could not carry):\n\n" + fence(text, limit=4_000)


def _origin_words(finding: Finding) -> str:
    rule = f"rule {inline(finding.rule, limit=80)}, " if finding.rule else ""
    if finding.evidence is Evidence.STATIC:
        return f"{rule}found without a model"
    return f"{rule}{finding.evidence} by the model, {finding.confidence:.0%} sure"


def review_body(new: int, mark: str) -> str:
    """The few words above the inline comments."""
    return (
        f"{new} new finding{'' if new == 1 else 's'} on this head. The summary comment has the whole picture.\n\n{mark}"
    )


def summary_comment(report: Report, origin: Origin, mark: str) -> str:
    """The one comment that is edited in place: verdict first, the rest folded."""
    parts = [f"### {inline(headline(report.verdict), limit=300)}"]
    parts += [f"- {reason}" for reason in reasons(report.verdict)]
    if report.model_note:
        parts.append(f"> {inline(report.model_note, limit=300)}")
    parts.append(findings_table(report.findings, origin))
    outside = report.listed_only
    if outside:
        parts.append(_told_here(outside, origin))
    if report.walkthrough:
        parts.append("**What the change does**\n\n" + block(report.walkthrough, limit=1_500))
    parts.append(_folded(f"Coverage: {coverage_line(report.ledger)}", coverage_table(report.ledger)))
    parts.append(_folded("How it was reviewed", how_table(report, origin)))
    body = "\n\n".join(part for part in parts if part)
    if len(body) > MAX_COMMENT:
        shorter = [part for part in parts if not part.startswith("<details><summary>Coverage")]
        shorter.append(f"Coverage: {coverage_line(report.ledger)}. The table is in the check's details.")
        body = "\n\n".join(part for part in shorter if part)
        if len(body) > MAX_COMMENT:  # at the end of a line: within one, a cut would leave a code span open
            body = body[: body.rfind("\n", 0, MAX_COMMENT)] + "\n\n… cut: the check's details have more."
    return f"{body}\n\n{mark}"


def _told_here(findings: tuple[Finding, ...], origin: Origin) -> str:
    """Findings that could not, or by the policy's cap should not, stand as comments in the diff."""
    told = [
        f"**{f.severity} · {inline(f.title, limit=200)}** ({origin.location(f.location)}, `{f.id}`)\n\n"
        + block(f.body, limit=800)
        for f in findings[:20]
    ]
    return _folded(f"Not posted in the diff: {len(findings)}", "\n\n".join(told))


def _folded(summary: str, text: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"
