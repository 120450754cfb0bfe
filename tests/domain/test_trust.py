"""What a model may say, and which of its quotes stand in the files."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.findings import Candidate, Evidence, Quote
from app.domain.rules import Rule
from app.domain.severity import Severity
from app.domain.trust import quoted, trusted

CLAIM = Candidate(
    rule="",
    severity=Severity.P2,
    path="a.py",
    start_line=2,
    end_line=2,
    title="wrong",
    body="because",
    evidence=Evidence.REASONED,
    confidence=0.9,
    suggestion="better",
)
RULE = Rule(
    id="python/x",
    title="x",
    severity=Severity.P1,
    globs=(),
    prose="",
    fix="",
    detector=None,
    must_hit=(),
    must_not=(),
)


@pytest.mark.parametrize(
    ("said", "rule", "severity"),
    [
        ({}, "", Severity.P2),
        ({"rule": "invented/rule"}, "", Severity.P2),
        ({"rule": "python/x"}, "python/x", Severity.P1),
        ({"rule": "python/x", "severity": Severity.P0}, "python/x", Severity.P0),
        ({"rule": "python/x", "severity": Severity.P3}, "python/x", Severity.P1),
    ],
)
def test_a_rule_keeps_its_severity_and_an_unknown_rule_is_none(
    said: dict[str, object], rule: str, severity: Severity
) -> None:
    (kept,), dropped = trusted([replace(CLAIM, **said)], [RULE], core=())  # type: ignore[arg-type]

    assert (kept.rule, kept.severity, kept.suggestion, dropped) == (rule, severity, "better", ())


def test_what_the_model_is_not_sure_of_is_dropped() -> None:
    kept, (dropped,) = trusted([replace(CLAIM, confidence=0.49)], [], core=())

    assert (kept, dropped.reason) == ((), "the model is less than 50% sure")


def test_a_core_file_gets_no_button() -> None:
    (kept,), _ = trusted([CLAIM], [], core=("a.py",))

    assert kept.suggestion is None


FILES = {"a.py": ("def total(items):", "    return  sum(items) / len(items)", "}", "")}


@pytest.mark.parametrize(
    ("quote", "stands"),
    [
        (Quote("a.py", 2, "return sum(items) / len(items)"), True),
        (Quote("a.py", 2, "  sum(items)"), True),
        (Quote("a.py", 4, "return sum(items) / len(items)"), True),
        (Quote("a.py", 5, "return sum(items) / len(items)"), False),
        (Quote("a.py", -9, "return sum(items) / len(items)"), False),
        (Quote("a.py", 2, "return sum(items) // len(items)"), False),
        (Quote("b.py", 2, "return sum(items) / len(items)"), False),
        (Quote("a.py", 3, "}"), False),
        (Quote("a.py", 4, ""), False),
    ],
)
def test_a_quote_must_stand_where_it_says_or_next_to_it(quote: Quote, stands: bool) -> None:
    assert quoted([quote], FILES) is stands


def test_one_true_quote_is_enough() -> None:
    assert quoted([Quote("a.py", 1, "invented"), Quote("a.py", 1, "def total(items):")], FILES)
    assert not quoted([], FILES)
