"""Whatever a command prints or writes, counts or nothing come of it, soon."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.fix.counts import MAX_NAMES, Counts
from app.domain.fix.discovery import PATHS, discover
from app.domain.fix.reading import read_counts
from app.domain.fix.test_changes import FileChange, changed_expectations, is_test_path, weakened

_WORDS = st.sampled_from(
    [
        *("\n", "    ", "\x1b[31m", "\x1b[", "\ud800", "[... 1 bytes left out ...]", "999999999999999999999999"),
        *("1 passed", " in 0.1s", "=== ", "\u0663 passed in 1s", "collected 9 items", "short test summary info"),
        *("Ran 1 test in 0.1s", "OK", "FAILED", " (failures=1)", "FAILED a"),
        *("TAP version 13", "not ok 1 - a", "1..2", "# Subtest: ", "ℹ ", "tests 9"),
        *("=== RUN   a", "FAIL\t", "--- FAIL: a (0.0s)", "ok  \ta\t0.1s"),
        *("failures:", "test result: ok. ", "1 passed; 0 failed; 0 ignored; 0 measured;", "% tests passed, "),
        *("Tests:  ", "1 total", "FAIL a", "  1 passing (1ms)", "  1 failing", "  1) a:"),
        *("Tests run: 1, Failures: 0, Errors: 0, Skipped: 9", "1 example, 0 failures"),
        *("OK (1 test, 1 assertion)", "There was 1 error:", "1) A::b"),
    ]
)
_HOSTILE = st.one_of(st.text(), st.lists(_WORDS, max_size=40).map("".join))
_CODE = st.lists(
    st.sampled_from(["'", '"', "`", '"""', "'''", "/*", "*/", "//", "#", "\\", "\n", "def test_a", "assert ", "it("])
    | st.sampled_from(["it.only(", "@skip", "[", "#[test]", 'r#"', "{", "}", " ", "\ud800", "=begin", "@Test"]),
    max_size=40,
).map("".join)
_PATH = st.sampled_from(
    ["tests/test_a.py", "a.js", "a_test.go", "A.java", "a.rs", "a_spec.rb", "A.php", "A.cs", "t/a.t"]
)


def sound(counts: Counts | None) -> bool:
    return counts is None or (
        min(counts.executed, counts.failed, counts.skipped, counts.collected or 0) >= 0
        and len(counts.failing) <= MAX_NAMES
        and list(counts.failing) == sorted(set(counts.failing))
        and all(name.isprintable() for name in counts.failing)
    )


@given(output=_HOSTILE, reports=st.lists(st.binary(), max_size=3))
def test_no_output_and_no_report_raises(output: str, reports: list[bytes]) -> None:
    assert sound(read_counts(output, reports))


@given(inside=st.text(alphabet='<>/="& testsuiteca!DOCTYPENY[]', max_size=80))
def test_no_xml_raises(inside: str) -> None:
    assert sound(read_counts("", [f"<testsuite>{inside}</testsuite>".encode()]))


@given(files=st.dictionaries(st.sampled_from(PATHS), st.text() | _CODE))
def test_no_project_file_raises(files: dict[str, str]) -> None:
    assert len(discover(files)) <= 3


@given(path=_PATH | st.text(min_size=1), before=st.none() | _CODE, after=st.none() | _CODE, command=_CODE)
def test_no_change_raises(path: str, before: str | None, after: str | None, command: str) -> None:
    changes = [FileChange(path, before, after)]

    assert all(refusal.path == path and refusal.reason for refusal in weakened(changes, [command]))
    assert len(changed_expectations(changes)) <= 21
    assert is_test_path(path) in {True, False}


_BOMBS = {
    "new lines": "\n",
    "spaces": " " * 1_999 + "\n",
    "escape sequences": "\x1b[",
    "titles": "a:" * 900 + "#" + ":" * 100 + "\n",
    "arrows": " > " * 600 + " FAILED\n",
    "brackets": "  1 - " + " (a" * 600 + "\n",
    "points": "ℹ tests 1\ntest at a\n✖ " + " (1.1ms) # " * 100 + "\n",
    "times": "Time elapsed: " * 100 + "<<< \n",
    "words": "1 a " * 400 + "\n",
    "tests": "TAP version 13\nnot ok 1\n",
    "places": "1 example, 1 failure\nrspec " + "[1:1" * 300 + "\n",
    "names": "  1 passing (1ms)\n  1) a\n" + "     b\n" * 3_000,
}


@pytest.mark.parametrize("name", _BOMBS)
def test_a_long_output_is_read_in_time_that_grows_with_it(name: str) -> None:
    unit = _BOMBS[name]
    started = time.monotonic()

    assert sound(read_counts(unit * (1_500_000 // len(unit))))
    assert time.monotonic() - started < 60


_CODE_BOMBS = (
    *("test.", "/*", "'", '"""', "`", '"', "[[", "@a.", "describe" + ".a" * 30, "expect ", "assert", "class a("),
    *("#[a::", 'r#"', " ", "=begin\n", "-->", ", a.", "assumea."),
)


@pytest.mark.parametrize(
    "name", ["a_test.py", "a.test.js", "a_test.go", "ATest.java", "a.rs", "a_spec.rb", "ATest.php"]
)
def test_long_code_is_looked_at_in_time_that_grows_with_it(name: str) -> None:
    started = time.monotonic()
    for unit in _CODE_BOMBS:
        code = unit * (60_000 // len(unit))
        weakened([FileChange(name, code, code + "x")], ["make test"])
        changed_expectations([FileChange(name, code, "")])

    assert time.monotonic() - started < 60
