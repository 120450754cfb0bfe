"""What a static check says of one line."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.severity import Severity


@dataclass(frozen=True, slots=True)
class StaticHit:
    """`line` counts in the new file, from 1. Title and body are our words, never the line's."""

    rule_id: str
    path: str
    line: int
    title: str
    severity: Severity
    body: str
