"""The lines of a patch, read one after the other, and what is said where one of them is wrong."""

from __future__ import annotations

BEGIN, END = "*** Begin Patch", "*** End Patch"

_QUOTED = 120


class PatchTextInvalid(ValueError):
    """The text is no patch. It says on which line, what is wrong and what to write instead, for a model to mend it."""

    def __init__(self, line: int, problem: str, instead: str) -> None:
        self.line = line
        self.problem = problem
        self.instead = instead
        super().__init__(f"line {line} of the patch: {problem}; write {instead}")


class Reader:
    """Goes through a text by lines. `line` is the one to be looked at next, without its line end; None at the end.

    Where the patch itself has Windows line ends, they are taken for the patch's, not for those of what it adds.
    """

    def __init__(self, text: str) -> None:
        if text.split("\n", 1)[0].endswith("\r"):
            text = text.replace("\r\n", "\n")
        self._lines = text.split("\n")
        self._at = 0

    @property
    def number(self) -> int:
        """Of `line`, from 1."""
        return self._at + 1

    @property
    def line(self) -> str | None:
        return self.ahead(0)

    def ahead(self, count: int) -> str | None:
        """The line that many further on."""
        at = self._at + count
        # What follows the last line feed is a line only if there is any.
        if at >= len(self._lines) or (at == len(self._lines) - 1 and self._lines[at] == ""):
            return None
        return self._lines[at]

    def take(self) -> None:
        """Go on to the next line."""
        self._at += 1

    def skip_blank(self) -> None:
        while (line := self.line) is not None and not line.strip():
            self.take()

    def invalid(self, problem: str, instead: str) -> PatchTextInvalid:
        """About `line`, which is quoted."""
        line = self.line
        quoted = "" if line is None else f" ({line[:_QUOTED]!r})"
        return PatchTextInvalid(self.number, problem + quoted, instead)
