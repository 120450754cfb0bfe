"""Whether titles say the same, and whether somebody else has said it already."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.findings import Location
from app.domain.likeness import already_said, similar
from app.domain.threads import ReviewThread
from tests.build import finding


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("Division by zero", "division by ZERO", True),
        ("Division by zero for an empty cart", "An empty cart leads to a division by zero", True),
        ("SQL injection in `find_user`", "find_user allows SQL injection", True),
        ("Division by zero for an empty cart", "Secret key is logged", False),
        ("Unused result", "The result", False),
        ("", "", True),
        ("", "x", False),
        ("this that with from", "this that with from where", False),
    ],
)
def test_titles_that_share_most_of_their_words_say_the_same(a: str, b: str, same: bool) -> None:
    assert similar(a, b) is same
    assert similar(b, a) is same


THREAD = ReviewThread("T1", 1, "a.py", None, 10, resolved=False, resolved_by=None, author="ann", ours=False, body="Hm")


def said(*threads: ReviewThread, lines: tuple[int, int] = (10, 10), author: str | None = None) -> str | None:
    told = replace(finding(), location=Location("a.py", *lines))
    thread = already_said(told, threads, author=author)
    return None if thread is None else thread.id


@pytest.mark.parametrize(
    ("start", "line", "lines", "same"),
    [
        (None, 10, (10, 10), True),
        (None, 12, (10, 10), True),
        (None, 8, (10, 10), True),
        (None, 13, (10, 10), False),
        (None, 7, (10, 10), False),
        (5, 8, (10, 12), True),
        (5, 7, (10, 12), False),
        (14, 20, (10, 12), True),
        (15, 20, (10, 12), False),
        (1, 99, (10, 12), True),
    ],
)
def test_a_thread_within_two_lines_has_said_it(
    start: int | None, line: int, lines: tuple[int, int], same: bool
) -> None:
    assert (said(replace(THREAD, start_line=start, line=line), lines=lines) == "T1") is same


def test_our_own_outdated_and_other_files_threads_do_not_count() -> None:
    assert said(replace(THREAD, ours=True), replace(THREAD, line=None), replace(THREAD, path="b.py")) is None


def test_an_open_thread_comes_before_a_resolved_one_and_the_oldest_first() -> None:
    resolved = replace(THREAD, id="T0", resolved=True)

    assert said(resolved) == "T0"
    assert said(resolved, THREAD, replace(THREAD, id="T2")) == "T1"


def test_the_author_of_the_change_cannot_silence_us() -> None:
    assert said(THREAD, author="Ann") is None
    assert said(replace(THREAD, author="bob"), author="ann") == "T1"
    assert said(replace(THREAD, author=None), author="ann") == "T1"
