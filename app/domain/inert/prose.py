"""Several paragraphs of model prose, rebuilt from the little Markdown that we let through.

Paragraphs, lists of two levels, fenced code, code spans and emphasis come out as such, headings as bold lines, tables
as code. The rest (HTML, links, images, quotes, references) comes out as the words it is made of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.inert.characters import visible
from app.domain.inert.code import fenced
from app.domain.inert.limits import fitted
from app.domain.inert.marks import heading_line, marked_line

_OPENING = re.compile(r"([ \t]*)(?:(?:[-*+]|[0-9]{1,3}[.)]) +)?(`{3,}|~{3,})[ \t]*([^`]*)")
_HEADING = re.compile(r"[ \t]*#{1,6}[ \t]+(.*)")
_TABLE = re.compile(r"[ \t]*\|.*")
_RULE = re.compile(r"[ \t]*([-*_=])(?: *\1){2,}[ \t]*")
_ITEM = re.compile(r"([ \t]*)([-*+]|[0-9]{1,3}[.)])[ \t]+(?=[^ \t])(.*)")

_Lines = list[str]
_Taken = tuple[str, int]
"""A rebuilt block, perhaps empty, and the number of the line after it."""


@dataclass(frozen=True, slots=True)
class _Item:
    nested: bool
    marker: str
    lines: list[str]


def block(text: str, *, limit: int) -> str:
    """Markdown of a model as inert Markdown that looks the same."""
    return fitted(_rebuilt, text.replace("\r\n", "\n").replace("\r", "\n").strip("\n"), limit)


def _rebuilt(text: str) -> str:
    return "\n\n".join(rebuilt for rebuilt in _blocks(text.split("\n")) if rebuilt)


def _blocks(lines: _Lines) -> Iterator[str]:
    number = 0
    while number < len(lines):
        line = lines[number]
        if opening := _OPENING.fullmatch(line):
            rebuilt, number = _code(lines, number, opening)
        elif _TABLE.fullmatch(line):
            rebuilt, number = _table(lines, number)
        elif heading := _HEADING.fullmatch(line):
            rebuilt, number = heading_line(heading[1].rstrip(" #")), number + 1
        elif _is_gap(line):
            rebuilt, number = "", number + 1
        elif _ITEM.fullmatch(line):
            rebuilt, number = _list(lines, number)
        else:
            rebuilt, number = _paragraph(lines, number)
        yield rebuilt


def _is_gap(line: str) -> bool:
    return not line.strip() or _RULE.fullmatch(line) is not None


def _ends_prose(line: str) -> bool:
    return _is_gap(line) or any(pattern.fullmatch(line) for pattern in (_OPENING, _TABLE, _HEADING))


def _code(lines: _Lines, number: int, opening: re.Match[str]) -> _Taken:
    """A fence, closed where its writer forgot to."""
    indent, ticks, info = opening.groups()
    body: _Lines = []
    for line in lines[number + 1 :]:
        if line.strip().startswith(ticks) and not line.strip().strip(ticks[0]):
            break
        body.append(line[: len(indent)].lstrip() + line[len(indent) :])
    language = "".join(info.split()[:1]).lower()
    code = "".join(line + "\n" for line in body)
    return fenced(visible(code), language), number + len(body) + 2


def _table(lines: _Lines, number: int) -> _Taken:
    """Its rows as they were typed."""
    end = number
    while end < len(lines) and _TABLE.fullmatch(lines[end]):
        end += 1
    return fenced(visible("\n".join(line.strip() for line in lines[number:end])), ""), end


def _paragraph(lines: _Lines, number: int) -> _Taken:
    end = number
    while end < len(lines) and not _ends_prose(lines[end]) and not _ITEM.fullmatch(lines[end]):
        end += 1
    texts = (marked_line(line) for line in lines[number:end])
    return "\n".join(text for text in texts if text), end


def _list(lines: _Lines, number: int) -> _Taken:
    """Items up to the first line that is no part of them; blank lines between them are left out."""
    items: list[_Item] = []
    base = 0
    while number < len(lines):
        line = lines[number]
        if found := None if _RULE.fullmatch(line) else _ITEM.fullmatch(line):
            indent = len(found[1].expandtabs(4))
            base = min(base, indent) if items else indent
            items.append(_Item(indent >= base + 2, found[2].replace(")", "."), [found[3]]))
        elif not line.strip() and (following := _next_of_list(lines, number)):
            number = following
            continue
        elif _ends_prose(line):
            break
        else:
            items[-1].lines.append(line)
        number += 1
    return "\n".join(_item_lines(items)), number


def _next_of_list(lines: _Lines, number: int) -> int:
    """The number of the next line that is not blank if it goes on with the list, else 0."""
    while number < len(lines) and not lines[number].strip():
        number += 1
    if number == len(lines) or _ends_prose(lines[number]):
        return 0
    return number if _ITEM.fullmatch(lines[number]) or lines[number].startswith(("  ", "\t")) else 0


def _item_lines(items: list[_Item]) -> Iterator[str]:
    parent = 0
    for item in items:
        shift = " " * parent if item.nested else ""
        hang = " " * (len(item.marker) + 1)
        texts = [text for text in map(marked_line, item.lines) if text]
        if not item.nested:
            parent = len(hang)
        for position, text in enumerate(texts):
            yield shift + (hang if position else f"{item.marker} ") + text
