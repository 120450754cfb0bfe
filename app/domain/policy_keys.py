"""The keys of a policy one by one: how each is read and set, and what becomes of it below a ceiling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from app.domain.policy import LEAST_PERMISSIONS, PERMISSIONS, CoreRequirement, Delivery, Policy
from app.domain.severity import Severity

# The type of a value is that of its key; a table of keys has no narrower one than this.
Value = Any

_COMMANDS = "commands"


@dataclass(frozen=True, slots=True)
class Key:
    """One key, as `review.block_at`. `join` gives what holds, from a ceiling and what is asked for below it.

    It only ever narrows: joined with anything, the result allows no more than the ceiling. `adds`: all that is asked is
    in the result, behind what the ceiling has, so there is nothing to tell.
    """

    name: str
    join: Callable[[Value, Value], Value]
    adds: bool = False

    def of(self, policy: Policy) -> Value:
        section, _, name = self.name.partition(".")
        if section == _COMMANDS:
            return dict(policy.commands).get(name, LEAST_PERMISSIONS[name])
        return getattr(getattr(policy, section), name)

    def put(self, policy: Policy, value: Value) -> Policy:
        """The policy with another value for this key."""
        section, _, name = self.name.partition(".")
        if section == _COMMANDS:
            chosen = {**dict(policy.commands), name: value}
            return replace(policy, commands=tuple((verb, chosen[verb]) for verb in LEAST_PERMISSIONS if verb in chosen))
        changed: dict[str, Value] = {section: replace(getattr(policy, section), **{name: value})}
        return replace(policy, **changed)


def _together(ceiling: tuple[Value, ...], asked: tuple[Value, ...]) -> tuple[Value, ...]:
    """What the ceiling has, as it is, and behind that what is new."""
    return (*ceiling, *(item for item in asked if item not in ceiling))


def _among(ceiling: tuple[str, ...], asked: tuple[str, ...]) -> tuple[str, ...]:
    """Only what the ceiling has; it imposes nothing on those who choose less."""
    return tuple(item for item in asked if item in ceiling)


def _packs(ceiling: tuple[str, ...] | None, asked: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if ceiling is None or asked is None else _together(ceiling, asked)


def _paragraphs(ceiling: str, asked: str) -> str:
    """Both, the ceiling's first; a paragraph that stands in both is said once."""
    return "\n\n".join(_together(tuple(ceiling.split("\n\n")), tuple(asked.split("\n\n")))) if ceiling else asked


def _milder(ceiling: Severity, asked: Severity) -> Severity:
    return ceiling if asked.at_least(ceiling) else asked


def _gentler(ceiling: Delivery, asked: Delivery) -> Delivery:
    return max(ceiling, asked, key=tuple(Delivery).index)


def _harder(ceiling: str, asked: str) -> str:
    return max(ceiling, asked, key=PERMISSIONS.index)


KEYS = (
    Key("review.triggers", lambda ceiling, asked: ceiling | asked),
    Key("review.drafts", lambda ceiling, asked: ceiling or asked),
    Key("review.block_at", _milder),
    Key("review.max_findings", min),
    Key("review.instructions", _paragraphs, adds=True),
    Key("tiers.skip", _among),
    Key("tiers.light", _among),
    Key("tiers.core", _together, adds=True),
    Key("rules.packs", _packs),
    Key("rules.disable", _among),
    Key("rules.extra", _together, adds=True),
    Key("fix.enabled", lambda ceiling, asked: ceiling and asked),
    Key("fix.verify", _together, adds=True),
    Key("fix.setup", lambda ceiling, _asked: ceiling),
    Key("fix.deliver", _gentler),
    Key("fix.max_attempts", min),
    Key("fix.max_changed_lines", min),
    *(Key(f"{_COMMANDS}.{verb}", _harder) for verb in LEAST_PERMISSIONS),
    Key("limits.usd_per_pull_request", min),
    Key("limits.rounds", min),
)
"""In the order of the file."""


def shown(value: Value) -> str:
    """A value in words, as near to how the file has it as one line can be."""
    match value:
        case None:
            return "all"
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:g}"
        case CoreRequirement():
            return _requirement(value)
        case frozenset():
            return ", ".join(sorted(value)) or "none"
        case tuple():
            return ", ".join(shown(item) for item in value) or "none"
        case _:
            return str(value) or "none"


def _requirement(core: CoreRequirement) -> str:
    told = [", ".join(core.paths), f"approvals: {core.approvals}"]
    if core.from_:
        told.append(f"from: {', '.join(core.from_)}")
    if core.reason:
        told.append(f"reason: {core.reason}")
    return "; ".join(told)
