"""Patches are read by counting, and matched to entries by order and object id."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.diff import (
    DiffLine,
    FileDiff,
    Hunk,
    LineKind,
    Patch,
    PatchReader,
    match_patches,
    split_patches,
)
from app.domain.entries import Entry, Kind, Side, Status

A, B, C, ABSENT = "a" * 40, "b" * 40, "c" * 40, "0" * 40


def side(sha: str, mode: str = "100644") -> Side:
    return Side(mode, sha, Kind.of_mode(mode))


def modified(old: str = A, new: str = B, path: str = "x") -> Entry:
    return Entry(path, Status.MODIFIED, side(old), side(new))


def patch(*lines: bytes, old: str = A, new: str = B) -> bytes:
    index = f"index {old}..{new} 100644".encode()
    return b"".join(line + b"\n" for line in (b"diff --git a/x b/x", index, b"--- a/x", b"+++ b/x", *lines))


TWO_HUNKS = patch(
    b"@@ -1,3 +1,4 @@ def f():",
    b" one",
    b"-two",
    b"+zwei",
    b"+zweieinhalb",
    b" three",
    b"@@ -10 +11,0 @@",
    b"-ten",
)


def test_lines_have_the_numbers_of_their_side() -> None:
    (diff,) = split_patches([modified()], TWO_HUNKS)
    assert diff == FileDiff(
        (
            Hunk(
                old_start=1,
                old_count=3,
                new_start=1,
                new_count=4,
                section="def f():",
                lines=(
                    DiffLine(LineKind.CONTEXT, 1, 1, "one"),
                    DiffLine(LineKind.REMOVED, 2, None, "two"),
                    DiffLine(LineKind.ADDED, None, 2, "zwei"),
                    DiffLine(LineKind.ADDED, None, 3, "zweieinhalb"),
                    DiffLine(LineKind.CONTEXT, 3, 4, "three"),
                ),
            ),
            Hunk(10, 1, 11, 0, "", (DiffLine(LineKind.REMOVED, 10, None, "ten"),)),
        )
    )


def test_what_can_be_commented() -> None:
    (diff,) = split_patches([modified()], TWO_HUNKS + b"")
    assert diff is not None
    assert diff.commentable_lines == {1, 2, 3, 4}
    assert diff.added_numbers == {2, 3}
    assert [line.text for line in diff.added_lines()] == ["zwei", "zweieinhalb"]
    assert [line.text for line in diff.removed_lines()] == ["two", "ten"]
    assert diff.changed_line_count == 4


def test_the_ends_of_a_comment_stand_in_one_hunk() -> None:
    hunks = (Hunk(1, 0, 1, 3, "", ()), Hunk(9, 0, 12, 2, "", ()))
    diff = FileDiff(hunks)
    assert diff.same_hunk(1, 3)
    assert diff.same_hunk(13, 12)
    assert not diff.same_hunk(3, 12)
    assert not diff.same_hunk(4, 4)
    assert not FileDiff(()).same_hunk(1, 1)


def test_a_missing_line_feed_belongs_to_the_line_before() -> None:
    unended = b"\\ No newline at end of file"
    (diff,) = split_patches([modified()], patch(b"@@ -1 +1 @@", b"-a", unended, b"+b", unended))
    assert diff is not None
    assert diff.hunks[0].lines == (
        DiffLine(LineKind.REMOVED, 1, None, "a", newline=False),
        DiffLine(LineKind.ADDED, None, 1, "b", newline=False),
    )


def test_text_keeps_carriage_returns_and_replaces_what_is_not_utf_8() -> None:
    (diff,) = split_patches([modified()], patch(b"@@ -0,0 +1,2 @@", b"+a\rb\r", b"+\xff\xc2\x85"))
    assert diff is not None
    assert [line.text for line in diff.added_lines()] == ["a\rb\r", "\ufffd\x85"]


def test_content_that_imitates_headers_stays_content() -> None:
    forged = (b"diff --git a/y b/y", b"--- a/y", b"+++ b/y", b"@@ -1 +1 @@", b"Binary files differ")
    lines = [b"@@ -5 +5,11 @@", b" kept", *(mark + line for line in forged for mark in (b"+", b"+-"))]
    (diff, other) = split_patches([modified(), modified(B, C)], patch(*lines) + patch(old=B, new=C))
    assert diff is not None
    assert diff.changed_line_count == 10
    assert other == FileDiff(())


def test_a_changed_type_is_one_diff_of_two_patches() -> None:
    entry = Entry("x", Status.TYPE_CHANGED, side(A), side(A, "120000"))
    output = patch(b"@@ -1 +0,0 @@", b"-a", new=ABSENT) + patch(b"@@ -0,0 +1 @@", b"+a", old=ABSENT, new=A)
    (diff,) = split_patches([entry], output)
    assert diff is not None
    assert [line.kind for hunk in diff.hunks for line in hunk.lines] == [LineKind.REMOVED, LineKind.ADDED]
    assert diff.commentable_lines == {1}


def test_a_changed_mode_has_no_hunks() -> None:
    output = b"diff --git a/x b/x\nold mode 100644\nnew mode 100755\n"
    assert split_patches([modified(A, A)], output) == (FileDiff(()),)


def test_withheld_text_is_no_diff() -> None:
    output = patch(b"Binary files a/x and b/x differ")
    assert split_patches([modified()], output) == (None,)


def test_nothing_matches_nothing() -> None:
    assert split_patches([], b"") == ()


@pytest.mark.parametrize(
    ("output", "complaint"),
    [
        (b"@@ -1 +1 @@\n", "does not begin with a patch"),
        (b"diff --git a/x b/x", "ends within a line"),
        (patch(b"@@ -1 +1 @@", b"-a"), "ends within a hunk: 0 old, 1 new"),
        (patch(b"@@ -1 +1 @@", b"-a", b"-b"), "more lines than its header says"),
        (patch(b"@@ -1 +1 @@", b"+a", b"+b"), "more lines than its header says"),
        (patch(b"@@ -1 +1 @@", b"-a", b"+b", b"+c"), "neither header nor hunk"),
        (patch(b"@@ -1 +1 @@", b"diff --git a/y b/y"), "neither context, added nor removed"),
        (patch(b"@@ -1 +1 @@", b""), "neither context, added nor removed"),
        (patch(b"@@ -1 +1 @@", b"\\ No newline at end of file"), "begins with the mark"),
        (patch(b"rename from y"), "neither header nor hunk"),
        (b"", "0 patches do not match 1 entries"),
        (patch() + patch(), "2 patches do not match 1 entries"),
        (patch(old=C), "is not that of 'x'"),
        (b"diff --git a/x b/x\n", "is not that of 'x'"),
    ],
)
def test_output_that_cannot_be_whole_is_refused(output: bytes, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        split_patches([modified()], output)


def test_output_cut_short_covers_the_first_entries() -> None:
    typed = Entry("x", Status.TYPE_CHANGED, side(A), side(B, "120000"))
    entries = [modified(), typed, modified()]
    patches = [Patch((A, B), withheld=False, hunks=()), Patch((A, ABSENT), withheld=False, hunks=())]
    assert match_patches(entries, patches, whole=False) == (FileDiff(()),)
    assert match_patches(entries, [], whole=False) == ()
    with pytest.raises(ValueError, match="2 patches do not match 1 entries"):
        match_patches([modified()], [patches[0]] * 2, whole=False)
    with pytest.raises(ValueError, match="do not match"):
        match_patches(entries, patches, whole=True)


def test_only_ended_patches_are_complete() -> None:
    reader = PatchReader()
    reader.feed(patch(b"@@ -1 +1 @@", b"-a", b"+b"))
    assert reader.patches == []
    reader.feed(b"diff --git ")
    assert reader.patches == []
    reader.feed(b"a/y b/y\n")
    assert len(reader.patches) == 1
    assert reader.line_count == 2


@given(st.lists(st.integers(min_value=0, max_value=len(TWO_HUNKS)), max_size=8))
def test_chunks_may_be_cut_anywhere(cuts: list[int]) -> None:
    reader = PatchReader()
    ends = [*sorted(cuts), len(TWO_HUNKS)]
    for start, end in zip([0, *ends], ends, strict=False):
        reader.feed(TWO_HUNKS[start:end])
    reader.finish()
    assert match_patches([modified()], reader.patches, whole=True) == split_patches([modified()], TWO_HUNKS)
