"""Raw tree diffs become entries, and any path becomes printable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.entries import Entry, Kind, Side, Status, display_path, parse_raw

ABSENT = b"0" * 40
A, B = "a" * 40, "b" * 40
FILE_A = Side("100644", A, Kind.FILE)
FILE_B = Side("100644", B, Kind.FILE)


def raw(*parts: bytes) -> bytes:
    return b"".join(part + b"\0" for part in parts)


def header(old: bytes, new: bytes, old_sha: bytes, new_sha: bytes, letter: bytes) -> bytes:
    return b":%s %s %s %s %s" % (old, new, old_sha, new_sha, letter)


MODIFIED = header(b"100644", b"100644", b"a" * 40, b"b" * 40, b"M")


def test_nothing_changed() -> None:
    assert parse_raw(b"") == ()


def test_every_status_keeps_git_s_order() -> None:
    output = raw(
        header(b"000000", b"100755", ABSENT, b"a" * 40, b"A"),
        b"new name",
        header(b"100644", b"000000", b"a" * 40, ABSENT, b"D"),
        b"old name",
        MODIFIED,
        b"changed",
        header(b"100644", b"120000", b"a" * 40, b"b" * 40, b"T"),
        b"a link now",
    )
    assert parse_raw(output) == (
        Entry("new name", Status.ADDED, None, Side("100755", A, Kind.EXECUTABLE)),
        Entry("old name", Status.DELETED, FILE_A, None),
        Entry("changed", Status.MODIFIED, FILE_A, FILE_B),
        Entry("a link now", Status.TYPE_CHANGED, FILE_A, Side("120000", B, Kind.SYMLINK)),
    )


def test_sides_are_those_there_are() -> None:
    assert Entry("x", Status.MODIFIED, FILE_A, FILE_B).sides == (FILE_A, FILE_B)
    assert Entry("x", Status.ADDED, None, FILE_B).sides == (FILE_B,)
    assert Entry("x", Status.DELETED, FILE_A, None).sides == (FILE_A,)


@given(st.binary(min_size=1).filter(lambda path: b"\0" not in path))
def test_any_path_keeps_its_bytes(path: bytes) -> None:
    (entry,) = parse_raw(raw(MODIFIED, path))
    assert entry.path.encode("utf-8", "surrogateescape") == path
    display_path(entry.path).encode("utf-8")


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("100644", Kind.FILE),
        ("100664", Kind.FILE),
        ("100600", Kind.FILE),
        ("100755", Kind.EXECUTABLE),
        ("100700", Kind.EXECUTABLE),
        ("120000", Kind.SYMLINK),
        ("120777", Kind.SYMLINK),
        ("160000", Kind.SUBMODULE),
        ("040000", Kind.SUBMODULE),
        ("777777", Kind.SUBMODULE),
        ("000001", Kind.SUBMODULE),
    ],
)
def test_kind_of_any_mode(mode: str, kind: Kind) -> None:
    assert Kind.of_mode(mode) is kind


@pytest.mark.parametrize(
    ("output", "complaint"),
    [
        (MODIFIED, "does not end in NUL"),
        (raw(MODIFIED), "its path is missing"),
        (raw(MODIFIED, b"a", MODIFIED), "its path is missing"),
        (raw(MODIFIED, b""), "an empty path"),
        (raw(b"nonsense", b"a"), "malformed entry b'nonsense'"),
        (raw(MODIFIED + b"\n", b"a"), "malformed entry"),
        (raw(header(b"100644", b"100644", b"a" * 64, b"b" * 64, b"M"), b"a"), "malformed entry"),
        (raw(header(b"100644", b"100644", b"a" * 40, b"b" * 40, b"R100"), b"a", b"b", b"c"), "malformed entry"),
        (raw(header(b"100644", b"100644", b"a" * 40, b"b" * 40, b"U"), b"a"), "did not ask for"),
        (raw(header(b"100644", b"100644", b"a" * 40, b"b" * 40, b"A"), b"a"), "contradict"),
        (raw(header(b"000000", b"100644", ABSENT, b"b" * 40, b"D"), b"a"), "contradict"),
        (raw(header(b"000000", b"000000", ABSENT, ABSENT, b"M"), b"a"), "contradict"),
        (raw(header(b"100644", b"000000", b"a" * 40, ABSENT, b"M"), b"a"), "contradict"),
    ],
)
def test_malformed_output_is_named(output: bytes, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_raw(output)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (b"src/app.py", "src/app.py"),
        ("größe/名前.md".encode(), "größe/名前.md"),
        (b"a\x1b[31mred", "a\\x1b[31mred"),
        (b"a\nb\tc\x7f", "a\\x0ab\\x09c\\x7f"),
        (b"latin-\xe9", "latin-\\xe9"),
        ("\u202egnp.exe".encode(), "<U+202E>gnp.exe"),
        ("zero\u200bwidth".encode(), "zero<U+200B>width"),
        ("\u0085\u2028".encode(), "<U+0085><U+2028>"),
        ("\u3164".encode(), "<U+3164>"),
        (b"$(id).py", "$(id).py"),
    ],
)
def test_what_people_see_of_a_path(path: bytes, shown: str) -> None:
    assert display_path(path.decode("utf-8", "surrogateescape")) == shown
