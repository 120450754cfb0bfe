"""One line of model prose with its code spans and emphasis kept and its links taken apart."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.inert.characters import one_line, visible_line
from app.domain.inert.code import Inert, cell_span, span
from app.domain.inert.limits import fitted
from app.domain.inert.words import AFTER, BEFORE, Span, word

# Stands for a code span while the line is taken apart into words.
_HOLE = "\ufffc"
_LINK = re.compile(r"!?\[([^\[\]]{0,300})\]\(([^()\s]{0,2000})\)")
_MARKS = ("*", "**")


@dataclass(frozen=True, slots=True)
class _Word:
    """A word, taken apart where it begins or ends emphasis."""

    before: str
    opening: str
    core: str
    closing: str
    after: str


def marked_line(text: str) -> str:
    """The line, inert."""
    prose, codes = _apart(text)
    words = _paired(prose.split(" "))
    spans = iter(codes)
    return " ".join(_rendered(single, spans, first=not number) for number, single in enumerate(words))


def phrase(text: str, *, limit: int) -> Inert:
    """Any text as one inert line with its code spans kept; for titles, which may stand within emphasis of ours."""
    return Inert(fitted(_phrase, " ".join(text.split()), limit))


def cell_phrase(text: str, *, limit: int) -> Inert:
    """The same for a table cell."""
    return Inert(fitted(lambda line: _phrase(line, as_code=cell_span, starts=False), " ".join(text.split()), limit))


def _phrase(text: str, *, as_code: Span = span, starts: bool = True) -> str:
    prose, codes = _apart(text)
    spans = iter(codes)
    words = enumerate(prose.split(" "))
    return " ".join(_core(single, spans, first=starts and not number, as_code=as_code) for number, single in words)


def heading_line(text: str) -> str:
    """A heading as a bold line: a real one would stand among the headings of our own template."""
    prose, codes = _apart(text)
    spans = iter(codes)
    plain = " ".join(_core(single, spans, first=False) for single in prose.replace("**", "").split())
    return f"**{plain}**" if plain else ""


def _apart(text: str) -> tuple[str, list[str]]:
    """The prose with a hole for every code span, and the code of these."""
    text = text.replace(_HOLE, "")
    prose, codes, end = [], [], 0
    for start, stop, code in _spans(text):
        prose.append(text[end:start])
        codes.append(visible_line(code[1:-1] if code[0] == code[-1] == " " and code.strip(" ") else code))
        end = stop
    prose.append(text[end:])
    return one_line(_LINK.sub(r"\1 (\2)", _HOLE.join(prose))), codes


def _spans(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and content of each code span: a run of backticks up to the next run of the same length."""
    runs = [found.span() for found in re.finditer("`+", text)]
    waiting: defaultdict[int, deque[int]] = defaultdict(deque)
    for number, (start, end) in enumerate(runs):
        waiting[end - start].append(number)
    number = 0
    while number < len(runs):
        start, end = runs[number]
        closers = waiting[end - start]
        while closers and closers[0] <= number:
            closers.popleft()
        if closers:
            number = closers[0]
            yield start, runs[number][1], text[end : runs[number][0]]
        number += 1


def _paired(words: list[str]) -> list[_Word]:
    """Emphasis begins at the start of a word and ends at the end of one; a mark without a partner is text."""
    opened: dict[str, int] = {}
    opening: set[int] = set()
    closing: set[int] = set()
    for number, single in enumerate(words):
        begins, ends = _opening(single), _closing(single)
        if begins in _MARKS:
            opened[begins] = number
        if ends in opened:
            opening.add(opened.pop(ends))
            closing.add(number)
    return [
        _taken_apart(single, opens=number in opening, closes=number in closing) for number, single in enumerate(words)
    ]


def _opening(text: str) -> str:
    """The asterisks before the word's text, if there is any."""
    rest = text.lstrip(BEFORE)
    bare = rest.lstrip("*")
    return rest[: len(rest) - len(bare)] if bare.strip(AFTER + "*") else ""


def _closing(text: str) -> str:
    """The asterisks after the word's text, if there is any."""
    rest = text.rstrip(AFTER)
    bare = rest.rstrip("*")
    return rest[len(bare) :] if bare.strip(BEFORE + "*") else ""


def _taken_apart(text: str, *, opens: bool, closes: bool) -> _Word:
    before = opening = closing = after = ""
    if opens:
        opening = _opening(text)
        before, text = text[: text.index("*")], text[text.index("*") + len(opening) :]
    if closes:
        closing = _closing(text)
        end = text.rindex("*") + 1
        text, after = text[: end - len(closing)], text[end:]
    return _Word(before, opening, text, closing, after)


def _rendered(single: _Word, spans: Iterator[str], *, first: bool) -> str:
    before = word(single.before, first=False) + single.opening
    return before + _core(single.core, spans, first=first and not before) + single.closing + single.after


def _core(text: str, spans: Iterator[str], *, first: bool, as_code: Span = span) -> str:
    """A word whose holes are filled again."""
    head, *parts = text.split(_HOLE)
    filled = word(head, first=first, as_code=as_code)
    for part in parts:
        filled = _beside(filled, as_code(next(spans)))
        filled = _beside(filled, word(part, first=False, as_code=as_code))
    return filled


def _beside(left: str, right: str) -> str:
    """Backticks that touch would be one run."""
    return f"{left} {right}" if left.endswith("`") and right.startswith("`") else left + right
