"""What real runners printed on small projects with a failure of each kind (`outputs/`), and what is read from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.domain.fix.counts import Counts, Source
from app.domain.fix.reading import read_counts

_OUTPUTS = Path(__file__).parent / "outputs"
_PYTEST_NAMES = ("test_a.py::test_bad[a - b]", "test_a.py::test_err", "test_a.py::test_torn")
_UNITTEST_NAMES = (
    "test_bad (test_u.S.test_bad)",
    "test_err (test_u.S.test_err)",
    "test_sub (test_u.S.test_sub) (i=0)",
    "test_sub (test_u.S.test_sub) (i=2)",
    "test_us (test_u.S.test_us)",
)
_GO_NAMES = ("example.com/s/a.TestBad", "example.com/s/a.TestBad/sub", "example.com/s/d")
_NODE_NAMES = ("parent", "parent > bad child", "shelf", "shelf > takes")


def runner(collected: int | None, executed: int, failed: int, skipped: int, *failing: str) -> Counts:
    return Counts(collected, executed, failed, skipped, failing, Source.RUNNER)


RECORDED = {
    "pytest.txt": runner(8, 5, 3, 2, *_PYTEST_NAMES),
    "pytest_quiet.txt": runner(None, 5, 3, 2, *_PYTEST_NAMES),
    "pytest_quieter.txt": None,
    "pytest_xdist.txt": runner(8, 5, 3, 2, *_PYTEST_NAMES),
    "pytest_deselected.txt": runner(8, 1, 0, 0),
    "pytest_all_deselected.txt": runner(8, 0, 0, 0),
    "pytest_collection_error.txt": runner(8, 0, 1, 0, "c/test_c.py"),
    "unittest.txt": runner(7, 5, 5, 2, *_UNITTEST_NAMES),
    "unittest_not_found.txt": runner(1, 1, 1, 0, "nothing (unittest.loader._FailedTest.nothing)"),
    "unittest_skipped.txt": runner(1, 0, 0, 1),
    "go.txt": runner(None, 3, 2, 0, *_GO_NAMES),
    "go_verbose.txt": runner(None, 5, 3, 1, *_GO_NAMES),
    "cargo.txt": runner(None, 4, 1, 1, "src/lib.rs: tests::bad"),
    "cargo_quiet.txt": runner(None, 4, 1, 1, "tests::bad"),
    "jest.txt": runner(4, 2, 2, 2, "je/a.test.js › shelf › takes", "je/b.test.js › Test suite failed to run"),
    "vitest.txt": runner(4, 2, 2, 2, "vi/a.test.mjs > shelf > takes", "vi/b.test.mjs [ vi/b.test.mjs ]"),
    "mocha.txt": runner(None, 3, 2, 1, "shelf > deep > fails too", "shelf > takes"),
    "node_spec.txt": runner(7, 5, 3, 2, "no/a.test.js: bad child", "no/a.test.js: takes"),
    "node_tap.txt": Counts(7, 5, 3, 2, _NODE_NAMES, Source.TAP),
}


@pytest.mark.parametrize("name", RECORDED)
def test_the_output_of_a_real_runner_is_read(name: str) -> None:
    assert read_counts((_OUTPUTS / name).read_text()) == RECORDED[name]


def test_every_recorded_output_is_in_the_table() -> None:
    assert {path.name for path in _OUTPUTS.iterdir()} == {*RECORDED, "pytest.xml"}


def test_a_report_that_a_real_runner_wrote_is_read_before_its_output() -> None:
    report = (_OUTPUTS / "pytest.xml").read_bytes()
    names = ("test_a.test_bad[a - b]", "test_a.test_err", "test_a.test_torn")

    assert read_counts((_OUTPUTS / "pytest.txt").read_text(), [report]) == Counts(8, 6, 3, 2, names, Source.JUNIT)


@pytest.mark.parametrize("name", ["pytest.txt", "unittest.txt", "jest.txt", "vitest.txt", "mocha.txt", "node_spec.txt"])
def test_one_summary_survives_a_cut_in_the_middle(name: str) -> None:
    lines = (_OUTPUTS / name).read_text().split("\n")
    cut = "\n".join(["[... 12,345 bytes left out ...]", *lines[3:]])
    read, whole = read_counts(cut), RECORDED[name]

    assert read is not None
    assert whole is not None
    assert (read.executed, read.failed, read.skipped) == (whole.executed, whole.failed, whole.skipped)


@pytest.mark.parametrize("name", ["go.txt", "go_verbose.txt", "cargo.txt", "cargo_quiet.txt"])
def test_what_would_have_to_be_added_up_is_not_known_after_a_cut(name: str) -> None:
    lines = (_OUTPUTS / name).read_text().split("\n")

    assert read_counts("\n".join([*lines[:4], "[... 12,345 bytes left out ...]", *lines[4:]])) is None
