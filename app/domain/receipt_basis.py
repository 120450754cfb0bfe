"""What a review rested on, as digests: the policy, the rules and the prompts, so that each can be compared later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from app.domain.canonical_json import digest, settled, text_digest
from app.domain.model import ModelCall
from app.domain.policy import Policy
from app.domain.rules import Rule

TASKS: Mapping[str, str] = {
    "light": "review_light",
    "standard": "review_standard",
    "core": "review_core",
    "security": "security",
    "across": "across",
    "judge": "judge",
    "recheck": "judge",
    "prove": "prove",
}
"""The first word of a call's label -> the prompt that says its task."""


@dataclass(frozen=True, slots=True)
class GuidelineUsed:
    """`sha256` is that of the first `hashed_bytes` bytes of the file at the base commit: of all of it, unless it is
    very large. `cut_bytes` of it were not told to reviewers.
    """

    path: str
    sha256: str
    hashed_bytes: int
    cut_bytes: int


@dataclass(frozen=True, slots=True)
class RulePackUsed:
    """`sha256` is that of the canonical JSON of [id, SHA-256 of the rule's file] for each of the pack's `rules` rules
    that the policy leaves on, by id. `applied` of them speak of the change.
    """

    pack: str
    sha256: str
    rules: int
    applied: int


@dataclass(frozen=True, slots=True)
class PromptUsed:
    """`sha256` is that of the prompt's file. `calls` had it as their task; None for what is a part of any call."""

    name: str
    sha256: str
    calls: int | None


@dataclass(frozen=True, slots=True)
class Basis:
    """Known before anybody looks. `policy` is a digest; no prompts where no model is configured."""

    policy: str = ""
    policy_problems: int = 0
    rule_packs: tuple[RulePackUsed, ...] = ()
    prompts: tuple[PromptUsed, ...] = ()


def policy_digest(policy: Policy) -> str:
    """Of every value of it, defaults included."""
    return digest(settled(policy))


def packs_used(allowed: Iterable[Rule], applied: Iterable[Rule]) -> tuple[RulePackUsed, ...]:
    """`allowed` are the rules that the policy leaves on, `applied` those of them that speak of the change."""
    packs: dict[str, list[tuple[str, str]]] = {}
    for rule in allowed:
        packs.setdefault(rule.pack, []).append((rule.id, rule.sha256))
    spoke = Counter(rule.pack for rule in applied)
    return tuple(
        RulePackUsed(pack, digest(sorted(packs[pack])), len(packs[pack]), spoke[pack]) for pack in sorted(packs)
    )


def prompts_of(texts: Mapping[str, str]) -> tuple[PromptUsed, ...]:
    """Texts of prompts by name, before any call was made."""
    tasks = frozenset(TASKS.values())
    return tuple(PromptUsed(name, text_digest(texts[name]), 0 if name in tasks else None) for name in sorted(texts))


def prompts_used(basis: Basis, calls: Iterable[ModelCall]) -> tuple[PromptUsed, ...]:
    """With how many of the calls had each as their task."""
    counts = Counter(TASKS.get(call.label.replace(",", " ").split(" ")[0], "") for call in calls)
    return tuple(one if one.calls is None else replace(one, calls=counts[one.name]) for one in basis.prompts)
