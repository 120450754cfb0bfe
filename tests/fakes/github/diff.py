"""The diff of a pull request as GitHub shows it: files, patches, and the lines a comment may be put on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tests.fakes.github.git_store import ZERO_SHA, GitStore

_HUNK: Final = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
_STATUS: Final = {
    "A": "added",
    "D": "removed",
    "M": "modified",
    "R": "renamed",
    "C": "copied",
    "T": "changed",
}


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line of a patch, with its number on each side it is on."""

    position: int
    hunk: int
    old: int | None
    new: int | None

    def number(self, side: str) -> int | None:
        """The line's number on a side."""
        return self.old if side == "LEFT" else self.new


@dataclass(frozen=True, slots=True)
class DiffFile:
    """One file of a diff."""

    path: str
    previous_path: str | None
    status: str
    sha: str
    additions: int
    deletions: int
    patch: str | None

    def lines(self) -> Iterator[DiffLine]:
        """The lines of the patch that a comment may be put on."""
        old = new = hunk = 0
        for position, text in enumerate(self._patch_lines()):
            if header := _HUNK.match(text):
                hunk += 1
                old, new = int(header[1]), int(header[2])
            elif text.startswith("-"):
                yield DiffLine(position, hunk, old, None)
                old += 1
            elif text.startswith("+"):
                yield DiffLine(position, hunk, None, new)
                new += 1
            elif text.startswith(" "):
                yield DiffLine(position, hunk, old, new)
                old, new = old + 1, new + 1

    def find(self, line: int, side: str) -> DiffLine | None:
        """The patch line with this number on this side."""
        return next((one for one in self.lines() if one.number(side) == line), None)

    def at(self, position: int) -> DiffLine | None:
        """The patch line at a position, counted from the first hunk header."""
        return next((one for one in self.lines() if one.position == position), None)

    def hunk_until(self, line: DiffLine) -> str:
        """The hunk of a line from its header down to the line."""
        lines = list(self._patch_lines())
        start = max(index for index in range(line.position + 1) if _HUNK.match(lines[index]))
        return "\n".join(lines[start : line.position + 1])

    def _patch_lines(self) -> list[str]:
        return self.patch.split("\n") if self.patch else []


def diff_text(store: GitStore, base: str, head: str) -> bytes:
    """The diff between two commits as git writes it."""
    return store.told(
        "diff-tree",
        "-r",
        "-p",
        "-M",
        "--full-index",
        "--no-color",
        "--no-ext-diff",
        "--no-textconv",
        base,
        head,
        ids=(base, head),
    )


def diff_files(store: GitStore, base: str, head: str, *, max_patch_bytes: int) -> list[DiffFile]:
    """The files that differ between two commits; a patch that is too big is left out, as GitHub does."""
    patches = iter(_split(diff_text(store, base, head).decode(errors="replace")))
    options = ("-r", "-M", "--raw", "--numstat", "--full-index", "-z")
    raw = store.told("diff-tree", *options, base, head, ids=(base, head))
    changes, counts = _parse_raw(raw.decode(errors="replace").split("\x00"))
    files = []
    for (status, old_path, path, sha), (additions, deletions) in zip(changes, counts, strict=True):
        patch = next(patches)
        if status == "changed":  # git shows a change of type as a removal and an addition
            patch = "\n".join(filter(None, (patch, next(patches))))
        shown = patch if patch and len(patch.encode()) <= max_patch_bytes else None
        previous = old_path if status in ("renamed", "copied") else None
        files.append(DiffFile(path, previous, status, sha, additions, deletions, shown))
    return files


def _parse_raw(fields: list[str]) -> tuple[list[tuple[str, str, str, str]], list[tuple[int, int]]]:
    changes: list[tuple[str, str, str, str]] = []
    counts: list[tuple[int, int]] = []
    rest = iter(fields)
    for entry in rest:
        if entry.startswith(":"):
            _, _, old_sha, new_sha, letter = entry.split()
            old_path = next(rest)
            path = next(rest) if letter[0] in "RC" else old_path
            changes.append((_STATUS[letter[0]], old_path, path, old_sha if new_sha == ZERO_SHA else new_sha))
        elif "\t" in entry:
            added, removed, path = entry.split("\t", 2)
            if not path:  # a rename's two paths follow
                next(rest), next(rest)
            counts.append((0 if added == "-" else int(added), 0 if removed == "-" else int(removed)))
    return changes, counts


def _split(text: str) -> list[str | None]:
    patches: list[str | None] = []
    for part in re.split(r"^(?=diff --git )", text, flags=re.MULTILINE):
        if part.startswith("diff --git "):
            start = re.search(r"^@@ ", part, flags=re.MULTILINE)
            patches.append(part[start.start() :].removesuffix("\n") if start else None)
    return patches
