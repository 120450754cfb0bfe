"""Every rule we ship does what its examples say, through the loader and the checks that a review uses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from app.adapters.rules.files import check_rules, load_rules
from app.adapters.rules.syntax import installed
from app.domain.diff import DiffLine, FileDiff, Hunk, LineKind
from app.domain.rule_choice import applies
from app.domain.rules import Example, Rule
from app.domain.severity import Severity
from app.domain.static_checks import check_file
from scripts.detectors import in_syntax_tree

_ROOT = Path(__file__).parents[2]
_RULES = load_rules(_ROOT / "review_rules")
_DETECTING = [rule for rule in _RULES if rule.detector is not None or rule.structural]
_PACKS = ["general", "security", "python", "javascript", "go", "java", "sql", "docker", "github-actions", "terraform"]


def _added(text: str) -> FileDiff:
    lines = tuple(DiffLine(LineKind.ADDED, None, n, line) for n, line in enumerate(text.split("\n"), 1))
    return FileDiff((Hunk(0, 0, 1, len(lines), "", lines),))


def _found(rules: Iterable[Rule], example: Example) -> list[str]:
    """Ids of the rules that report a line of the example, syntax trees included, and of built-in checks."""
    told = in_syntax_tree(example.path, example.text, rules)
    hits = check_file(example.path, _added(example.text), rules, structural=told)
    return [hit.rule_id for hit in hits]


def _cases(rules: list[Rule], *, hit: bool) -> list[object]:
    return [
        pytest.param(rule, example, id=f"{rule.id}-{number}")
        for rule in rules
        for number, example in enumerate(rule.must_hit if hit else rule.must_not)
    ]


@pytest.mark.parametrize(("rule", "example"), _cases(_DETECTING, hit=True))
def test_must_hit(rule: Rule, example: Example) -> None:
    assert rule.id in _found([rule], example)


@pytest.mark.parametrize(("rule", "example"), _cases(_DETECTING, hit=False))
def test_must_not_hit(rule: Rule, example: Example) -> None:
    assert _found([rule], example) == []


@pytest.mark.parametrize(("rule", "example"), _cases(_DETECTING, hit=False))
def test_no_other_rule_takes_the_near_miss_for_its_own(rule: Rule, example: Example) -> None:
    """What one rule shows as fine is not the kind of code that another one would complain about by mistake."""
    assert _found(_RULES, example) == []
    assert rule.must_not


def test_the_check_for_authors_agrees() -> None:
    assert check_rules(_ROOT / "review_rules").problems == ()


def test_there_are_rules_with_and_without_detectors_in_every_pack() -> None:
    for pack in _PACKS:
        own = [rule for rule in _RULES if rule.pack == pack]
        assert len(own) >= 5
        assert any(rule in _DETECTING for rule in own)
        assert any(rule not in _DETECTING for rule in own)
    assert len(_RULES) >= 66
    assert {rule.pack for rule in _RULES} == set(_PACKS)


def test_some_rules_look_at_syntax_trees() -> None:
    assert installed(), "the suite runs with the extra `structural`"
    assert len([rule for rule in _RULES if rule.structural]) >= 10


@pytest.mark.parametrize("rule", _RULES, ids=lambda rule: rule.id)
def test_words_for_people_and_for_the_model(rule: Rule) -> None:
    assert rule.title[0].isupper()
    assert not rule.title.endswith(".")
    assert rule.fix.endswith(".")
    assert "Flag " in rule.prose or "flag " in rule.prose
    assert len(rule.prose) < 900, "prose stands in every prompt; say less"
    assert all(applies(rule, example.path) for example in (*rule.must_hit, *rule.must_not))


def test_a_blocking_detector_needs_many_examples() -> None:
    for rule in _DETECTING:
        if rule.severity.at_least(Severity.P1):
            assert len(rule.must_hit) >= 2, rule.id
            assert len(rule.must_not) >= 3, rule.id


def test_the_readme_shows_a_real_rule() -> None:
    readme = (_ROOT / "review_rules/README.md").read_text(encoding="utf-8")
    shown = re.search(r"```markdown\n(.*?)```", readme, re.DOTALL)
    assert shown is not None
    assert shown[1] == (_ROOT / "review_rules/python/tempfile-mktemp.md").read_text(encoding="utf-8")


def test_the_documentation_counts_right() -> None:
    rows = re.findall(
        r"^\| `([a-z-]+)` \| (\d+) \| (\d+) \|", (_ROOT / "docs/rules.md").read_text("utf-8"), re.MULTILINE
    )
    counted = [
        (pack, str(sum(r.pack == pack for r in _RULES)), str(sum(r.pack == pack for r in _DETECTING)))
        for pack in _PACKS
    ]
    assert rows == counted
