"""Edits told as a patch: git takes it, and it makes of the old files what they were to become."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from app.domain.entries import Kind
from app.domain.fix.edit_patch import edited
from app.domain.fix.git_patch import git_patch
from app.domain.objects import Blob, NotDiffed
from app.domain.patches import Edit


def blob(content: bytes, *, truncated: bool = False, kind: Kind = Kind.FILE) -> Blob:
    return Blob(content, len(content), truncated, kind)


def applied(folder: Path, before: bytes | None, after: bytes | None, *, executable: bool = False) -> bytes | None:
    """What `git apply` makes of it."""
    path = folder / "a.txt"
    path.unlink(missing_ok=True)
    if before is not None:
        path.write_bytes(before)
    kinds = {} if before is None else {"a.txt": blob(before)}
    text = git_patch(edited(kinds, [Edit("a.txt", after, executable=executable)]))
    if before != after:
        subprocess.run(["git", "apply", "-"], input=text.encode(), cwd=folder, check=True, capture_output=True)
    return path.read_bytes() if path.exists() else None


TEN = b"".join(b"%d\n" % number for number in range(10))
CASES = {
    "one line": (TEN, TEN.replace(b"5", b"five")),
    "the first": (TEN, TEN.replace(b"0", b"zero")),
    "the last": (TEN, TEN.replace(b"9", b"nine")),
    "two far apart": (TEN, TEN.replace(b"1", b"one").replace(b"8", b"eight")),
    "more at the end": (TEN, TEN + b"10\n"),
    "fewer in the middle": (TEN, TEN.replace(b"4\n5\n", b"")),
    "the same line again": (b"x\n" * 5, b"x\n" * 8),
    "no line feed any more": (TEN, TEN[:-1]),
    "a line feed": (TEN[:-1], TEN),
    "emptied": (TEN, b""),
    "filled": (b"", TEN),
    "carriage returns": (b"a\r\nb\r\n", b"a\r\nc\r\n"),
    "new": (None, TEN),
    "gone": (TEN, None),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES.keys())
def test_a_patch_makes_the_new_of_the_old(tmp_path: Path, before: bytes | None, after: bytes | None) -> None:
    assert applied(tmp_path, before, after) == after


def test_so_does_a_patch_of_any_two_texts(tmp_path: Path) -> None:
    letters = random.Random(7)
    for _ in range(60):
        before, after = (
            b"".join(letters.choice((b"a\n", b"b\n", b"c")) for _ in range(letters.randrange(9))) for _ in "12"
        )
        assert applied(tmp_path, before, after) == after


def test_new_files_have_their_mode(tmp_path: Path) -> None:
    applied(tmp_path, None, TEN, executable=True)

    assert (tmp_path / "a.txt").stat().st_mode & 0o100


def test_what_is_no_text_or_was_not_read_whole_is_named() -> None:
    files = {"cut": blob(b"x", truncated=True), "was": blob(b"\0", kind=Kind.EXECUTABLE)}
    changes = edited(files, [Edit("cut", b"y"), Edit("was", b"text"), Edit("is", b"a\0")])

    assert [one.not_diffed for one in changes] == [NotDiffed.TOO_LARGE, NotDiffed.BINARY, NotDiffed.BINARY]
    assert git_patch(changes).count("(not text)") == 3
