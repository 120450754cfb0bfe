"""Patches as models write them: what is read, and what a model is told of one that cannot be read."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.fix.file_edits import Action, FileEdit, Hunk, HunkLine, Mark
from app.domain.fix.patch_text import PatchTextInvalid, parse_patch


def patch(*lines: str) -> str:
    return "\n".join(("*** Begin Patch", *lines, "*** End Patch")) + "\n"


def told(edit: FileEdit) -> str:
    """An edit on a few lines, as these tests compare it."""
    head = [f"{edit.action} {edit.path}" + (f" -> {edit.moved_to}" if edit.moved_to else "")]
    if edit.content:
        head.append(repr(edit.content))
    for hunk in edit.hunks:
        extra = [*(f"@{anchor}" for anchor in hunk.anchors)]
        extra += [] if hunk.start is None else [f"#{hunk.start}"]
        extra += ["end"] if hunk.at_end else []
        extra += [] if hunk.unended is None else ["unended" if hunk.unended else "ended"]
        head.append(f"{hunk.line}[{' '.join(extra)}] " + "|".join(f"{line.mark}{line.text}" for line in hunk.lines))
    return "\n".join(head)


READ = {
    "an update": (patch("*** Update File: a b.py", " x", "-y", "+z"), "update a b.py\n3[]  x|-y|+z"),
    "several files": (
        patch("*** Add File: n.py", "+1", "+", "+2", "*** Delete File: d.py", "", "*** Update File: u", "@@", "-y"),
        "add n.py\n'1\\n\\n2\\n'\ndelete d.py\nupdate u\n9[] -y",
    ),
    "an empty file": (patch("*** Add File: py.typed"), "add py.typed"),
    "a move": (patch("*** Update File: a", "*** Move to: b/c"), "update a -> b/c"),
    "a move with a change": (patch("*** Update File: a", "*** Move to: b", "-x"), "update a -> b\n4[] -x"),
    "anchors": (
        patch("*** Update File: a", "@@ class A:", "@@   def f(self): @@", " x", "+y", "@@ def g():", "-z"),
        "update a\n3[@class A: @def f(self):]  x|+y\n7[@def g():] -z",
    ),
    "numbers of lines": (patch("*** Update File: a", "@@ -7,2 +7,3 @@ def f():", " x", "+y"), "update a\n3[#7]  x|+y"),
    "the end of a file": (patch("*** Update File: a", "@@", "+y", "*** End of File"), "update a\n3[end] +y"),
    "no line end": (
        patch("*** Update File: a", "-y", "\\ No newline at end of file", "+z", "\\ No newline at end of file"),
        "update a\n3[end unended] -y|+z",
    ),
    "an empty line without its space": (
        patch("*** Update File: a", " x", "", "-y", "", "", "@@", "-z", ""),
        "update a\n3[]  x| |-y\n8[] -z",
    ),
    "a line that looks like a header": (
        patch("*** Update File: a", "--- x", "+*** End Patch", " @@ y"),
        "update a\n3[] --- x|+*** End Patch| @@ y",
    ),
    "windows line ends of the patch": (
        patch("*** Update File: a", " x", "+y", "*** Add File: b", "+z").replace("\n", "\r\n"),
        "update a\n3[]  x|+y\nadd b\n'z\\n'",
    ),
    "windows line ends of the file": (
        patch("*** Update File: a", " x\r", "+y\r", "*** Add File: b", "+z\r"),
        "update a\n3[]  x|+y\nadd b\n'z\\r\\n'",
    ),
    "blank lines around": ("\n \n" + patch("", "*** Delete File: a", "") + "\n\n", "delete a"),
    "a diff of git": (
        (
            "diff --git a/x.py b/x.py\nindex 12ab..34cd 100644\n--- a/x.py\n+++ b/x.py\n"
            "@@ -3,2 +3,2 @@ def f():\n a\n-b\n+c\n@@ -9 +9 @@\n-d\n+e\n"
        ),
        "update x.py\n5[#3]  a|-b|+c\n9[#9] -d|+e",
    ),
    "a plain diff": ("--- x.py\t2026-01-01\n+++ x.py\t2026-01-02\n@@ -1 +1 @@\n-b\n+c\n", "update x.py\n3[#1] -b|+c"),
    "a directory called a": ("--- a/x\n+++ a/x\n@@ -1 +1 @@\n-b\n+c\n", "update a/x\n3[#1] -b|+c"),
    "a diff of several files": (
        (
            "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-b\n+c\n--- a/y\n+++ b/y\n@@ -1 +1 @@\n-b\n+c\n"
            "\ndiff --git a/z b/z\n--- a/z\n+++ b/z\n@@ -1 +0,0 @@\n-b\n"
        ),
        "update x\n3[#1] -b|+c\nupdate y\n8[#1] -b|+c\nupdate z\n15[#1] -b",
    ),
    "lines that look like headers": (
        "--- a/x.sql\n+++ b/x.sql\n@@ -1 +1 @@\n--- old\n+++ new\n@@ -9 +9 @@\n-b\n+c\n",
        "update x.sql\n3[#1] --- old|+++ new\n6[#9] -b|+c",
    ),
    "lines that look a little like headers": (
        "--- a/x.sql\n+++ b/x.sql\n@@ -1,9 +1,9 @@\n--- old\n+++ new\n-b\n",
        "update x.sql\n3[#1] --- old|+++ new|-b",
    ),
    "a new file": (
        "diff --git a/n b/n\nnew file mode 100644\nindex 000..123\n--- /dev/null\n+++ b/n\n@@ -0,0 +1,2 @@\n+1\n+2\n",
        "add n\n'1\\n2\\n'",
    ),
    "a new file without a line end": (
        "--- /dev/null\n+++ b/n\n@@ -0,0 +1,2 @@\n+1\n+2\n\\ No newline at end of file\n",
        "add n\n'1\\n2'",
    ),
    "a new file without lines": ("--- /dev/null\n+++ n\n", "add n"),
    "a deletion": (
        "diff --git a/d b/d\ndeleted file mode 100644\n--- a/d\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n",
        "delete d\n5[#1] -1",
    ),
    "a rename": (
        "diff --git a/o b/n\nsimilarity index 90%\nrename from o\nrename to n\n--- a/o\n+++ b/n\n@@ -1 +1 @@\n-1\n+2\n",
        "update o -> n\n7[#1] -1|+2",
    ),
    "a rename only": ("diff --git a/o b/n\nsimilarity index 100%\nrename from o\nrename to n\n", "update o -> n"),
}


@pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ)
def test_what_is_read(text: str, expected: str) -> None:
    assert "\n".join(map(told, parse_patch(text))) == expected


def test_a_hunk_as_a_value() -> None:
    (edit,) = parse_patch(patch("*** Update File: a", " x", "-y", "+z", "+"))

    kept, removed, added = HunkLine(Mark.KEPT, "x"), HunkLine(Mark.REMOVED, "y"), HunkLine(Mark.ADDED, "z")
    hunk = Hunk(3, (kept, removed, added, HunkLine(Mark.ADDED, "")))
    assert edit == FileEdit("a", Action.UPDATE, (hunk,))
    assert (hunk.old, hunk.count(Mark.ADDED), hunk.count(Mark.REMOVED)) == (("x", "y"), 2, 1)


INVALID = {
    "nothing": ("", 1, "begins with another line; write `*** Begin Patch` as the first line"),
    "prose": (
        "Here is the patch:\n" + patch("*** Delete File: a"),
        1,
        "begins with another line ('Here is the patch:')",
    ),
    "no files": (patch(), 3, "changes nothing; write `*** Update File"),
    "no end": ("*** Begin Patch\n*** Delete File: a\n", 3, "has no end; write `*** End Patch`"),
    "two patches": (patch("*** Delete File: a") + patch("*** Delete File: b"), 4, "something follows `*** End Patch`"),
    "an unknown section": (
        patch("*** Rename File: a"),
        2,
        "no header of a file ('*** Rename File: a'); write `*** Upd",
    ),
    "no path": (patch("*** Delete File:  "), 2, "the path is missing ('*** Delete File:  '); write `*** Delete File: "),
    "no path to move to": (patch("*** Update File: a", "*** Move to: ", "-x"), 3, "write `*** Move to: PATH`"),
    "no hunks": (patch("*** Update File: a"), 3, "nothing of 'a' is changed"),
    "an empty hunk": (patch("*** Update File: a", "@@ def f():"), 4, "a hunk has no lines"),
    "a bare line": (patch("*** Update File: a", " x", "y"), 4, "no line of a hunk ('y'); write a space before a line"),
    "a bare line of a new file": (patch("*** Add File: a", "+x", "y"), 4, "a line of a new file has no + ('y')"),
    "a path twice": (patch("*** Delete File: a", "*** Add File: a", "+x"), 1, "names 'a' twice"),
    "a path moved onto": (
        patch("*** Update File: b", "*** Move to: a", "*** Delete File: a"),
        1,
        "names 'a' twice; write all",
    ),
    "too many files": (patch(*(f"*** Delete File: {n}" for n in range(101))), 1, "101 files, over 100"),
    "too many hunks": (patch("*** Update File: a", *["@@", "-x"] * 1_001), 2_003, "over 1,000 hunks"),
    "too many bytes": (patch("*** Add File: a", "+" + "\u00e9" * 500_000), 1, "over 1,000,000 bytes"),
    "no names": ("diff --git a/x b/x\n@@ -1 +1 @@\n-x\n", 2, "no `--- a/PATH` and `+++ b/PATH` before its hunks"),
    "one name": ("--- a/x\n@@ -1 +1 @@\n-x\n", 2, "`--- a/PATH` is not followed by `+++ b/PATH`"),
    "one name at the end": ("--- a/x", 2, "is not followed"),
    "no hunks of a diff": ("--- a/x\n+++ b/x\n", 1, "a file has no hunks"),
    "two names": ("--- a/x\n+++ b/y\n@@ -1 +1 @@\n-x\n", 1, "`---` and `+++` name two paths"),
    "no name at all": ("--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-x\n", 1, "name two paths"),
    "a quoted path": ('--- "a/x\\n"\n', 1, "a path is missing or quoted"),
    "an empty path": ("--- \n+++ b/x\n", 1, "a path is missing"),
    "half a rename": ("diff --git a/x b/y\nrename from x\n", 1, "half of a rename"),
    "the other half": ("diff --git a/x b/y\nrename to y\n--- a/x\n+++ b/y\n", 1, "half of a rename"),
    "a mode": ("diff --git a/x b/x\nold mode 100644\nnew mode 100755\n", 2, "modes of files are never changed"),
    "a link": ("diff --git a/x b/x\nnew file mode 120000\n", 2, "nor links made"),
    "a copy": ("diff --git a/x b/y\ncopy from x\ncopy to y\n", 2, "copies are not made so"),
    "a binary file": ("diff --git a/x b/x\nindex 1..2\nGIT binary patch\n", 3, "binary files are not changed"),
    "an unknown header": ("diff --git a/x b/x\nwhatever\n", 2, "no header of a diff ('whatever')"),
    "a new file with other lines": ("--- /dev/null\n+++ b/n\n@@ -1 +1 @@\n-1\n+2\n", 1, "'n' is new and has lines wi"),
}


@pytest.mark.parametrize(("text", "line", "words"), INVALID.values(), ids=INVALID)
def test_what_is_told(text: str, line: int, words: str) -> None:
    with pytest.raises(PatchTextInvalid) as caught:
        parse_patch(text)

    assert caught.value.line == line
    assert str(caught.value).startswith(f"line {line} of the patch: {caught.value.problem}; write ")
    assert words in str(caught.value)
    assert len(str(caught.value)) < 500


_PIECES = st.sampled_from(
    [
        *("*** Begin Patch", "*** End Patch", "*** Update File: a", "*** Add File: b", "*** Delete File: c"),
        *("*** Move to: d", "*** End of File", "@@", "@@ x", "@@ -1,2 +3 @@", "--- a/x", "+++ b/x", "--- /dev/null"),
        *("diff --git a/x b/x", "rename from x", "rename to y", "new file mode 100644", "\\ No newline"),
        *("", " ", "+", "-", "+y", "-y", " y", "y"),
    ]
)


@given(st.lists(_PIECES, max_size=20), st.sampled_from(["*** Begin Patch", "--- a/q", "diff --git a/q b/q", ""]))
def test_any_text_is_read_or_refused(pieces: list[str], first: str) -> None:
    with contextlib.suppress(PatchTextInvalid):
        assert parse_patch("\n".join([first, *pieces]))
