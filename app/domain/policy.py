"""What a repository may choose in `.github/revwright.yml`, as values, with the built-in defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from app.domain.severity import Severity

POLICY_PATH = ".github/revwright.yml"

ORGANISATION_REPOSITORY = ".github"
ORGANISATION_PATH = "revwright.yml"
"""Where an account says what holds for all its repositories: this file of its repository of that name."""

MAX_POLICY_BYTES = 64 * 1024
"""Of a policy file."""

PERMISSIONS = ("triage", "write", "maintain", "admin")
"""From the least to the most."""

LEAST_PERMISSIONS = {
    "review": "write",
    "fix": "write",
    "ask": "triage",
    "dismiss": "write",
    "reopen": "write",
    "stop": "write",
    "pause": "write",
    "resume": "write",
    "status": "triage",
    "config": "write",
    "remember": "write",
    "help": "triage",
}
"""The built-in permission of each command; a policy may ask for more, never for less."""


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


@dataclass(frozen=True, slots=True)
class ParsedPolicy:
    """What a policy file says, and which keys stand in it, as `review.block_at`, each with its line and column."""

    policy: Policy
    given: Mapping[str, tuple[int, int]] = field(default_factory=lambda: MappingProxyType({}))
