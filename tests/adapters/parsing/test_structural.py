"""Shapes of code, by rules in ast-grep's own form, and what it refuses."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from app.adapters.parsing.parser import ChildParser, ParserLimits
from app.ports import Structural

EVAL = ("security/eval", {"pattern": "eval($X)"})
EXCEPT = ("style/bare-except", {"kind": "except_clause", "not": {"has": {"kind": "identifier"}}})
TEXT = "# eval(1)\neval(a)\r\nx = 'eval(b)'\ntry:\n  eval(\n    c)\nexcept:\n  pass\nexcept E:\n  pass\n"


async def test_matches_are_rule_and_line(parser: ChildParser) -> None:
    port: Structural = parser
    assert await port.structural("a.py", TEXT, (EXCEPT, EVAL)) == (
        ("style/bare-except", 7), ("security/eval", 2), ("security/eval", 5),
    )  # fmt: skip


async def test_no_rules_find_nothing(parser: ChildParser) -> None:
    assert await parser.structural("a.py", TEXT, ()) == ()


async def test_data_formats_have_shapes_too(parser: ChildParser) -> None:
    rule = ("x/pair", {"kind": "pair", "has": {"field": "key", "regex": "password"}})
    assert await parser.structural("a.json", '{\n "password": 1,\n "b": 2}\n', (rule,)) == (("x/pair", 2),)
    assert await parser.structural("a.txt", "password", (rule,)) is None


async def test_very_many_matches_end_at_the_limit(parser: ChildParser) -> None:
    matches = await parser.structural("a.py", "eval(a)\n" * 10_500, (EVAL,))
    assert matches is not None
    assert len(matches) == 10_000


@pytest.mark.parametrize(
    "rule",
    [{"pattern": "eval($X)"}, {"any": [{"pattern": "a"}, {"pattern": "b"}]}, {"kind": "call", "regex": "^x"},
     {"pattern": {"context": "class A: $X", "selector": "identifier"}}],
)  # fmt: skip
async def test_a_good_rule_passes(parser: ChildParser, rule: Mapping[str, object]) -> None:
    await parser.check_structural("python", rule)


@pytest.mark.parametrize(
    ("language", "rule", "reason"),
    [
        ("python", {"kind": "nonsense"}, "Kind `nonsense` is invalid"),
        ("python", {"bogus": "x"}, "unknown field `bogus`"),
        ("python", {"regex": "("}, "egex"),
        ("python", {"pattern": ""}, "attern"),
        ("python", {}, "does not take this rule for python"),
        ("python", {"pattern": 1}, "does not take this rule for python"),
        ("python", {"pattern": None}, "does not take this rule for python"),
        ("klingon", {"pattern": "x"}, "no language 'klingon'; there are bash, c, cpp, csharp, css"),
        ("", {"pattern": "x"}, "no language ''"),
    ],
)
async def test_a_bad_rule_says_why(parser: ChildParser, language: str, rule: Mapping[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as refused:
        await parser.check_structural(language, rule)
    assert "backtrace" not in str(refused.value)
    assert len(str(refused.value)) < 500
    await parser.check_structural("python", {"pattern": "still_here($X)"})


async def test_a_bad_rule_among_good_ones_is_no_empty_answer(parser: ChildParser) -> None:
    assert await parser.structural("a.py", TEXT, (EVAL, ("x/y", {"kind": "nonsense"}))) is None


async def test_without_the_library_nothing_is_known() -> None:
    parser = ChildParser(None, limits=ParserLimits())
    assert await parser.structural("a.py", TEXT, (EVAL,)) is None
    await parser.check_structural("python", {"bogus": "x"})
    with pytest.raises(ValueError, match="no language"):
        await parser.check_structural("klingon", {})
