"""Which rules count for a change: the packs and rules that the base policy leaves on, where their paths match."""

from __future__ import annotations

from collections.abc import Iterable

from app.domain.globs import matches
from app.domain.policy import RulesPolicy
from app.domain.rules import Rule
from app.domain.tiers import Tier


def enabled(rules: Iterable[Rule], policy: RulesPolicy, *, own: tuple[Rule, ...] = ()) -> tuple[Rule, ...]:
    """The rules that the policy has not turned off, by pack or by id. `own`: the repository's, of which a list of our
    packs says nothing.
    """
    chosen = (rule for rule in rules if policy.packs is None or rule.pack in policy.packs)
    return tuple(rule for rule in (*chosen, *own) if rule.id not in policy.disable)


def applies(rule: Rule, path: str) -> bool:
    return not rule.globs or any(matches(glob, path) for glob in rule.globs)


def for_paths(rules: Iterable[Rule], paths: Iterable[str]) -> tuple[Rule, ...]:
    """The rules that speak of at least one of the paths, in their own order."""
    known = tuple(paths)
    return tuple(rule for rule in rules if any(applies(rule, path) for path in known))


def told_in(rules: Iterable[Rule], tier: Tier) -> tuple[Rule, ...]:
    """The rules whose prose a model is told when it looks at files of this tier."""
    return tuple(rule for rule in rules if rule.tier <= tier)


def told_by_title(rule: Rule, tier: Tier) -> bool:
    """Whether a model needs no prose of a rule in a review whose highest tier this is: below core, what a detector sees
    by itself is told in a line. The prose of those rules is a third of what a change in one language is told.
    """
    return rule.detector is not None and tier < Tier.CORE
