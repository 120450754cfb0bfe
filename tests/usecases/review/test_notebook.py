"""Findings that are recorded stay recorded, once each, and are told in one line each."""

from __future__ import annotations

import pytest

from app.domain.answers import FINDING_SCHEMA, MAX_FINDINGS
from app.domain.errors import ToolRefused
from app.domain.severity import Severity
from app.usecases.review.notebook import Notebook


def finding(**changed: object) -> dict[str, object]:
    return {
        "rule": None,
        "path": "src/a.py",
        "start_line": 3,
        "end_line": 4,
        "severity": "P1",
        "title": "The last line is lost",
        "body": "It stops one early.",
        "failing_case": "a file of one line",
        "quotes": [{"path": "src/a.py", "line": 3, "text": "x"}],
        "confidence": 0.9,
        "suggestion": None,
    } | changed


async def test_a_finding_is_recorded() -> None:
    notebook = Notebook()

    said = await notebook.call(finding())

    (candidate,) = notebook.candidates
    assert said == "recorded as number 1"
    assert (candidate.path, candidate.severity, candidate.failing_case) == (
        "src/a.py",
        Severity.P1,
        "a file of one line",
    )
    assert len(candidate.quotes) == 1
    assert notebook.spec.parameters is FINDING_SCHEMA
    assert not notebook.repeatable


async def test_the_same_finding_is_recorded_once() -> None:
    notebook = Notebook()
    await notebook.call(finding(path="src/z.py"))
    await notebook.call(finding())

    said = await notebook.call(finding(title="the  last line IS lost", body="In other words."))

    assert said == "it was recorded before, as number 2"
    assert len(notebook.candidates) == 2


@pytest.mark.parametrize(
    "other", [{"start_line": 2}, {"end_line": 5}, {"rule": "general/off-by-one"}, {"title": "Another"}, {"path": "b"}]
)
async def test_what_differs_is_another_finding(other: dict[str, object]) -> None:
    notebook = Notebook()
    await notebook.call(finding())

    assert await notebook.call(finding(**other)) == "recorded as number 2"


@pytest.mark.parametrize("wrong", [{"severity": "P9"}, {"title": " "}, {"confidence": 2}, {"body": "x" * 9_000}])
async def test_what_is_no_finding_is_refused(wrong: dict[str, object]) -> None:
    notebook = Notebook()

    with pytest.raises(ToolRefused, match=r"^finding\."):
        await notebook.call(finding(**wrong))

    assert notebook.candidates == ()


async def test_only_so_many_are_taken() -> None:
    notebook = Notebook()
    for line in range(MAX_FINDINGS):
        await notebook.call(finding(start_line=line))

    with pytest.raises(ToolRefused, match="50 findings are recorded, and no more"):
        await notebook.call(finding(start_line=99))

    assert await notebook.call(finding(start_line=0)) == "it was recorded before, as number 1"
    assert len(notebook.candidates) == MAX_FINDINGS


async def test_what_is_kept_is_one_line_each() -> None:
    notebook = Notebook()
    before = notebook.kept()
    await notebook.call(finding())
    await notebook.call(finding(rule="general/off-by-one", severity="P0", title="Two\nlines " + "x" * 500))

    assert before == ""
    assert notebook.kept() == (
        "Findings recorded with record_finding:\n"
        "1. P1 src/a.py:3-4 The last line is lost\n"
        f"2. P0 src/a.py:3-4 [general/off-by-one] Two lines {'x' * 190}"
    )
