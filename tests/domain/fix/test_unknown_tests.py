"""Tests in languages that are not known here are added to at their end, or not at all."""

from __future__ import annotations

import pytest

from app.domain.fix.test_changes import FileChange, weakened

BATS = '#!/usr/bin/env bats\n@test "one" {\n  [ "$(f)" -eq 1 ]\n}\n'


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("tests/a.bats", BATS, BATS + '@test "two" {\n  [ "$(f 2)" -eq 2 ]\n}\n'),
        (
            "tests/a.c",
            "int main(void) { return f(); }",
            "int main(void) { return f(); }\nint two(void) { return 2; }\n",
        ),
        ("tests/run.sh", None, "test 1 = 1\n"),
        ("tests/data.json", "1", "2"),
        ("testdata/a.c", "1", "2"),
        ("tests/a.dart", "", "test('a', () {});\n"),
    ],
)
def test_additions_and_data_are_fine(path: str, before: str | None, after: str) -> None:
    assert weakened([FileChange(path, before, after)], []) == ()


@pytest.mark.parametrize(
    ("path", "before", "after", "reason"),
    [
        ("tests/a.bats", BATS, BATS.replace("-eq 1", "-ge 0"), "a repair may only add to its end, or add a file"),
        ("tests/a.bats", BATS, BATS + "skip\n", "what is added may end, skip or turn off tests"),
        ("ATests.swift", "XCTAssertEqual(f(), 1)\n", "f()\n", "a repair may only add to its end, or add a file"),
        ("tests/run.sh", "test 1 = 2\n", "test 1 = 2\ntrue\n", "only people change it"),
        ("tests/run", "test 1 = 2\n", "true\n", "only people change it"),
        ("tests/a.nim", "#!/bin/x\n", "#!/bin/x\n\n", "only people change it"),
        ("t/a.t", "is(f(), 1);\n", "pass();\n", "only people change it"),
    ],
)
def test_all_else_is_refused(path: str, before: str, after: str, reason: str) -> None:
    (refusal,) = weakened([FileChange(path, before, after)], [])

    assert refusal.path == path
    assert refusal.reason.endswith(reason)
