"""What a parser found becomes hits on added lines only, for rules that speak of the file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.diff import DiffLine, FileDiff, Hunk, LineKind
from app.domain.grammars import GRAMMARS, grammar_of
from app.domain.rule_choice import told_by_title, told_in
from app.domain.rules import Detector, Rule, StructuralPattern
from app.domain.static_checks import check_file, patterns_for, structural_asks, structural_hits, structural_rules
from app.domain.tiers import Tier
from tests.build import rule

_TREE = StructuralPattern("python", {"kind": "call"})
_SEEN = replace(rule("python/a", globs=("**/*.py",)), structural=(_TREE,))


def _diff() -> FileDiff:
    """Line 1 stands there already, 2 and 3 were added."""
    lines = (
        DiffLine(LineKind.CONTEXT, 1, 1, "a()"),
        DiffLine(LineKind.REMOVED, 2, None, "b"),
        DiffLine(LineKind.ADDED, None, 2, "b()"),
        DiffLine(LineKind.ADDED, None, 3, "c()"),
    )
    return FileDiff((Hunk(1, 2, 1, 3, "", lines),))


class _Anything:
    def found_in(self, text: str) -> bool:
        return bool(text)


@pytest.mark.parametrize(
    ("path", "grammar"),
    [
        ("a.py", "python"),
        ("src/App.TSX", "tsx"),
        ("src/app.mts", "typescript"),
        ("main.tf", "hcl"),
        (".github/workflows/ci.yml", "yaml"),
        ("Makefile", None),
        ("notes.txt", None),
        ("py", None),
        ("a.py/b", None),
    ],
)
def test_the_grammar_of_a_file_is_told_by_the_end_of_its_path(path: str, grammar: str | None) -> None:
    assert grammar_of(path) == grammar


def test_no_ending_belongs_to_two_grammars() -> None:
    endings = [ending for group in GRAMMARS.values() for ending in group]
    assert len(endings) == len(set(endings))


def test_only_rules_with_a_pattern_for_the_grammar_make_a_file_worth_parsing() -> None:
    elsewhere = replace(_SEEN, id="python/elsewhere", globs=("lib/**",))
    other = replace(rule("go/b"), structural=(StructuralPattern("go", {"kind": "call"}),))
    rules = (_SEEN, elsewhere, other, rule("python/words"))
    assert structural_rules("src/a.py", rules) == (_SEEN,)
    assert structural_rules("a.go", rules) == (other,)
    assert structural_rules("a.txt", rules) == ()
    assert patterns_for(_SEEN, "a.py") == (_TREE,)
    assert patterns_for(_SEEN, "a.js") == ()
    assert structural_asks("src/a.py", rules) == (("python/a", {"kind": "call"}),)


def test_hits_stand_on_added_lines_in_order_and_once() -> None:
    found = [("python/a", 3), ("python/a", 1), ("python/a", 2), ("python/a", 3), ("python/unknown", 2)]
    hits = structural_hits("a.py", _diff(), [_SEEN], found)
    assert [(hit.rule_id, hit.path, hit.line) for hit in hits] == [("python/a", "a.py", 2), ("python/a", "a.py", 3)]
    assert (hits[0].title, hits[0].severity, hits[0].body) == (_SEEN.title, _SEEN.severity, _SEEN.fix)
    assert structural_hits("a.go", _diff(), [_SEEN], found) == ()


def test_what_line_and_tree_both_show_is_one_hit() -> None:
    both = replace(_SEEN, detector=Detector((_Anything(),)))
    hits = check_file("a.py", _diff(), [both], structural=[("python/a", 2)])
    assert [(hit.rule_id, hit.line) for hit in hits] == [("python/a", 2), ("python/a", 3)]


def test_prose_is_told_from_its_tier_on() -> None:
    def tiered(tier: Tier) -> Rule:
        return replace(rule(f"general/{tier}"), tier=tier)

    light, standard, core = tiered(Tier.LIGHT), tiered(Tier.STANDARD), tiered(Tier.CORE)
    rules = (core, light, standard)
    assert rule("general/any").tier is Tier.STANDARD
    assert told_in(rules, Tier.LIGHT) == (light,)
    assert told_in(rules, Tier.STANDARD) == (light, standard)
    assert told_in(rules, Tier.CORE) == rules


def test_below_core_a_rule_with_a_detector_on_lines_is_told_by_its_title() -> None:
    by_line = replace(rule("general/line"), detector=Detector(()))
    by_tree = _SEEN

    assert told_by_title(by_line, Tier.STANDARD)
    assert told_by_title(by_line, Tier.LIGHT)
    assert not told_by_title(by_line, Tier.CORE)
    assert not told_by_title(by_tree, Tier.STANDARD)
