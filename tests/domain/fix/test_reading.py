"""Summaries of test runners in all their wordings become counts; several are added up only where each is of a part."""

from __future__ import annotations

import pytest

from app.domain.fix.counts import MAX_NAMES, Counts, Source, counted
from app.domain.fix.reading import read_counts


def runner(collected: int | None, executed: int, failed: int, skipped: int, *failing: str) -> Counts:
    return Counts(collected, executed, failed, skipped, failing, Source.RUNNER)


PYTHON = [
    ("============================ no tests ran in 0.01s =============================", runner(None, 0, 0, 0)),
    ("no tests ran in 0.00s", runner(None, 0, 0, 0)),
    ("collected 0 items\n\n==== no tests ran in 0.01s ====", runner(0, 0, 0, 0)),
    ("5 tests collected in 0.01s", runner(None, 0, 0, 0)),
    ("==== 1 passed, 3 warnings in 61.22s (0:01:01) ====", runner(None, 1, 0, 0)),
    ("\x1b[32m==== \x1b[32m\x1b[1m2 passed\x1b[0m\x1b[32m in 0.01s\x1b[0m ====\x1b[0m", runner(None, 2, 0, 0)),
    ("=== 2 passed, 4 subtests passed in 0.10s ===", runner(None, 2, 0, 0)),
    ("1 failed, 1 rerun in 3.00s", runner(None, 1, 1, 0)),
    ("collected 1 item\n1 passed in 0.1s\ncollected 9 items\n8 passed, 1 failed in 0.2s", runner(9, 9, 1, 0)),
    (
        "=== short test summary info ===\nFAILED t.py::a[x] - no\nFAILED t.py::b[y - z\nFAILED t.py::c\n3 failed in 1s",
        runner(None, 3, 3, 0, "t.py::a[x]", "t.py::b[y - z", "t.py::c"),
    ),
    ("ERROR    root:app.py:3 a line of a log\n1 passed in 0.1s", runner(None, 1, 0, 0)),
    ("Ran 3 tests in 0.001s\n\nOK", runner(3, 3, 0, 0)),
    ("Ran 3 tests in 0.001s\n\nOK (skipped=1, expected failures=1)", runner(3, 1, 0, 2)),
    ("Ran 0 tests in 0.000s\n\nNO TESTS RAN", runner(0, 0, 0, 0)),
    ("Ran 0 tests in 0.000s\n\nOK (skipped=1)", runner(0, 0, 0, 1)),
    ("Ran 9 tests in 0.000s\n\nOK\nRan 2 tests in 0.001s\n\nFAILED (errors=1)", runner(2, 2, 1, 0)),
    ("Ran 3 tests in 0.001s\n\nand then it died", None),
    (
        (
            f"{'=' * 70}\nUNEXPECTED SUCCESS: a (t.C.a)\nUNEXPECTED SUCCESS: b (t.C.b)\n{'-' * 70}\n"
            "Ran 2 tests in 0.001s\n\nFAILED (unexpected successes=2)"
        ),
        runner(2, 2, 2, 0, "a (t.C.a)", "b (t.C.b)"),
    ),
]

COMPILED = [
    ("ok  \texample.com/a\t0.003s\nok  \texample.com/b\t(cached)", runner(None, 2, 0, 0)),
    ("?   \texample.com/a\t[no test files]", None),
    ("FAIL\texample.com/a [setup failed]\nFAIL", runner(None, 1, 1, 0, "example.com/a")),
    ("=== RUN   TestA\npanic: no\nFAIL\texample.com/a\t0.01s\nFAIL", runner(None, 0, 1, 0, "example.com/a")),
    ("--- FAIL: TestA (0.00s)", None),
    ("=== RUN   TestA\n--- FAIL: TestA (0.00s)", runner(None, 1, 1, 0, "TestA")),
    (
        (
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.00s\n"
            "test result: ok. 1 passed; 0 failed; 0 ignored; 1 measured; 0 filtered out"
        ),
        runner(None, 5, 0, 1),
    ),
    (
        (
            "        FAIL [   0.003s] shelf tests::bad\n     TIMEOUT [  60.003s] (2/4) shelf tests::slow\n"
            "------------\n     Summary [  60.010s] 4 tests run: 2 passed (1 slow), 1 failed, 1 timed out, 3 skipped"
        ),
        runner(None, 4, 2, 3, "shelf tests::bad", "shelf tests::slow"),
    ),
    (
        (
            "67% tests passed, 1 tests failed out of 4\n\nTotal Test time (real) =   0.01 sec\n\n"
            "The following tests did not run:\n\t  3 - later (Skipped)\n\n"
            "The following tests FAILED:\n\t  2 - takes (Failed)\nErrors while running CTest"
        ),
        runner(4, 3, 1, 1, "takes"),
    ),
]

JAVASCRIPT = [
    ("Test Suites: 1 passed, 1 total\nTests:       3 passed, 3 total\nSnapshots:   0 total", runner(3, 3, 0, 0)),
    ("  ● Validation Warning:\n\nTests:       1 passed, 1 total", runner(1, 1, 0, 0)),
    ("Tests:       0 total", runner(0, 0, 0, 0)),
    (" Test Files  1 passed (1)\n      Tests  12 passed (12)", runner(12, 12, 0, 0)),
    (
        " FAIL  a.test.ts [ a.test.ts ]\n Test Files  1 failed (1)\n      Tests  no tests",
        runner(0, 0, 1, 0, "a.test.ts [ a.test.ts ]"),
    ),
    ("  1) not yet\n  4 passing (12ms)", runner(None, 4, 0, 0)),
    ("  0 passing (1s)\n  2 failing\n\n  1) a\n       b:\n     no\n\n  2) never ends", runner(None, 2, 2, 0, "a > b")),
    ("ℹ pass 3", None),
    ("✔ fine (1ms)\nℹ tests 1\nℹ pass 1\nℹ fail 0\nℹ cancelled 1\n✖ no place", runner(1, 1, 1, 0)),
]

MANAGED = [
    (
        (
            "[INFO] Running com.example.ShelfTest\n"
            "[ERROR] Tests run: 3, Failures: 1, Errors: 0, Skipped: 1, Time elapsed: 0.05 s <<< FAILURE!"
            " -- in com.example.ShelfTest\n"
            "[ERROR] com.example.ShelfTest.takes -- Time elapsed: 0.004 s <<< FAILURE!\n"
            "[INFO] Results:\n[INFO] \n[ERROR] Failures: \n[ERROR]   ShelfTest.takes:12 expected: <1> but was: <2>\n"
            "[ERROR] Tests run: 3, Failures: 1, Errors: 0, Skipped: 1\n"
        ),
        runner(None, 2, 1, 1, "com.example.ShelfTest.takes"),
    ),
    (
        (
            "Tests run: 2, Failures: 0, Errors: 1, Skipped: 0, Time elapsed: 0.1 sec <<< ERROR! - in com.example.A\n"
            "takes(com.example.A)  Time elapsed: 0.01 sec  <<< ERROR!\n\nResults :\n\n"
            "Tests run: 2, Failures: 0, Errors: 1, Skipped: 0\n"
            "[WARNING] Tests run: 1, Failures: 0, Errors: 0, Skipped: 0, Flakes: 1\n"
            "[INFO] <<< no name"
        ),
        runner(None, 3, 1, 0, "takes(com.example.A)"),
    ),
    (
        "ShelfTest > takes() FAILED\n    no at S.java:5\n\n3 tests completed, 1 failed, 1 skipped\n> Task FAILED",
        runner(None, 2, 1, 1, "ShelfTest > takes()"),
    ),
    (
        (
            "  Failed Shelf.Tests.Takes [5 ms]\n  Error Message:\n"
            "Failed!  - Failed:     1, Passed:     2, Skipped:     1, Total:     4, Duration: 5 ms - A.dll (net8.0)\n"
            "Passed!  - Failed:     0, Passed:     3, Skipped:     0, Total:     3, Duration: 5 ms - More.dll (net8.0)"
        ),
        runner(None, 6, 1, 1, "Shelf.Tests.Takes"),
    ),
    (
        (
            "    /workspace/ShelfTests.cs(13): error TESTERROR: Shelf.Tests.Takes (2ms): Error Message: Expected 1\n"
            "Test summary: total: 3, failed: 1, succeeded: 1, skipped: 1, duration: 1.2s"
        ),
        runner(3, 2, 1, 1, "Shelf.Tests.Takes"),
    ),
]

SCRIPTING = [
    ("5 examples, 0 failures, 1 pending", runner(5, 4, 0, 1)),
    (
        (
            "1 example, 1 failure\n\nFailed examples:\n\n"
            "rspec ./spec/a_spec.rb:4 # Shelf takes\nrspec ./spec/b_spec.rb[1:2:1]"
        ),
        runner(1, 1, 1, 0, "./spec/a_spec.rb # Shelf takes", "./spec/b_spec.rb"),
    ),
    ("0 examples, 0 failures, 1 error occurred outside of examples", runner(0, 0, 1, 0)),
    (
        (
            "  1) Failure:\nTestShelf#test_takes [test/a.rb:5]:\nno\n\n  2) Error:\nTestShelf#test_adds:\nNameError\n\n"
            "3 runs, 2 assertions, 1 failures, 1 errors, 1 skips"
        ),
        runner(3, 2, 2, 1, "TestShelf#test_adds", "TestShelf#test_takes"),
    ),
    (
        (
            "Failure: test_takes(TestShelf)\n"
            "4 tests, 4 assertions, 1 failures, 0 errors, 1 pendings, 1 omissions, 0 notifications"
        ),
        runner(4, 2, 1, 2, "test_takes(TestShelf)"),
    ),
    ("OK (3 tests, 5 assertions)", runner(3, 3, 0, 0)),
    (
        "OK, but incomplete, skipped, or risky tests!\nTests: 3, Assertions: 1, Skipped: 1, Incomplete: 1.",
        runner(3, 1, 0, 2),
    ),
    (
        (
            "There was 1 failure:\n\n1) ShelfTest::testTakes\nno\n\nThere was 1 risky test:\n\n1) ShelfTest::adds\n\n"
            "FAILURES!\n"
            "Tests: 4, Assertions: 5, Failures: 1, Risky: 1."
        ),
        runner(4, 4, 1, 0, "ShelfTest::testTakes"),
    ),
    (
        "There were 2 errors:\n\n1) A::b with data set #0 (1)\n\n2) A::c\n\nTests: 2, Assertions: 0, Errors: 2.",
        runner(2, 2, 2, 0, "A::b with data set #0 (1)", "A::c"),
    ),
    ("No tests executed!", runner(0, 0, 0, 0)),
]

NOTHING = ["", "all is well", "ok", "Tests: many", "10 green bottles", "1 passed", "BUILD SUCCESSFUL in 3s\n"]


@pytest.mark.parametrize(
    ("output", "counts"),
    [*PYTHON, *COMPILED, *JAVASCRIPT, *MANAGED, *SCRIPTING, *((text, None) for text in NOTHING)],
)
def test_a_summary_is_read(output: str, counts: Counts | None) -> None:
    assert read_counts(output) == counts


def test_of_several_runners_the_last_one_counts() -> None:
    assert read_counts("3 passed in 0.1s\nOK (7 tests, 7 assertions)\n") == runner(7, 7, 0, 0)
    assert read_counts("OK (7 tests, 7 assertions)\n3 passed in 0.1s\n") == runner(None, 3, 0, 0)


def test_names_are_clean_few_and_sorted() -> None:
    names = [f"t{number:04}" for number in range(MAX_NAMES + 50)]
    counts = counted(Source.TAP, executed=-1, failed=-1, skipped=-1, failing=["b\u202e\x1bc  d", "", *names])

    assert len(counts.failing) == MAX_NAMES
    assert counts.failing[0].startswith("b<U+202E>")
    assert (counts.executed, counts.failed, counts.skipped) == (0, 0, 0)


def test_what_is_left_out_of_a_huge_output_is_a_cut() -> None:
    package = "ok  \texample.com/a\t0.003s\n"

    assert read_counts(package * 3) == runner(None, 3, 0, 0)
    assert read_counts(package + "x\n" * 200_000 + package) is None
    assert read_counts(package + "x" * 3_000_000 + "\n" + package) is None
    assert read_counts("x\n" * 200_000 + "3 passed in 0.1s\n") == runner(None, 3, 0, 0)
