"""The review's inline comments and the summary comment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from app.domain.findings import Evidence, Finding
from app.domain.inert import block, fence, inline, phrase, suggestion
from app.domain.messages import summary
from app.domain.messages.counting import counted
from app.domain.messages.folding import fitted_body
from app.domain.messages.origin import Origin
from app.domain.messages.proof import proof_words
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


def inline_comment(finding: Finding, rules: Mapping[str, Rule], mark: str) -> InlineComment:
    """One finding where it stands. By `mark` we know its conversation again."""
    where, body = finding.location, finding_words(finding, rules, button=True)
    return InlineComment(where.path, where.start_line, where.end_line, f"{body}\n\n{mark}")


def finding_words(finding: Finding, rules: Mapping[str, Rule], *, button: bool) -> str:
    """All that is told of one finding; `button`: a suggestion may be one that applies it."""
    parts = [f"**{finding.severity} · {phrase(finding.title, limit=200)}**", block(finding.body, limit=4_000)]
    if finding.failing_case.strip():
        parts.append(f"**Fails when:** {phrase(finding.failing_case, limit=600)}")
    if finding.proof is not None:
        parts.append(proof_words(finding.proof))
    rule = rules.get(finding.rule)
    if rule is not None:
        parts.append(f"_Instead:_ {phrase(rule.fix, limit=300)}")
    if finding.suggestion is not None:
        parts.append(_suggested(finding.suggestion, button=button))
    parts.append(f"<sub>{_origin_words(finding)} · `{finding.id}`</sub>")
    return "\n\n".join(part for part in parts if part)


def _suggested(text: str, *, button: bool) -> str:
    """A button that applies a small edit; the text as code where it is large or could not be carried unchanged."""
    if not button:
        return "Suggested:\n\n" + fence(text, limit=4_000)
    if len(text) > MAX_BUTTON:
        return "Suggested (too long for a button):\n\n" + fence(text, limit=4_000)
    try:
        return suggestion(text)
    except ValueError:
        return "Suggested (with characters that a button could not carry):\n\n" + fence(text, limit=4_000)


def _origin_words(finding: Finding) -> str:
    rule = f"rule {inline(finding.rule, limit=80)}, " if finding.rule else ""
    match finding.evidence:
        case Evidence.STATIC:
            return f"{rule}found without a model"
        case Evidence.REPRODUCED:
            return f"{rule}reproduced in the sandbox"
        case Evidence.REASONED:
            return f"{rule}{finding.evidence} by the model, {finding.confidence:.0%} sure"
    assert_never(finding.evidence)


def review_body(new: int, mark: str) -> str:
    """The few words above the inline comments."""
    return f"{counted(new, 'new finding')} on this head. The summary comment has the whole picture.\n\n{mark}"


def summary_comment(report: Report, origin: Origin, mark: str) -> str:
    """The one comment that is edited in place: verdict first, the rest folded."""
    note = "… cut: the check's details have more."
    return f"{fitted_body(summary.parts(report, origin), MAX_COMMENT, note=note)}\n\n{mark}"
