"""Turns what a parser found in a whole file into hits on the lines that the change added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.domain.diff import FileDiff
from app.domain.grammars import grammar_of
from app.domain.rule_choice import applies
from app.domain.rules import Rule, StructuralPattern
from app.domain.static_checks.hit import StaticHit


def patterns_for(rule: Rule, path: str) -> tuple[StructuralPattern, ...]:
    """What the rule looks for in the syntax tree of this file."""
    grammar = grammar_of(path)
    return tuple(seen for seen in rule.structural if seen.language == grammar)


def structural_rules(path: str, rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules with something to look for in the syntax tree of this file; where there is none, do not parse it."""
    grammar = grammar_of(path)
    # Few rules have anything for a grammar, so that is asked first: it costs less than to compare the path.
    return tuple(rule for rule in rules if any(p.language == grammar for p in rule.structural) and applies(rule, path))


def structural_asks(path: str, rules: Iterable[Rule]) -> tuple[tuple[str, Mapping[str, object]], ...]:
    """(rule id, ast-grep rule object) for all that is to be looked for in this file, as a parser is asked for it."""
    return tuple((rule.id, seen.rule) for rule in structural_rules(path, rules) for seen in patterns_for(rule, path))


def structural_hits(
    path: str, diff: FileDiff, rules: Iterable[Rule], found: Iterable[tuple[str, int]]
) -> tuple[StaticHit, ...]:
    """The hits of a file, by line. `found` holds (rule id, line on which the node begins) for the whole new file.

    Lines that were not added are left out, and so are ids that are not among `rules`; a line and a rule count once.
    """
    known = {rule.id: rule for rule in structural_rules(path, rules)}
    added = diff.added_numbers
    places = sorted({(line, rule_id) for rule_id, line in found if rule_id in known and line in added})
    return tuple(
        StaticHit(rule_id, path, line, known[rule_id].title, known[rule_id].severity, known[rule_id].fix)
        for line, rule_id in places
    )
