"""Runs the detectors of rules over added lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from app.domain.diff import FileDiff
from app.domain.rule_choice import applies
from app.domain.rules import Rule
from app.domain.static_checks.hit import StaticHit


def check(path: str, diff: FileDiff, rules: Iterable[Rule]) -> Iterator[StaticHit]:
    """At most one hit for each line and rule."""
    armed = [(rule, rule.detector) for rule in rules if rule.detector is not None and applies(rule, path)]
    if not armed:
        return
    for added in diff.added_lines():
        text = added.text.removesuffix("\r")
        for rule, detector in armed:
            if added.new_number is not None and detector.hits(text):
                yield StaticHit(rule.id, path, added.new_number, rule.title, rule.severity, rule.fix)
