"""The coverage ledger: for every changed entry, whether it was looked at, and if not, why not."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.tiers import Tier


@dataclass(frozen=True, slots=True)
class Reviewed:
    tier: Tier


@dataclass(frozen=True, slots=True)
class Excluded:
    """Left out by a rule of the base commit; `rule` names it."""

    rule: str


@dataclass(frozen=True, slots=True)
class Unreviewed:
    reason: str


Coverage = Reviewed | Excluded | Unreviewed


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    path: str
    tier: Tier
    tier_reason: str
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class CoverageLedger:
    """One entry for each entry of the tree diff, in its order."""

    entries: tuple[LedgerEntry, ...]

    @property
    def unreviewed(self) -> tuple[LedgerEntry, ...]:
        return tuple(e for e in self.entries if isinstance(e.coverage, Unreviewed))

    @property
    def excluded(self) -> tuple[LedgerEntry, ...]:
        return tuple(e for e in self.entries if isinstance(e.coverage, Excluded))

    @property
    def reviewed(self) -> tuple[LedgerEntry, ...]:
        return tuple(e for e in self.entries if isinstance(e.coverage, Reviewed))
