"""All static checks of one changed file."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from app.domain.diff import FileDiff
from app.domain.rules import Rule
from app.domain.static_checks import (
    conflict_markers,
    hidden_diff,
    hidden_unicode,
    rule_detectors,
    secret_hits,
)
from app.domain.static_checks.hit import StaticHit
from app.domain.static_checks.structural_hits import structural_hits

_CHECKS = {
    conflict_markers.RULE_ID: conflict_markers.check,
    hidden_diff.RULE_ID: hidden_diff.check,
    hidden_unicode.RULE_ID: hidden_unicode.check,
    secret_hits.RULE_ID: secret_hits.check,
}

BUILT_IN_CHECKS = frozenset(_CHECKS)
"""Ids that no rule file may take."""


def check_file(
    path: str,
    diff: FileDiff,
    rules: Iterable[Rule],
    *,
    disabled: Collection[str] = (),
    structural: Iterable[tuple[str, int]] = (),
) -> tuple[StaticHit, ...]:
    """Every hit in the file's added lines, in their order.

    Of the rules only those that apply to the path are run. `disabled` turns built-in checks off by id. `structural` is
    what a parser found in the whole new file, as (rule id, line); what a detector saw as well counts once.
    """
    chosen = tuple(rules)
    hits = {*rule_detectors.check(path, diff, chosen), *structural_hits(path, diff, chosen, structural)}
    for rule_id, check in _CHECKS.items():
        if rule_id not in disabled:
            hits.update(check(path, diff))
    return tuple(sorted(hits, key=lambda hit: (hit.line, hit.rule_id, hit.body)))
