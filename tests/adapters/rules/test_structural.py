"""Patterns for syntax trees in rule files: what is read, what is refused and where, and what they find."""

from __future__ import annotations

import pytest

from app.adapters.rules import syntax
from app.adapters.rules.files import MAX_FILES, misbehaviour, read_rules
from app.adapters.rules.languages import LANGUAGES, grammars_of
from app.adapters.rules.rule_file import parse_rule
from app.adapters.rules.syntax import lines_of, refusal
from app.domain.errors import RuleInvalid
from app.domain.grammars import GRAMMARS, grammar_of
from app.domain.rules import StructuralPattern
from app.domain.tiers import Tier

_FRONT = """---
id: team/rule
title: A rule
severity: P3
languages: [python]
detect:
  structural:
    rule: {kind: call}
fix: Do it differently.
examples:
  hit: [{path: a.py, text: 'x()'}]
  miss: [{path: a.py, text: 'x'}]
---
Flag it.
"""


def _with(old: str, new: str) -> bytes:
    assert old in _FRONT
    return _FRONT.replace(old, new).encode()


def _problems(data: bytes) -> list[str]:
    with pytest.raises(RuleInvalid) as caught:
        parse_rule(data, "team/rule.md")
    return str(caught.value).split("\n")


def test_the_pattern_counts_for_the_grammars_of_the_rules_languages() -> None:
    rule = parse_rule(_FRONT.encode(), "team/rule.md")
    assert rule.structural == (StructuralPattern("python", {"kind": "call"}),)
    assert rule.detector is None
    both = parse_rule(
        _with("[python]", "[javascript, typescript]").replace(b"kind: call", b"pattern: f()"), "team/rule.md"
    )
    assert [seen.language for seen in both.structural] == ["javascript", "typescript", "tsx"]


def test_the_section_may_name_languages_where_the_rule_has_globs() -> None:
    data = _with("languages: [python]", "globs: ['deploy/**']").replace(
        b"    rule:", b"    languages: [yaml]\n    rule:"
    )
    rule = parse_rule(data.replace(b"kind: call", b"kind: block_mapping"), "team/rule.md")
    assert (rule.globs, [seen.language for seen in rule.structural]) == (("deploy/**",), ["yaml"])


def test_every_part_of_a_rule_object_is_taken_over() -> None:
    text = """{kind: call, regex: '^x', nthChild: 2, has: {stopBy: end, field: function, kind: identifier},
      inside: {stopBy: {kind: module}, pattern: 'f($$$)'}, not: {all: [{pattern: x}], any: [{kind: call}]},
      follows: {pattern: {context: 'x()', selector: call, strictness: smart}},
      precedes: {nthChild: {position: 1, reverse: true, ofRule: {kind: call}}, stopBy: neighbor}}"""
    rule = parse_rule(_with("{kind: call}", text), "team/rule.md")
    assert rule.structural[0].rule == {
        "kind": "call",
        "regex": "^x",
        "nthChild": 2,
        "has": {"stopBy": "end", "field": "function", "kind": "identifier"},
        "inside": {"stopBy": {"kind": "module"}, "pattern": "f($$$)"},
        "not": {"all": [{"pattern": "x"}], "any": [{"kind": "call"}]},
        "follows": {"pattern": {"context": "x()", "selector": "call", "strictness": "smart"}},
        "precedes": {"nthChild": {"position": 1, "reverse": True, "ofRule": {"kind": "call"}}, "stopBy": "neighbor"},
    }


def test_a_tier_is_read() -> None:
    assert parse_rule(_FRONT.encode(), "team/rule.md").tier is Tier.STANDARD
    assert parse_rule(_with("severity: P3", "severity: P3\ntier: core"), "team/rule.md").tier is Tier.CORE
    assert _problems(_with("severity: P3", "severity: P3\ntier: skip"))[0].startswith(
        "team/rule.md:5: tier is 'skip': "
    )


_DEEP = "{not: " * 13 + "{kind: call}" + "}" * 13
_WIDE = "{any: [" + ", ".join(["{kind: call}"] * 201) + "]}"


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("{knd: call}", "8: unknown key 'knd' in detect.structural.rule: did you mean 'kind'?"),
        ("call", "8: detect.structural.rule is no mapping; write one of pattern, kind"),
        ("{}", "8: detect.structural.rule is no mapping"),
        ("{kind: 7}", "8: detect.structural.rule.kind is no text; put it in quotes"),
        ("{kind: ' '}", "8: detect.structural.rule.kind is no text"),
        ("{kind: [a]}", "8: detect.structural.rule.kind is no text"),
        ("{any: {kind: call}}", "8: detect.structural.rule.any is no list of rules"),
        ("{any: []}", "8: detect.structural.rule.any is no list of rules"),
        ("{any: [call]}", "8: detect.structural.rule.any[0] is no mapping"),
        (
            "{has: {kind: call, stopBy: nearby}}",
            "8: detect.structural.rule.has.stopBy is neither a rule nor one of neig",
        ),
        ("{nthChild: 0}", "8: detect.structural.rule.nthChild is no text"),
        ("{pattern: " + "x" * 501 + "}", "8: detect.structural.rule.pattern has 501 characters; keep it under 501"),
        (_DEEP, "8: detect.structural.rule" + ".not" * 12 + " is nested more than 12 levels deep"),
        (_WIDE, "8: the rule has more than 200 keys and values"),
        ("{kind: no_such_kind}", "8: detect.structural.rule: for python, ast-grep says: 'Kind `no_such_kind` is"),
        ("{regex: '('}", "8: detect.structural.rule: for python, ast-grep says: "),
    ],
)
def test_refusals_name_file_and_line(rule: str, problem: str) -> None:
    problems = _problems(_with("{kind: call}", rule))
    assert any(line.replace("\\x60", "`").startswith(f"team/rule.md:{problem}") for line in problems), problems


def test_a_section_needs_a_rule_and_a_language_with_a_grammar() -> None:
    assert "detect.structural.rule is missing" in _problems(_with("rule: {kind: call}", "languages: [python]"))[0]
    assert "must name a language that has a grammar" in _problems(_with("[python]", "[sql]"))[0]
    assert "must name a language that has a grammar" in _problems(_with("languages: [python]\n", ""))[0]


def test_unless_needs_match() -> None:
    data = _with("detect:\n", "detect:\n  unless: ['#']\n")
    assert _problems(data) == ["team/rule.md:7: detect.unless goes with detect.match, which is missing; leave it out"]


def test_lines_are_those_on_which_nodes_begin() -> None:
    pattern = StructuralPattern("python", {"kind": "call"})
    assert lines_of(pattern, "x\n\nf(\n  1,\n)\ng(h())\n") == (3, 6)
    assert lines_of(pattern, "") == ()


def test_without_the_extra_patterns_are_read_but_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = parse_rule(_with("text: 'x()'", "text: 'x'"), "team/rule.md")
    with monkeypatch.context() as without:
        without.setattr(syntax, "find_spec", lambda name: None)
        pattern = StructuralPattern("python", {"kind": "no_such_kind"})
        assert (refusal(pattern), lines_of(pattern, "x")) == ("", None)
        assert parse_rule(_with("text: 'x()'", "text: 'x'"), "team/rule.md") == rule
        assert list(misbehaviour([rule])) == []
    assert list(misbehaviour([rule])) == ["team/rule.md: the detector misses the hit example 'x'"]


def test_every_grammar_is_one_that_ast_grep_has() -> None:
    for grammar in GRAMMARS:
        assert lines_of(StructuralPattern(grammar, {"regex": "."}), "x") is not None


def test_a_languages_paths_are_read_by_its_grammars() -> None:
    for language, globs in LANGUAGES.items():
        told = {grammar_of(glob.replace("*", "x")) for glob in globs}
        assert told == set(grammars_of(language)) or not grammars_of(language), language


def test_rules_are_read_from_bytes_and_problems_are_values() -> None:
    good, bad = _FRONT.encode(), b"x"
    loaded = read_rules({"team/rule.md": good, "team/bad.md": bad, "README.md": bad, "team/.x.md": bad, "odd": bad})
    assert [rule.id for rule in loaded.rules] == ["team/rule"]
    assert [line.partition(":")[0] for line in loaded.problems] == ["'odd'", "team/bad.md"]
    assert read_rules({}).rules == ()
    taken = read_rules({"team/rule.md": good}, taken={"team/rule"})
    assert taken.problems == ("team/rule.md: there is a rule with this id already; choose another name",)


def test_count_and_size_of_given_rules_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    many = {f"team/r{number}.md": b"x" for number in range(MAX_FILES + 1)}
    loaded = read_rules(many)
    assert len(loaded.problems) == MAX_FILES + 1
    assert loaded.problems[0] == f"there are {MAX_FILES + 1} files; keep at most {MAX_FILES}, of which these were read"
    monkeypatch.setattr("app.adapters.rules.files.MAX_TOTAL_BYTES", len(_FRONT) + 10)
    heavy = read_rules({"team/rule.md": _FRONT.encode(), "team/z.md": _FRONT.encode()})
    assert [rule.id for rule in heavy.rules] == ["team/rule"]
    assert heavy.problems[0].startswith("'team/z.md': the files have more than ")
