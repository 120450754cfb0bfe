"""Reads the hunks of one file in a patch. A hunk's own counts of lines are not believed: models miscount."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from app.domain.fix.file_edits import Hunk, HunkLine, Mark
from app.domain.fix.patch_lines import Reader

MAX_HUNKS = 1_000
"""Of one file."""

END_OF_FILE = "*** End of File"
NUMBERS = re.compile(r"@@ -([0-9]{1,9})(?:,([0-9]{1,9}))? \+([0-9]{1,9})(?:,([0-9]{1,9}))? @@.*")
_UNENDED = "\\"


class HunkReader:
    """Reads until a line for which `ends` is true. Such a line cannot be one of a hunk."""

    def __init__(self, reader: Reader, ends: Callable[[str], bool]) -> None:
        self._reader = reader
        self._ends = ends
        self.old_left = self.new_left = 0
        """What the current hunk's header says is still to come, of the old and of the new lines."""

    def hunks(self) -> tuple[Hunk, ...]:
        """Raises PatchTextInvalid."""
        hunks: list[Hunk] = []
        self._reader.skip_blank()
        while (line := self._reader.line) is not None and not self._ends(line):
            if len(hunks) >= MAX_HUNKS:
                raise self._reader.invalid(f"one file has over {MAX_HUNKS:,} hunks", "several smaller patches")
            hunks.append(self._hunk())
            self._reader.skip_blank()
        return tuple(hunks)

    def _hunk(self) -> Hunk:
        number = self._reader.number
        anchors, start = self._heads()
        lines, marked = self._lines()
        at_end = (self._reader.line or "").rstrip() == END_OF_FILE
        if at_end:
            self._reader.take()
        if not lines:
            raise self._reader.invalid("a hunk has no lines", "lines that begin with a space, - or +")
        unended = None
        if marked:
            unended = len(lines) in marked and lines[-1].mark is not Mark.REMOVED
        return Hunk(number, tuple(lines), anchors, start, at_end or bool(marked), unended)

    def _heads(self) -> tuple[tuple[str, ...], int | None]:
        """The `@@` lines, which are many where they name a class and then a method of it."""
        anchors: list[str] = []
        start: int | None = None
        while (line := self._reader.line) is not None and line.startswith("@@"):
            if numbers := NUMBERS.fullmatch(line):
                start = int(numbers[1])
                self.old_left, self.new_left = (int(numbers[group] or 1) for group in (2, 4))
            elif anchor := line.removeprefix("@@").removesuffix("@@").strip():
                anchors.append(anchor)
            self._reader.take()
        return tuple(anchors), start

    def _lines(self) -> tuple[list[HunkLine], set[int]]:
        """The lines, and after how many of them it says that no line end follows."""
        lines: list[HunkLine] = []
        marked: set[int] = set()
        blank = 0
        while (line := self._reader.line) is not None and self._goes_on(line):
            if line.startswith(_UNENDED):
                marked.add(len(lines))
            else:
                one = self._line(line)
                blank = blank + 1 if line == "" else 0
                self.old_left -= one.mark is not Mark.ADDED
                self.new_left -= one.mark is not Mark.REMOVED
                lines.append(one)
            self._reader.take()
        # Lines that are quite empty may stand for empty lines of the file, or set hunks apart: at the end, the latter.
        return lines[: len(lines) - blank], marked

    def _goes_on(self, line: str) -> bool:
        return not line.startswith("@@") and line.rstrip() != END_OF_FILE and not self._ends(line)

    def _line(self, line: str) -> HunkLine:
        if line == "":
            return HunkLine(Mark.KEPT, "")
        if line[0] not in set(Mark):
            raise self._reader.invalid(
                "this is no line of a hunk", "a space before a line that stays, - before one that goes, + before a new"
            )
        return HunkLine(Mark(line[0]), line[1:].removesuffix("\r"))


def added_content(lines: Sequence[str], *, unended: bool) -> str:
    """The content of a new file."""
    return "\n".join(lines) + ("\n" if lines and not unended else "")
