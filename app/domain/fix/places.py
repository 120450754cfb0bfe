"""Finds the one place in a file where the lines of a hunk stand, or says why there is none or more than one."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.domain.fix.file_edits import Hunk

_MOST_STEPS = 20_000_000
"""Comparisons of lines in all: some tenths of a second."""
_WALKED, _SOUGHT = 50, 10
"""What it costs to look at one line above a place, and at one for an anchor, in comparisons."""
_MOST_PLACES = 8
"""So many places are named."""
_MOST_VOTES = 50
_MOST_LIKENED, _LONGEST_LIKENED = 2_000, 200
_ALIKE = 0.6
_QUOTED_LINES, _QUOTED = 14, 160


class DoesNotApply(ValueError):
    """The file is not as the patch has it. The text says where it differs and quotes the file, for a model to mend."""


class Likeness(StrEnum):
    """How the lines of a patch fit those of a file; the words follow "white space"."""

    EXACT = "as it is"
    TRAILING = "at the ends of lines"
    LEADING = "at the beginnings and ends of lines"


_FORMS: Mapping[Likeness, Callable[[str], str]] = {
    Likeness.EXACT: lambda text: text,
    Likeness.TRAILING: str.rstrip,
    Likeness.LEADING: str.strip,
}


@dataclass(frozen=True, slots=True)
class Place:
    """Lines of a file, from 0, without the end."""

    start: int
    end: int
    likeness: Likeness = Likeness.EXACT


class Places:
    """The lines of one file, without their ends."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._forms: dict[Likeness, tuple[list[str], dict[str, list[int]]]] = {}
        self._steps = 0

    def of(self, hunk: Hunk) -> Place:
        """The only one that fits, first exactly, then ever more loosely. Raises DoesNotApply."""
        if not hunk.old:
            return self._without_lines(hunk)
        anchored = self._anchored(hunk)
        for likeness in Likeness:
            starts = [at for at in self._fitting(hunk.old, likeness) if at >= anchored]
            if hunk.at_end:
                starts = [at for at in starts if at + len(hunk.old) == len(self._lines)]
            chosen = self._chosen(starts, hunk, anchored)
            if chosen is not None:
                return Place(chosen, chosen + len(hunk.old), likeness)
            if starts:
                raise DoesNotApply(self._many(starts, hunk, likeness))
        raise DoesNotApply(self._none(hunk, anchored))

    def _without_lines(self, hunk: Hunk) -> Place:
        """Where lines only come in, nothing says where but the end of the file."""
        if hunk.at_end or not self._lines:
            return Place(len(self._lines), len(self._lines))
        raise DoesNotApply(
            f"the hunk at line {hunk.line} of the patch only adds lines and does not show where: give the line above "
            "or below them with a space before it"
        )

    def _anchored(self, hunk: Hunk) -> int:
        """The first line that may be one of the hunk: the earliest below all of its anchors, in their order."""
        at = 0
        for anchor in hunk.anchors:
            found = next((n for n in range(at, len(self._lines)) if _names(self._lines[n], anchor)), None)
            self._spend(_SOUGHT * (len(self._lines) if found is None else found - at))
            if found is None:
                raise DoesNotApply(
                    f"the hunk at line {hunk.line} of the patch stands below `@@ {anchor[:_QUOTED]}`, and there is no "
                    f"such line{' there' if at else ''}: give a whole line of the file, or leave it out"
                )
            at = found
        # The line that the last anchor names may be repeated as the first of the hunk.
        return at

    def _fitting(self, old: Sequence[str], likeness: Likeness) -> list[int]:
        """Where all of the lines stand: looked for where the rarest of them does."""
        form = _FORMS[likeness]
        lines, where = self._in_form(likeness)
        wanted = [form(text) for text in old]
        offset = min(range(len(wanted)), key=lambda n: len(where.get(wanted[n], ())))
        candidates = [at - offset for at in where.get(wanted[offset], ()) if at >= offset]
        self._spend(len(candidates) * len(wanted))
        return [at for at in candidates if lines[at : at + len(wanted)] == wanted]

    def _in_form(self, likeness: Likeness) -> tuple[list[str], dict[str, list[int]]]:
        if likeness not in self._forms:
            form = _FORMS[likeness]
            lines = [form(line) for line in self._lines]
            where: dict[str, list[int]] = {}
            for number, line in enumerate(lines):
                where.setdefault(line, []).append(number)
            self._forms[likeness] = (lines, where)
        return self._forms[likeness]

    def _chosen(self, starts: Sequence[int], hunk: Hunk, anchored: int) -> int | None:
        """The only one; else the one in the block that the anchors head, or at the line that the hunk itself names.

        Raises DoesNotApply where the only one lies outside of that block.
        """
        if hunk.anchors and starts:
            within = [at for at in starts if self._within(at, hunk.anchors)]
            if not within and self._heads_block(anchored):
                raise DoesNotApply(
                    f"the lines of the hunk at line {hunk.line} of the patch stand at line {starts[0] + 1}, which is "
                    f"not in the block below `@@ {hunk.anchors[-1][:_QUOTED]}`: name the block that it is in"
                )
            starts = within or starts
        if len(starts) == 1:
            return starts[0]
        stated = None if hunk.start is None else hunk.start - 1
        return stated if stated in starts else None

    def _within(self, at: int, anchors: Sequence[str]) -> bool:
        """Whether a line lies in a block that begins with the last anchor, in one that begins with the one before, and
        so on: what heads a block is the nearest line above that is indented less, but for a lone `{`.
        """
        remaining = list(anchors)
        depth: int | None = None
        for number in range(at, -1, -1):
            self._spend(_WALKED)
            line = self._lines[number]
            if line.strip() in {"", "{"}:
                continue
            indent = _indent(line)
            heads = depth is None or indent < depth
            depth = indent if depth is None else min(depth, indent)
            if heads and _names(line, remaining[-1]):
                remaining.pop()
                if not remaining:
                    return True
        return False

    def _heads_block(self, at: int) -> bool:
        """Whether what follows the line is indented deeper."""
        after = next((self._lines[n] for n in range(at + 1, len(self._lines)) if self._lines[n].strip()), "")
        return _indent(after) > _indent(self._lines[at])

    def _spend(self, steps: int) -> None:
        self._steps += steps
        if self._steps > _MOST_STEPS:
            raise DoesNotApply("too many of its lines are alike to tell them apart: change it in smaller steps")

    def _many(self, starts: Sequence[int], hunk: Hunk, likeness: Likeness) -> str:
        named = ", ".join(str(at + 1) for at in starts[:_MOST_PLACES])
        more = f" and {len(starts) - _MOST_PLACES} more" if len(starts) > _MOST_PLACES else ""
        loosely = "" if likeness is Likeness.EXACT else f", without regard to white space {likeness}"
        return (
            f"the lines of the hunk at line {hunk.line} of the patch stand at {len(starts)} places{loosely}: lines "
            f"{named}{more}. Add lines above or below until only one fits, or `@@` with the line of the function or "
            "class around it"
        )

    def _none(self, hunk: Hunk, anchored: int) -> str:
        said = f"the lines of the hunk at line {hunk.line} of the patch are not in the file"
        if anchored:
            said += f" from line {anchored + 1} on, below `@@ {hunk.anchors[-1][:_QUOTED]}`"
        if hunk.at_end:
            said += " as its last lines"
        near = self._nearest(hunk.old)
        if near is None:
            return f"{said}, nor anything like them: read it again"
        at = max(near, 0)
        told = min(len(hunk.old), _QUOTED_LINES)
        quoted = [f"{n + 1:>6}| {self._lines[n][:_QUOTED]}" for n in range(at, min(near + told, len(self._lines)))]
        return f"{said}. {self._difference(hunk.old, near)}. The nearest lines are:\n" + "\n".join(quoted)

    def _difference(self, old: Sequence[str], near: int) -> str:
        for n, text in enumerate(old):
            at = near + n
            here = self._lines[at] if 0 <= at < len(self._lines) else None
            if here is None:
                return f"Its line {n + 1} is {text[:_QUOTED]!r}, where the file has no line"
            if here != text:
                return f"Its line {n + 1} is {text[:_QUOTED]!r}, but line {at + 1} of the file is {here[:_QUOTED]!r}"
        return "They stand elsewhere than it says"

    def _nearest(self, old: Sequence[str]) -> int | None:
        """Where most of the lines stand as they should, else where one stands that is like the first of them."""
        _, where = self._in_form(Likeness.LEADING)
        votes: Counter[int] = Counter()
        for n, text in enumerate(old):
            if text.strip():
                votes.update(at - n for at in where.get(text.strip(), ())[:_MOST_VOTES])
        if votes:
            return max(votes, key=lambda at: (votes[at], -at))
        first = next(((n, text.strip()) for n, text in enumerate(old) if text.strip()), None)
        if first is None:
            return None
        like = difflib.get_close_matches(first[1][:_LONGEST_LIKENED], self._likened(where), n=1, cutoff=_ALIKE)
        return None if not like else where[like[0]][0] - first[0]

    def _likened(self, lines: Iterable[str]) -> list[str]:
        return [line for line in lines if 0 < len(line) <= _LONGEST_LIKENED][:_MOST_LIKENED]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _names(line: str, anchor: str) -> bool:
    """Whether an anchor means this line: it is all of it, or how it begins, with no word cut in two."""
    text = line.strip()
    rest = text[len(anchor) : len(anchor) + 1]
    return text.startswith(anchor) and not (rest.isidentifier() and anchor[-1:].isidentifier())
