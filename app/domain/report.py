"""What a review came to: everything that the check, the comments, the terminal and the receipt tell."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.coverage import CoverageLedger
from app.domain.findings import Dropped, Finding
from app.domain.guidelines import Guideline
from app.domain.model import Usage
from app.domain.pull_request import Sha
from app.domain.verdict import Verdict


@dataclass(frozen=True, slots=True)
class ModelUse:
    """One model's share of the work. `usd` is None when no price is configured or usage was not reported."""

    model: str
    calls: int
    usage: Usage
    usd: float | None


@dataclass(frozen=True, slots=True)
class Report:
    head: Sha
    base: Sha
    merge_base: Sha
    verdict: Verdict
    ledger: CoverageLedger
    findings: tuple[Finding, ...]
    """Worst first; all that was kept."""
    max_findings: int
    """How many of them are posted as comments; the rest is listed in the summary."""
    dropped: tuple[Dropped, ...]
    walkthrough: str
    """The model's few lines on what the change does; untrusted text; may be empty."""
    guidelines: tuple[Guideline, ...]
    rule_packs: tuple[tuple[str, int], ...]
    """(pack, how many of its rules were used)."""
    models: tuple[ModelUse, ...]
    model_note: str
    """Why the model did not look, or not at everything; empty when all is well."""
    hidden_characters: int
    """How many invisible characters stood in the title, body and diff."""

    @property
    def posted(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.inline)[: self.max_findings]

    @property
    def listed_only(self) -> tuple[Finding, ...]:
        posted = {f.id for f in self.posted}
        return tuple(f for f in self.findings if f.id not in posted)

    @property
    def usd(self) -> float | None:
        """The whole cost; None when any part is unknown."""
        costs = [use.usd for use in self.models]
        return None if any(c is None for c in costs) else sum(c for c in costs if c is not None)
