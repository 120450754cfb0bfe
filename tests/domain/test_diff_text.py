"""What a diff says of itself."""

from __future__ import annotations

import pytest

from app.domain.diff_text import change_refusals, named, whole_refusals
from app.domain.entries import Entry, Kind, Side, Status
from app.domain.patches import Refusal


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("a/x b/x", "x"),
        ("a/a b b/a b", "a b"),
        ("a/x b/x b/x b/x", "x b/x"),
        ("a/x b/x\r", "x"),
        ('"a/\\303\\251" "b/\\303\\251"', "\u00e9"),
        ("a/\u00e9 b/\u00e9", "\u00e9"),
        ('"a/\\"q\\" \\\\" "b/\\"q\\" \\\\"', '"q" \\'),
        ('"a/\\t\\n\\a" "b/\\t\\n\\a"', "\t\n\a"),
        ('"a/\\351" "b/\\351"', "\udce9"),
        ("a//etc/x b//etc/x", "/etc/x"),
        ("a/../x b/../x", "../x"),
    ],
)
def test_the_names_in_a_header(line: str, path: str) -> None:
    assert named(f"words\ndiff --git {line}\n+diff --git a/n b/n\n".encode()) == (path,)


@pytest.mark.parametrize(
    "line",
    ["", "a/x", "a/x b/y", "x x", "a/x a/x", "/x /x", "a/x  b/x", 'a/x "b/x"', '"a/x" b/x', '"a/x" "b/y"', "a/xxb/x"],
)
def test_headers_of_another_shape(line: str) -> None:
    with pytest.raises(ValueError, match="where `diff --git a/PATH b/PATH` must stand"):
        named(f"diff --git {line}\n".encode())


def test_whole_diffs() -> None:
    assert list(whole_refusals(b"+GIT binary patch\n GIT binary patch\nGIT binary patches\n")) == []
    assert [one.reason for one in whole_refusals(b"\0\nGIT binary patch\r\n")] == [
        "it has a NUL byte, so it is no text",
        "it has a binary patch, whose content nobody can read",
    ]


def test_changes() -> None:
    plain, runs = (Side(mode, "1" * 40, Kind.of_mode(mode)) for mode in ("100644", "100755"))
    changes = (
        Entry("a", Status.ADDED, None, runs),
        Entry("b", Status.DELETED, runs, None),
        Entry("c", Status.MODIFIED, plain, plain),
        Entry("d", Status.MODIFIED, plain, runs),
        Entry("e", Status.MODIFIED, plain, plain),
    )
    assert list(change_refusals(changes, "abcd")) == [
        Refusal("d", "changes its mode from 100644 to 100755"),
        Refusal("e", "has no line `diff --git a/PATH b/PATH` of its own"),
    ]
