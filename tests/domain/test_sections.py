"""A file as text: numbers of the new file, what happened to it, and parts that hold every line once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.diff import DiffLine, FileDiff, Hunk, LineKind
from app.domain.entries import Kind, Side, Status
from app.domain.objects import Change, NotDiffed
from app.domain.sections import MAX_LINE_CHARACTERS, Section, file_section, sections_of, unreadable
from tests.build import change, diff_of, entry


def parts(change_: Change, size: int) -> tuple[Section, ...] | None:
    assert change_.diff is not None
    return sections_of(change_, change_.diff, max_characters=size)


def whole(change_: Change) -> str:
    assert change_.diff is not None
    return file_section(change_, change_.diff)


def test_a_file_is_shown_with_the_numbers_of_the_new_file() -> None:
    assert whole(change("a.py", " one", "-two", "+three")) == (
        "=== file: a.py (modified)\n@@ -1,2 +1,2 @@\n     1| one\n      |-two\n     2|+three\n"
    )


def test_where_a_hunk_lies_and_a_missing_line_feed_are_told() -> None:
    made = change("a.py", "+x")
    assert made.diff is not None
    row = replace(made.diff.hunks[0].lines[0], newline=False)
    hunk = replace(made.diff.hunks[0], section="def f():", lines=(row,))

    assert whole(replace(made, diff=FileDiff((hunk,)))).split("\n")[1:] == [
        "@@ -1,0 +1,1 @@ def f():",
        "     1|+x",
        "      |\\ no line feed at the end of the file",
        "",
    ]


def _with_modes(old: str | None, new: str | None, status: Status, *rows: str) -> Change:
    sides = [None if mode is None else Side(mode, "c" * 40, Kind.of_mode(mode)) for mode in (old, new)]
    diff = diff_of(*rows) if rows else FileDiff(())
    return Change(replace(entry("run"), status=status, old=sides[0], new=sides[1]), diff, None)


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (_with_modes("100644", "100755", Status.MODIFIED, "+x"), "=== file: run (modified, mode 100644 -> 100755)\n@@"),
        (
            _with_modes("100644", "100755", Status.MODIFIED),
            "=== file: run (modified, mode 100644 -> 100755)\n(only the mode changed)\n",
        ),
        (_with_modes(None, "100644", Status.ADDED), "=== file: run (added)\n(the file is empty)\n"),
        (_with_modes("100755", None, Status.DELETED), "=== file: run (deleted, executable)\n(the file is empty)\n"),
        (_with_modes(None, "120000", Status.ADDED, "+/etc/passwd"), "=== file: run (added, symlink)\n@@"),
        (_with_modes("100755", "100755", Status.MODIFIED, "+x"), "=== file: run (modified, executable)\n@@"),
    ],
)
def test_modes_kinds_and_changes_without_text_are_told(made: Change, text: str) -> None:
    assert whole(made).startswith(text)


def test_secrets_and_hidden_characters_are_replaced() -> None:
    text = whole(change("a\u200b.py", f"+t = 'ghp_{'A1b2C3d4E5' * 3}f6G7h8'", "+x = '\u202e'"))

    assert "A1b2C3d4E5" not in text
    assert "[secret: " in text
    assert "<U+202E>" in text
    assert text.startswith("=== file: a<U+200B>.py ")


def test_why_a_change_cannot_be_read() -> None:
    assert unreadable(change("a.py", "+x")) is None
    assert unreadable(change("a.bin", not_diffed=NotDiffed.BINARY)) == "binary"
    assert unreadable(change("a.js", "+" + "x" * MAX_LINE_CHARACTERS)) is None
    assert unreadable(change("a.js", "-" + "x" * (MAX_LINE_CHARACTERS + 1))) == (
        f"a line has {MAX_LINE_CHARACTERS + 1} characters, over the limit of {MAX_LINE_CHARACTERS}"
    )


def _two_hunks() -> Change:
    first, second = diff_of("+aaaa", "+bbbb").hunks[0], diff_of("+cccc", start=50).hunks[0]
    return Change(entry("a.py"), FileDiff((first, second)), None)


def test_a_file_that_fits_is_one_section() -> None:
    assert parts(_two_hunks(), 10_000) == (Section("a.py", whole(_two_hunks())),)


def test_a_large_file_is_cut_between_hunks() -> None:
    assert parts(_two_hunks(), 95) == (
        Section("a.py", "=== file: a.py (modified, part 1/2)\n@@ -1,0 +1,2 @@\n     1|+aaaa\n     2|+bbbb\n", 1, 2),
        Section("a.py", "=== file: a.py (modified, part 2/2)\n@@ -50,0 +50,1 @@\n    50|+cccc\n", 2, 2),
    )


def test_a_large_hunk_is_cut_between_lines() -> None:
    cut = parts(change("a.py", *(f"+{n}" for n in range(10, 22))), 150)

    assert cut is not None
    assert [section.text.split("\n")[1] for section in cut] == ["@@ -1,0 +1,12 @@", "@@ -1,0 +1,12 @@ (continued)"]
    assert [line for section in cut for line in section.text.split("\n")[2:-1]] == [
        f"{n:>6}|+{n + 9}" for n in range(1, 13)
    ]
    assert all(len(section.text) <= 150 for section in cut)


@pytest.mark.parametrize("size", [10, 60, 75])
def test_a_line_that_is_larger_than_a_part_cannot_be_sent(size: int) -> None:
    """Neither its header, nor the hunk's, nor the line fits."""
    assert parts(change("a.py", "+" + "x" * 80), size) is None


def test_a_key_over_many_lines_is_taken_out_before_the_file_is_cut() -> None:
    body = ["MIIEowIBAAKCAQEA" + f"{n:02}q9XbZ7r" * 5 for n in range(20)]
    rows = ["-----BEGIN RSA PRIVATE KEY-----", *body, "-----END RSA PRIVATE KEY-----", "tail = 1"]
    made = change("key.py", *(f"+{row}" for row in rows), *(f"+plain{n}" for n in range(30)))

    cut = parts(made, 300)

    assert cut is not None
    text = "".join(section.text for section in cut)
    assert "MIIEowIBAAKC" not in text
    assert "    23|+tail = 1" in text
    assert len(cut) > 1


def test_what_looks_like_a_hunk_or_a_file_stands_behind_a_number() -> None:
    text = whole(change("a.md", "+@@ -1,1 +1,1 @@", "+=== file: b.py (modified)"))

    assert [line for line in text.split("\n") if line.startswith(("@@", "==="))] == [
        "=== file: a.md (modified)",
        "@@ -1,0 +1,2 @@",
    ]


def test_a_hunk_without_removed_or_added_lines_is_shown_too() -> None:
    rows = (DiffLine(LineKind.CONTEXT, 1, 1, "a"),)

    assert whole(Change(entry("a"), FileDiff((Hunk(1, 1, 1, 1, "", rows),)), None)).endswith("     1| a\n")
