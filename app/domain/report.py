"""What a review came to: everything that the check, the comments, the terminal and the receipt tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from app.domain.coverage import CoverageLedger
from app.domain.findings import Dropped, Finding
from app.domain.guidelines import Guideline
from app.domain.judgements import Judgement
from app.domain.memory import KnownFinding
from app.domain.model import ModelCall, Usage
from app.domain.pull_request import Sha
from app.domain.rules import Rule
from app.domain.severity import Severity
from app.domain.verdict import Verdict


@dataclass(frozen=True, slots=True)
class ModelUse:
    """One model's share of the work. `usd` is None when no price is configured or usage was not reported."""

    model: str
    calls: int
    usage: Usage
    usd: float | None


class Standing(StrEnum):
    """How a finding stands against the last review."""

    NEW = "new"
    STILL_THERE = "still there"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class AlsoSeen:
    """A finding that is not posted as a comment, and why: over the cap, said by somebody else, too many rounds."""

    finding: Finding
    reason: str


@dataclass(frozen=True, slots=True)
class Bill:
    """What the models cost. `cap` is None without a cap; `spent` is over all reviews of the pull request."""

    spent: float
    cap: float | None
    refused: str = ""
    """The cap that stood in the way of a call, in words."""
    unpriced: tuple[str, ...] = ()
    """Models whose calls no cap can hold back, because no price is configured."""


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
    block_at: Severity = Severity.P1
    """Findings that are this bad or worse block."""
    standing: Mapping[str, Standing] = field(default_factory=dict)
    """By finding id; what is not named is new."""
    fixed: tuple[KnownFinding, ...] = ()
    """What the last review found and this one does not."""
    dismissed: tuple[KnownFinding, ...] = ()
    also_seen: tuple[AlsoSeen, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    calls: tuple[ModelCall, ...] = ()
    bill: Bill | None = None
    rounds: int = 0
    """Of the policy's `limits.rounds`, this one included."""
    round_limit: int = 0
    """The policy's `limits.rounds`; 0 where rounds are not counted, as for a local range."""
    carried: int = 0
    """Entries whose coverage stands from an earlier review of the same change."""
    diagram: str = ""
    """Mermaid source that the model gave, already checked; may be empty."""
    notes: tuple[str, ...] = ()
    """What the run's record says of its own work: why a finding has no proof, what the model server does not take."""
    own_rules: tuple[Rule, ...] = ()
    """The repository's own rules, for what is said of findings that name one."""
    skills: tuple[str, ...] = ()
    """Names of the base commit's skills that the reviewers could read."""

    @property
    def posted(self) -> tuple[Finding, ...]:
        kept_back = {seen.finding.id for seen in self.also_seen}
        return tuple(f for f in self.findings if f.inline and f.id not in kept_back)[: self.max_findings]

    @property
    def listed_only(self) -> tuple[Finding, ...]:
        posted = {f.id for f in self.posted}
        return tuple(f for f in self.findings if f.id not in posted)

    @property
    def usd(self) -> float | None:
        """The whole cost; None when any part is unknown."""
        costs = [use.usd for use in self.models]
        return None if any(c is None for c in costs) else sum(c for c in costs if c is not None)
