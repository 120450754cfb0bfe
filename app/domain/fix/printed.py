"""What a test runner printed, as clean and bounded lines, for those that look for a summary in them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.domain.command_output import Cleaner
from app.domain.fix.counts import Counts, Source, counted

_HEAD, _TAIL = 400_000, 1_600_000
_FIRST_LINES, _LAST_LINES = 20_000, 80_000
_MAX_LINE = 2_000
_LEFT_OUT = re.compile(r"\[\.\.\. [0-9,]{1,20} bytes left out \.\.\.\]")


@dataclass(frozen=True, slots=True)
class Printed:
    """Lines without escape sequences, each cut at a length."""

    lines: tuple[str, ...]
    cut: bool
    """Whether something was left out between them, so that lines must not be added up."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a runner's summary says, and the number of its last line, by which the last runner is known."""

    line: int
    counts: Counts


def printed(output: str) -> Printed:
    """The lines of an output of any size and with any content."""
    cut = len(output) > _HEAD + _TAIL
    if cut:
        output = f"{output[:_HEAD]}\n{output[-_TAIL:]}"
    cleaner = Cleaner()
    text = cleaner.feed(output.encode("utf-8", "replace")) + cleaner.finish()
    all_lines = text.split("\n")
    if len(all_lines) > _FIRST_LINES + _LAST_LINES:
        cut = True
        all_lines[_FIRST_LINES:-_LAST_LINES] = []
    lines = tuple(line[:_MAX_LINE].rstrip() for line in all_lines)
    return Printed(lines, cut or any(_LEFT_OUT.fullmatch(line) for line in lines))


class Tally:
    """Adds up the summaries that one runner prints for one package after another."""

    def __init__(self, text: Printed) -> None:
        self._text = text
        self._line = -1
        self.executed = self.failed = self.skipped = 0
        self.failing: list[str] = []

    def add(self, line: int, *, executed: int = 0, failed: int = 0, skipped: int = 0) -> None:
        """Take the summary that ends in this line."""
        self._line = line
        self.executed += executed
        self.failed += failed
        self.skipped += skipped

    def summary(self) -> Summary | None:
        """All of them together; None where there was none, and where some may have been left out."""
        if self._line < 0 or self._text.cut:
            return None
        counts = counted(
            Source.RUNNER,
            executed=self.executed,
            failed=self.failed,
            skipped=self.skipped,
            failing=self.failing,
        )
        return Summary(self._line, counts)


_PART = re.compile(r"([0-9]{1,9}) ([a-z]+(?: [a-z]+)?)")


def parts(words: str) -> dict[str, int]:
    """`1 failed, 2 passed` as a mapping from word to number."""
    return {found[2]: int(found[1]) for found in _PART.finditer(words)}
