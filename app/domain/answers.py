"""The shape of a reviewer's answer, and its strict decoding: model output is untrusted input."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.encodable import encodable_text
from app.domain.findings import Candidate, Evidence, Quote
from app.domain.model import AnswerSchema
from app.domain.severity import Severity
from app.domain.strict_json import (
    MAX_TEXT,
    AnswerInvalid,
    integer_of,
    object_with,
    optional_text,
    parsed,
    text_of,
)

__all__ = [
    "FINDING_SCHEMA",
    "MAX_FINDINGS",
    "MAX_QUOTES",
    "MAX_TEXT",
    "REVIEW_SCHEMA",
    "AnswerInvalid",
    "ReviewAnswer",
    "decode_candidate",
    "decode_review",
]

MAX_FINDINGS = 50
MAX_QUOTES = 20

FINDING_SCHEMA: Mapping[str, object] = {
    "type": "object",
    "additionalProperties": False,
    "required": [
        "rule",
        "path",
        "start_line",
        "end_line",
        "severity",
        "title",
        "body",
        "failing_case",
        "quotes",
        "confidence",
        "suggestion",
    ],
    "properties": {
        "rule": {"type": ["string", "null"], "description": "id of the broken rule, or null"},
        "path": {"type": "string"},
        "start_line": {"type": "integer", "description": "line number in the new file"},
        "end_line": {"type": "integer"},
        "severity": {"type": "string", "enum": [s.value for s in Severity]},
        "title": {"type": "string", "description": "one line, what is wrong"},
        "body": {"type": "string", "description": "why, and what to do instead"},
        "failing_case": {"type": "string", "description": "the input, state or path that makes it go wrong"},
        "quotes": {
            "type": "array",
            "description": "the lines that prove it, repeated exactly",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["path", "line", "text"],
                "properties": {
                    "path": {"type": "string"},
                    "line": {"type": "integer", "description": "line number in the new file"},
                    "text": {"type": "string"},
                },
            },
        },
        "confidence": {"type": "number", "description": "0 to 1"},
        "suggestion": {
            "type": ["string", "null"],
            "description": "exact replacement of the lines start_line to end_line, or null",
        },
    },
}

REVIEW_SCHEMA = AnswerSchema(
    name="review",
    json_schema={
        "type": "object",
        "additionalProperties": False,
        "required": ["findings", "summary", "diagram"],
        "properties": {
            "summary": {"type": "string", "description": "what the change does, at most five short lines"},
            "findings": {"type": "array", "items": FINDING_SCHEMA},
            "diagram": {"type": ["string", "null"], "description": "Mermaid source where it helps, else null"},
        },
    },
)


@dataclass(frozen=True, slots=True)
class ReviewAnswer:
    candidates: tuple[Candidate, ...]
    walkthrough: str
    diagram: str = ""
    """Mermaid source, unchecked; empty for none."""


def decode_review(text: str) -> ReviewAnswer:
    """Decodes an answer to REVIEW_SCHEMA. Raises AnswerInvalid; never repairs, never guesses."""
    top = object_with(parsed(text), "answer", {"findings", "summary", "diagram"})
    found = top["findings"]
    if not isinstance(found, list):
        raise AnswerInvalid("findings must be an array")
    if len(found) > MAX_FINDINGS:
        raise AnswerInvalid(f"at most {MAX_FINDINGS} findings are taken: keep the worst")
    candidates = tuple(decode_candidate(item, f"findings[{i}]") for i, item in enumerate(found))
    diagram = optional_text(top, "diagram", "answer")
    if len(diagram) > MAX_TEXT:
        raise AnswerInvalid(f"answer.diagram is longer than {MAX_TEXT} characters")
    return ReviewAnswer(candidates, text_of(top, "summary", "answer", empty=True), diagram)


_FIELDS = frozenset(
    {"rule", "path", "start_line", "end_line", "severity", "title", "body", "failing_case", "quotes"}
    | {"confidence", "suggestion"}
)


def decode_candidate(item: object, where: str) -> Candidate:
    """One finding of FINDING_SCHEMA. Raises AnswerInvalid, which begins with `where`."""
    fields = object_with(item, where, _FIELDS)
    severity = fields["severity"]
    if not isinstance(severity, str) or severity not in {s.value for s in Severity}:
        raise AnswerInvalid(f"{where}.severity must be one of P0, P1, P2, P3")
    suggestion = fields["suggestion"]
    if suggestion is not None and not isinstance(suggestion, str):
        raise AnswerInvalid(f"{where}.suggestion must be a string or null")
    return Candidate(
        rule=optional_text(fields, "rule", where),
        severity=Severity(severity),
        path=text_of(fields, "path", where),
        start_line=integer_of(fields, "start_line", where),
        end_line=integer_of(fields, "end_line", where),
        title=text_of(fields, "title", where),
        body=text_of(fields, "body", where, empty=True),
        evidence=Evidence.REASONED,
        confidence=_confidence(fields, where),
        suggestion=None if suggestion is None else encodable_text(suggestion),
        failing_case=text_of(fields, "failing_case", where, empty=True),
        quotes=_quotes(fields["quotes"], f"{where}.quotes"),
    )


def _quotes(value: object, where: str) -> tuple[Quote, ...]:
    if not isinstance(value, list) or len(value) > MAX_QUOTES:
        raise AnswerInvalid(f"{where} must be an array of at most {MAX_QUOTES} quotes")
    quotes: list[Quote] = []
    for i, item in enumerate(value):
        one = f"{where}[{i}]"
        fields = object_with(item, one, {"path", "line", "text"})
        quotes.append(
            Quote(
                text_of(fields, "path", one), integer_of(fields, "line", one), text_of(fields, "text", one, empty=True)
            )
        )
    return tuple(quotes)


def _confidence(fields: Mapping[str, object], where: str) -> float:
    value = fields["confidence"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise AnswerInvalid(f"{where}.confidence must be a number from 0 to 1")
    if not 0 <= value <= 1:
        raise AnswerInvalid(f"{where}.confidence must be a number from 0 to 1")
    return float(value)
