"""Sections that are folded until somebody opens them, and bodies that shrink to what GitHub takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate


def folded(title: str, text: str) -> str:
    """`title` is one of our own sentences; `text` is inert Markdown."""
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a body. `short` stands for it when there is no room; a part without one holds nothing but lines that
    can each stand alone, such as a table.
    """

    text: str
    short: str | None = None
    patience: int = 0
    """Of parts that can be shortened, those with the least go first."""


def fitted_body(parts: Sequence[Part], limit: int, *, note: str, size: Callable[[str], int] = len) -> str:
    """The parts with an empty line between them, no longer than `limit` by `size`.

    When all that can be short is, the rest is cut at the end of a line, for within one a cut would leave a code span
    open, and ends with the note.
    """
    shown = [part.text for part in parts]
    order = sorted((n for n, part in enumerate(parts) if part.short is not None), key=lambda n: parts[n].patience)
    for number in order:
        if size(_joined(shown)) <= limit:
            break
        shown[number] = parts[number].short or ""
    body = _joined(shown)
    return body if size(body) <= limit else _cut(body, limit, note, size)


def size_in_bytes(text: str) -> int:
    """As GitHub counts the texts of a check run."""
    return len(text.encode())


def _cut(body: str, limit: int, note: str, size: Callable[[str], int]) -> str:
    left = limit - size(f"\n\n{note}")
    lines = body.split("\n")
    ends = accumulate(size(line) + 1 for line in lines)
    kept = [line for line, end in zip(lines, ends, strict=True) if end <= left + 1]
    return "\n".join([*kept, "", note])


def _joined(texts: Sequence[str]) -> str:
    return "\n\n".join(text for text in texts if text)
