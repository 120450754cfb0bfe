"""What the second look at a claim came to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.domain.severity import Severity


class Decision(StrEnum):
    KEPT = "kept"
    LOWERED = "lowered"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One claim and what became of it. `severity` is what was claimed; `reason` is the judge's or our own words."""

    path: str
    line: int
    title: str
    severity: Severity
    decision: Decision
    to: Severity | None
    """The severity it has now; None when it was dropped."""
    reason: str
