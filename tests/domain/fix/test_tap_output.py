"""Lines of the Test Anything Protocol become counts: tests inside tests once, what is missing as failed."""

from __future__ import annotations

import pytest

from app.domain.fix.counts import Counts, Source
from app.domain.fix.reading import read_counts


def tap(collected: int | None, executed: int, failed: int, skipped: int, *failing: str) -> Counts:
    return Counts(collected, executed, failed, skipped, failing, Source.TAP)


@pytest.mark.parametrize(
    ("output", "counts"),
    [
        ("1..3\nok 1 - adds\nnot ok 2 - takes\nok 3 - later # SKIP no clock\n", tap(3, 2, 1, 1, "takes")),
        ("TAP version 14\nok 1\nnot ok 2\n1..2\n", tap(2, 2, 1, 0, "test 2")),
        ("1..2\nnot ok 1 - one day # TODO later\nok 2 # todo soon\n", tap(2, 0, 0, 2)),
        ("1..2\nok 1 - reads \\# SKIP\nok - no number\n", tap(2, 2, 0, 0)),
        ("1..0 # SKIP no tests here\n", tap(0, 0, 0, 0)),
        ("1..5\nok 1\nok 2\n", tap(5, 2, 3, 0)),
        ("TAP version 13\nok 1\nBail out! no database\n", tap(None, 1, 1, 0, "Bail out! no database")),
        (
            "TAP version 14\n# Subtest: shelf\n    ok 1 - adds\n    not ok 2 - takes\n    1..2\nnot ok 1 - it\n1..1\n",
            tap(1, 1, 1, 0, "it", "shelf > takes"),
        ),
        ("TAP version 13\nnot ok 1 - old\n1..1\nTAP version 13\nok 1 - new\n1..1\n", tap(1, 1, 0, 0)),
        (
            "TAP version 13\n1..2\n# tests 5\n# pass 4\n# fail 0\n# cancelled 1\n# skipped 0\n# todo 0\n",
            tap(5, 5, 1, 0),
        ),
        ("TAP version 13\nok 1\n1..1\n# tests 1\n", tap(1, 1, 0, 0)),
        ("1..2\nok 1\n[... 100 bytes left out ...]\nok 2\n", None),
        ("ok 1 - a line alone\n", None),
        ("1..3\n", None),
        ("TAP version 13\n        not ok 1 - deep\n1..0\n", tap(0, 0, 0, 0, "deep")),
    ],
)
def test_tap_is_read(output: str, counts: Counts | None) -> None:
    assert read_counts(output) == counts


def test_tap_comes_before_the_summary_of_a_runner() -> None:
    assert read_counts("1..1\nok 1\n7 passed in 0.1s\n") == tap(1, 1, 0, 0)
