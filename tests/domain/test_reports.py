"""A report in the terminal and as JSON: every verdict and state, and nothing that moves the cursor."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.coverage import CoverageLedger
from app.domain.findings import Candidate, Dropped, Evidence
from app.domain.guidelines import Guideline
from app.domain.memory import FindingState
from app.domain.model import Usage
from app.domain.report import ModelUse
from app.domain.report_json import report_json
from app.domain.severity import Severity
from app.domain.terminal import Style, render
from app.domain.verdict import Blocked, Incomplete, NeedsHuman, Passed, Verdict
from tests.build import finding
from tests.domain.test_messages import GAP, OUT, SEEN, report
from tests.reports import PROVEN, known

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PLAIN = Style(colour=False, width=80)


def test_a_whole_report_in_plain_text() -> None:
    static = replace(finding("F2", severity=Severity.P0, line=9), evidence=Evidence.STATIC, rule="python/x")
    full = report(
        Blocked((static, finding())),
        findings=(static, finding()),
        ledger=CoverageLedger((SEEN, GAP, OUT)),
        walkthrough="Adds a price.",
        guidelines=(Guideline("AGENTS.md", "", 0),),
        hidden_characters=2,
    )

    assert render(full, PLAIN).split("\n") == [
        "Blocked by 2 findings",
        "",
        "P0 title of F2",
        "   a.py:9  (python/x, static, F2)",
        "   body of F2",
        "",
        "P1 title of F1",
        "   a.py:1  (reasoned 90%, F1)",
        "   body of F1",
        "",
        "What the change does",
        "   Adds a price.",
        "",
        "Coverage",
        "  1 of 3 files reviewed, 1 excluded, 1 not reviewed (2 standard, 1 skip)",
        "  not reviewed  b.bin: binary",
        "  excluded      v/c.py by tiers.skip: v/** (policy)",
        "",
        "How",
        "  model       gpt: 1 call, 1,200 tokens in (83% cached), 30 out",
        "  cost        $0.0123 for this review",
        "  rules       general (6)",
        "  guidelines  AGENTS.md",
        "  hidden      2 invisible characters in the change",
        "  range       aaaaaaaaaaaa..bbbbbbbbbbbb",
    ]


@pytest.mark.parametrize(
    ("verdict", "first"),
    [
        (Passed(), "\x1b[1;32mPassed: every changed file was covered, nothing blocks\x1b[0m"),
        (Blocked((finding(),)), "\x1b[1;31mBlocked by 1 finding\x1b[0m"),
        (Incomplete("x"), "\x1b[1;33mNot fully reviewed: x\x1b[0m"),
        (NeedsHuman(("correct y",)), "\x1b[1;33mNeeds a person: 1 thing to settle\x1b[0m"),
    ],
)
def test_verdicts_in_colour(verdict: Verdict, first: str) -> None:
    lines = render(report(verdict), Style(colour=True, width=80)).split("\n")

    assert lines[0] == first
    assert ("  - correct y" in lines) is isinstance(verdict, NeedsHuman)


def test_nothing_of_the_change_or_the_model_reaches_the_terminal_raw() -> None:
    evil = "\x1b]0;owned\x07\u202e"
    bad = replace(finding(path=f"{evil}.py"), title=evil, body=evil, rule=evil)

    text = render(report(Incomplete(evil), findings=(bad,), walkthrough=evil, model_note=evil), PLAIN)

    assert "\x1b" not in text
    assert "\x07" not in text
    assert "\u202e" not in text


def test_many_gaps_are_counted_and_unknown_tokens_are_said_to_be() -> None:
    gaps = tuple(replace(GAP, path=f"{n}.bin") for n in range(25))
    unknown = (ModelUse("m", 1, Usage(0, 0, 0, known=False), None),)

    text = render(report(ledger=CoverageLedger(gaps), models=unknown, rule_packs=()), PLAIN)

    assert "  … and 5 more" in text
    assert "m: 1 call, tokens not reported by the endpoint" in text
    assert "cost        unknown: no price is configured" in text
    assert "rules       none apply" in text


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Passed(), {"state": "passed"}),
        (Blocked((finding(),)), {"state": "blocked", "blocking": ["F1"]}),
        (NeedsHuman(("y",)), {"state": "needs_human", "requirements": ["y"]}),
        (Incomplete("x"), {"state": "incomplete", "reason": "x", "retry_at": None}),
        (Incomplete("x", NOON), {"state": "incomplete", "reason": "x", "retry_at": "2026-11-21T12:00:00+00:00"}),
    ],
)
def test_verdicts_in_json(verdict: Verdict, expected: dict[str, Any]) -> None:
    told = report_json(report(verdict))["verdict"]

    assert {key: told[key] for key in told if key != "headline"} == expected


def test_the_rest_in_json() -> None:
    dropped = Dropped(Candidate("", Severity.P2, "a", 1, 1, "t", "b", Evidence.REASONED, 1.0), "why")
    data = report_json(report(ledger=CoverageLedger((SEEN, GAP, OUT)), findings=(finding(),), dropped=(dropped,)))

    assert [(c["path"], c["state"]) for c in data["coverage"]] == [
        ("a.py", "reviewed"),
        ("b.bin", "unreviewed"),
        ("v/c.py", "excluded"),
    ]
    assert data["dropped"] == [{"path": "a", "line": 1, "title": "t", "severity": "P2", "source": "", "reason": "why"}]
    assert data["findings"][0]["id"] == "F1"
    assert data["models"][0]["usd"] == 0.0123


def test_what_is_not_open_is_told_in_a_line_each_and_counted() -> None:
    dismissed = tuple(known(replace(finding(f"F{n}"), title=f"a\nb {n}"), FindingState.DISMISSED) for n in range(25))

    lines = render(report(dismissed=dismissed), PLAIN).split("\n")

    assert "  dismissed     F0 a b 0" in lines
    assert "  … and 5 more" in lines


def test_a_proof_that_could_not_run_on_the_base_says_so() -> None:
    assert PROVEN.proof is not None
    alone = replace(PROVEN, proof=replace(PROVEN.proof, base=None))

    assert "   on the base it could not be run there" in render(report(findings=(alone,)), PLAIN).split("\n")
