"""The messages about one claim: is it true, and can it be shown by running something."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from app.domain.findings import Candidate, Finding, Quote
from app.domain.model import Message
from app.domain.prompting.templates import PromptTemplates, user_message
from app.domain.shown import shown_path


def judge_task(templates: PromptTemplates, candidate: Candidate) -> Message:
    """Asks for a verdict on a claim that another pass made. It is told in the shape of FINDING_SCHEMA."""
    claim = {
        "rule": candidate.rule or None,
        "path": shown_path(candidate.path),
        "start_line": candidate.start_line,
        "end_line": candidate.end_line,
        "severity": candidate.severity.value,
        "title": candidate.title,
        "body": candidate.body,
        "failing_case": candidate.failing_case,
        "quotes": _quotes(candidate.quotes),
        "confidence": candidate.confidence,
        "suggestion": candidate.suggestion,
    }
    return user_message(templates.judge, [("claim", _json(claim))])


def prove_task(templates: PromptTemplates, finding: Finding) -> Message:
    """Asks for a test or a command that shows a finding, on the head and not on the base."""
    told = {
        "path": shown_path(finding.location.path),
        "start_line": finding.location.start_line,
        "end_line": finding.location.end_line,
        "severity": finding.severity.value,
        "title": finding.title,
        "body": finding.body,
        "failing_case": finding.failing_case,
    }
    return user_message(templates.prove, [("finding", _json(told))])


def _quotes(quotes: Iterable[Quote]) -> list[Mapping[str, object]]:
    return [{"path": shown_path(quote.path), "line": quote.line, "text": quote.text} for quote in quotes]


def _json(value: Mapping[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)
