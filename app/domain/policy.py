"""What a repository may choose in `.github/revwright.yml`, as values, with the built-in defaults."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from app.domain.severity import Severity

POLICY_PATH = ".github/revwright.yml"


class Trigger(StrEnum):
    OPENED = "opened"
    READY_FOR_REVIEW = "ready_for_review"
    PUSH = "push"


class Delivery(StrEnum):
    PUSH = "push"
    PULL_REQUEST = "pull_request"
    SUGGEST = "suggest"


@dataclass(frozen=True, slots=True)
class ReviewPolicy:
    triggers: frozenset[Trigger] = frozenset(Trigger)
    drafts: bool = False
    block_at: Severity = Severity.P1
    max_findings: int = 10
    instructions: str = ""


@dataclass(frozen=True, slots=True)
class CoreRequirement:
    """Paths that wait for a human, and which humans count. Empty `from_` means CODEOWNERS, else anyone with write."""

    paths: tuple[str, ...]
    approvals: int = 1
    from_: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TierPolicy:
    skip: tuple[str, ...] = ()
    light: tuple[str, ...] = ()
    core: tuple[CoreRequirement, ...] = ()


@dataclass(frozen=True, slots=True)
class RulesPolicy:
    packs: tuple[str, ...] | None = None
    """None: every pack we ship."""
    disable: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FixPolicy:
    enabled: bool = True
    verify: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    deliver: Delivery = Delivery.PUSH
    max_attempts: int = 3
    max_changed_lines: int = 400


@dataclass(frozen=True, slots=True)
class LimitsPolicy:
    usd_per_pull_request: float = 2.0
    rounds: int = 6


@dataclass(frozen=True, slots=True)
class Policy:
    """One repository's choices. `Policy()` is the built-in default."""

    review: ReviewPolicy = field(default_factory=ReviewPolicy)
    tiers: TierPolicy = field(default_factory=TierPolicy)
    rules: RulesPolicy = field(default_factory=RulesPolicy)
    fix: FixPolicy = field(default_factory=FixPolicy)
    commands: tuple[tuple[str, str], ...] = ()
    """(verb, least permission) pairs that tighten the defaults."""
    limits: LimitsPolicy = field(default_factory=LimitsPolicy)


def without_effect(policy: Policy) -> tuple[str, ...]:
    """What a policy asks for that this version checks but does not act on yet, by key."""
    plain = Policy()
    asked = (("fix", policy.fix, plain.fix),)
    waiting = "tiers.core: approvals are not counted; the check of such a change ends action_required"
    told = tuple(key for key, value, default in asked if value != default)
    return (waiting, *told) if policy.tiers.core else told
