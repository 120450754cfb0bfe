"""A patch that is offered as text is one that git applies."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from app.domain.diff import DiffLine, FileDiff, Hunk, LineKind
from app.domain.entries import Status
from app.domain.fix.git_patch import git_patch
from app.domain.objects import Change, NotDiffed
from tests.build import diff_of, entry


def whole(path: str, status: Status, *lines: str, newline: bool = True) -> Change:
    """A file that comes or goes."""
    new = status is Status.ADDED
    kind = LineKind.ADDED if new else LineKind.REMOVED
    made = tuple(
        DiffLine(kind, None if new else n, n if new else None, text, newline or n < len(lines))
        for n, text in enumerate(lines, 1)
    )
    count = len(lines)
    hunk = Hunk(0, 0, 1, count, "", made) if new else Hunk(1, count, 0, 0, "", made)
    return Change(entry(path, status), FileDiff((hunk,) if lines else ()), None)


CHANGES = (
    Change(entry("pay/money.py"), diff_of(" def cents(a):", "-    return int(a)", "+    return round(a)"), None),
    whole("pay/a name.py", Status.ADDED, "x = 1", "y = 2", newline=False),
    whole("pay/empty.py", Status.ADDED),
    whole("old.py", Status.DELETED, "gone"),
)


def test_git_applies_it(tmp_path: Path) -> None:
    (tmp_path / "pay").mkdir()
    (tmp_path / "pay/money.py").write_text("def cents(a):\n    return int(a)\n")
    (tmp_path / "old.py").write_text("gone\n")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)

    subprocess.run(["git", "apply", "-"], cwd=tmp_path, check=True, input=git_patch(CHANGES).encode())

    assert (tmp_path / "pay/money.py").read_text() == "def cents(a):\n    return round(a)\n"
    assert (tmp_path / "pay/a name.py").read_text() == "x = 1\ny = 2"
    assert (tmp_path / "pay/empty.py").read_text() == ""
    assert not (tmp_path / "old.py").exists()


@pytest.mark.parametrize("change", [Change(entry("a.png"), None, NotDiffed.BINARY)])
def test_what_has_no_text_is_named_and_left_out(change: Change) -> None:
    assert git_patch((change,)) == "diff --git a/a.png b/a.png\n(not text)\n"
