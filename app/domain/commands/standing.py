"""How a pull request stands, as `status` tells it: taken together from what is remembered, without a model."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.memory import FindingState, PastReview
from app.domain.pull_request import PullRequest
from app.domain.row import Row
from app.domain.severity import Severity
from app.domain.tiers import Tier


@dataclass(frozen=True, slots=True)
class Counted:
    """The findings of the last review, and how many of its entries were covered."""

    open: int
    blocking: int
    dismissed: int
    fixed: int
    covered: int
    entries: int


@dataclass(frozen=True, slots=True)
class PullStanding:
    """`state` is what was noted of the newest head: `pending`, `held`, a conclusion, or None."""

    pull: PullRequest
    state: str | None
    row: Row | None
    past: PastReview | None
    spent: float
    cap: float | None
    rounds: int
    block_at: Severity

    @property
    def counted(self) -> Counted | None:
        """None before the first review."""
        if self.past is None:
            return None
        states = [known.state for known in self.past.findings]
        is_open = [known.finding for known in self.past.findings if known.state is FindingState.OPEN]
        return Counted(
            open=len(is_open),
            blocking=sum(finding.severity.at_least(self.block_at) for finding in is_open),
            dismissed=states.count(FindingState.DISMISSED),
            fixed=states.count(FindingState.FIXED),
            covered=sum(entry.tier is not Tier.SKIP for entry in self.past.entries),
            entries=len(self.past.entries),
        )

    @property
    def under_way(self) -> bool:
        """Something is wanted that is not done."""
        return self.row is not None and self.row.generation > self.row.done
