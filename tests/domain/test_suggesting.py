"""A button is offered only for what GitHub would apply cleanly; what it would make of the file is known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.findings import Location
from app.domain.suggesting import Applied, NotApplicable, applied
from tests.build import diff_of

LINES = diff_of(" one", "+two", "+three", " four")
WINDOWS = "one\r\ntwo\r\nthree\r\nfour\r\n"


def at(start: int, end: int) -> Location:
    return Location("a.py", start, end)


@pytest.mark.parametrize(
    ("suggestion", "where", "head", "block", "text"),
    [
        ("2", at(2, 2), "one\ntwo\nthree\nfour\n", "2", "one\n2\nthree\nfour\n"),
        ("2\n", at(2, 3), "one\ntwo\nthree\nfour\n", "2", "one\n2\nfour\n"),
        ("2\n\n3\n", at(2, 3), "one\ntwo\nthree\nfour\n", "2\n\n3", "one\n2\n\n3\nfour\n"),
        ("2\n2b", at(2, 2), WINDOWS, "2\n2b", "one\r\n2\r\n2b\r\nthree\r\nfour\r\n"),
        ("2\r\n2b\r\n", at(2, 2), "one\ntwo\nthree\nfour\n", "2\n2b", "one\n2\n2b\nthree\nfour\n"),
        ("4", at(4, 4), "one\ntwo\nthree\nfour", "4", "one\ntwo\nthree\n4"),
        ("3\n4\n", at(3, 4), "one\r\ntwo\r\nthree\r\nfour", "3\n4", "one\r\ntwo\r\n3\r\n4"),
    ],
    ids=["a line", "fewer lines", "more lines", "CRLF", "CRLF for LF", "no last line feed", "neither, with CRLF"],
)
def test_it_is_applied_with_the_line_ends_of_the_file(
    suggestion: str, where: Location, head: str, block: str, text: str
) -> None:
    assert applied(suggestion, where, head, LINES) == Applied(block, text)


@pytest.mark.parametrize(
    ("suggestion", "where", "head", "reason"),
    [
        ("two", at(2, 2), "one\ntwo\nthree\nfour\n", "it changes nothing"),
        ("two\r\n", at(2, 2), WINDOWS, "it changes nothing"),
        ("four\n", at(4, 4), "one\ntwo\nthree\nfour", "it changes nothing"),
        ("", at(2, 2), "one\ntwo\n", "it would only delete lines"),
        (" \n", at(2, 2), "one\ntwo\n", "it would only delete lines"),
        ("a\u202eb", at(2, 2), "one\ntwo\n", "a comment cannot carry its characters unchanged"),
        ("a\rb", at(2, 2), "one\ntwo\n", "a comment cannot carry its characters unchanged"),
        ("<!-- revwright:x -->", at(2, 2), "one\ntwo\n", "a comment cannot carry its characters unchanged"),
        ("x", at(3, 3), "one\ntwo\n", "its lines are not lines of the file"),
        ("x", at(0, 1), "one\ntwo\n", "its lines are not lines of the file"),
        ("x", at(2, 1), "one\ntwo\n", "its lines are not lines of the file"),
        ("x", at(4, 5), "1\n2\n3\n4\n5\n", "its lines do not stand in one hunk of the diff"),
        ("x", at(2, 3), "one\ntwo\r\nthree\nfour\n", "the lines it replaces have line ends of both kinds"),
    ],
)
def test_what_does_not_apply_cleanly_is_refused(suggestion: str, where: Location, head: str, reason: str) -> None:
    assert applied(suggestion, where, head, LINES) == NotApplicable(reason)


FILES = st.tuples(
    st.lists(st.text("ab \t", max_size=3), min_size=4, max_size=4),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)


@given(FILES, st.text("ab\n\r `", max_size=12), st.integers(1, 4), st.integers(0, 3))
def test_only_the_lines_it_is_about_change(
    file: tuple[list[str], str, bool], suggestion: str, start: int, more: int
) -> None:
    lines, end, ended = file
    head = end.join(lines) + (end if ended else "")
    where = at(start, min(start + more, 4))

    match applied(suggestion, where, head, LINES):
        case Applied(block, text):
            before, after = head.split(end)[: start - 1], head.split(end)[where.end_line :]
            assert text.split(end) == [*before, *block.split("\n"), *after]
            assert text != head
        case NotApplicable(reason):
            assert reason
