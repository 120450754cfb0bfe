"""A person's word on a finding: dismissed, or open again. Kept as a note until a review has taken it in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from app.domain.memory import FindingState, KnownFinding, PastReview
from app.domain.plain_values import from_json, to_json

MAX_REASON = 500
NOTE = "settled:"
"""How the ids of such notes begin."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """`state` is what the finding is to be; `by` and `reason` are the person's login and words."""

    finding: str
    state: FindingState
    by: str
    reason: str = ""


def encode(settlement: Settlement) -> str:
    """JSON; the reverse of `decode`."""
    return to_json(settlement)


def decode(text: str) -> Settlement | None:
    """None for what another version wrote."""
    return from_json(Settlement, text)


def settled(past: PastReview, settlements: Iterable[Settlement], resolved_by: Mapping[str, str | None]) -> PastReview:
    """The past with each finding as it was settled last. What is fixed stays fixed.

    `resolved_by`: who resolved the thread of a finding, by id: that must not dismiss again what is open by a word.
    """
    last = {one.finding: one for one in settlements}

    def now(known: KnownFinding) -> KnownFinding:
        word = last.get(known.finding.id)
        if word is None or known.state is FindingState.FIXED:
            return known
        if word.state is FindingState.DISMISSED:
            return replace(known, state=word.state, dismissed_by=word.by, reason=word.reason[:MAX_REASON])
        return replace(known, state=FindingState.OPEN, dismissed_by=resolved_by.get(known.finding.id), reason="")

    return replace(past, findings=tuple(now(known) for known in past.findings))
