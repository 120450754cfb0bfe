"""The identity of a change: the same after a rebase that leaves the hunks alone, another for any change of content."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.diff import FileDiff
from app.domain.entries import Entry, Kind, Side, Status
from app.domain.identity import identity, same_change
from app.domain.objects import Change, NotDiffed
from tests.build import diff_of

OLD, NEW, OTHER, ANOTHER = "a" * 40, "b" * 40, "c" * 40, "d" * 40


def side(sha: str, kind: Kind = Kind.FILE, mode: str = "100644") -> Side:
    return Side(mode, sha, kind)


def changed(diff: FileDiff | None, *, old: str = OLD, new: str = NEW, path: str = "a.py") -> Change:
    entry = Entry(path, Status.MODIFIED, side(old), side(new))
    return Change(entry, diff, None if diff is not None else NotDiffed.BINARY)


ROWS = (" a", "-b", "+c", " d")
PLAIN = changed(diff_of(*ROWS))


def test_a_rebase_that_leaves_the_hunks_alone_leaves_the_identity() -> None:
    rebased = changed(diff_of(*ROWS, start=90), old=OTHER, new=ANOTHER)

    assert same_change(identity(PLAIN), identity(PLAIN))
    assert same_change(identity(PLAIN), identity(rebased))


def test_the_same_lines_moved_elsewhere_in_the_same_old_file_are_another_change() -> None:
    moved = changed(diff_of(*ROWS, start=90), new=ANOTHER)

    assert not same_change(identity(PLAIN), identity(moved))


def _with_newline(newline: bool) -> FileDiff:
    (hunk,) = diff_of(*ROWS).hunks
    return FileDiff((replace(hunk, lines=(*hunk.lines[:-1], replace(hunk.lines[-1], newline=newline))),))


def _with_section(section: str) -> FileDiff:
    (hunk,) = diff_of(*ROWS).hunks
    return FileDiff((replace(hunk, section=section),))


@pytest.mark.parametrize(
    "other",
    [
        changed(diff_of(" a", "-b", "+c ", " d"), old=OTHER, new=ANOTHER),
        changed(diff_of(" a", "-b", "+ c", " d"), old=OTHER, new=ANOTHER),
        changed(diff_of(" a", "-b", "+c", " e"), old=OTHER, new=ANOTHER),
        changed(diff_of(" a", "+b", "-c", " d"), old=OTHER, new=ANOTHER),
        changed(diff_of(" a", "-b", "+c"), old=OTHER, new=ANOTHER),
        changed(FileDiff((*diff_of(*ROWS).hunks, *diff_of(*ROWS).hunks)), old=OTHER, new=ANOTHER),
        changed(FileDiff(()), old=OTHER, new=ANOTHER),
        changed(_with_newline(newline=False), old=OTHER, new=ANOTHER),
        changed(_with_section("def f():"), old=OTHER, new=ANOTHER),
        changed(diff_of(*ROWS), old=OTHER, new=ANOTHER, path="b.py"),
        changed(None, old=OTHER, new=ANOTHER),
        Change(Entry("a.py", Status.ADDED, None, side(NEW)), diff_of(*ROWS), None),
        Change(Entry("a.py", Status.DELETED, side(OLD), None), diff_of(*ROWS), None),
        Change(Entry("a.py", Status.TYPE_CHANGED, side(OTHER), side(ANOTHER)), diff_of(*ROWS), None),
        Change(Entry("a.py", Status.MODIFIED, side(OTHER, mode="100755"), side(NEW)), diff_of(*ROWS), None),
        Change(Entry("a.py", Status.MODIFIED, side(OTHER), side(NEW, Kind.SYMLINK)), diff_of(*ROWS), None),
    ],
)
def test_any_change_of_content_mode_kind_status_or_path_is_another_change(other: Change) -> None:
    assert not same_change(identity(PLAIN), identity(other))


def test_without_a_diff_the_content_decides() -> None:
    binary = changed(None)

    assert same_change(identity(binary), identity(changed(None)))
    assert not same_change(identity(binary), identity(changed(None, new=OTHER)))
    assert not same_change(identity(binary), identity(changed(None, old=OTHER)))
    large = Change(binary.entry, None, NotDiffed.TOO_LARGE)
    assert not same_change(identity(binary), identity(large))


def test_bytes_that_a_diff_cannot_show_are_told_by_the_content() -> None:
    one = changed(diff_of("+\ufffd"))

    assert same_change(identity(one), identity(changed(diff_of("+\ufffd"))))
    assert not same_change(identity(one), identity(changed(diff_of("+\ufffd"), old=OTHER, new=ANOTHER)))


def test_an_added_file_is_the_same_with_the_same_content_only_and_odd_paths_are_no_trouble() -> None:
    def added(sha: str) -> str:
        return identity(Change(Entry("\udcff.py", Status.ADDED, None, side(sha)), diff_of("+x"), None))

    assert same_change(added(NEW), added(NEW))
    assert not same_change(added(NEW), added(OTHER))


@pytest.mark.parametrize("junk", ["", ".", "x", "a.b"])
def test_what_is_no_identity_is_no_other_change(junk: str) -> None:
    assert not same_change(junk, identity(PLAIN))
    assert not same_change(identity(PLAIN), junk)
