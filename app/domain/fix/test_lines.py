"""What a patch does to the lines of a test file that was there, for people to look at: what is gone, and what is new.

New tests beside those that were there are not told of. All else is, as a line between others can make these check
nothing: a condition around them, an early end, another thing under the same name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from app.domain.fix.languages import Language, without_strings
from app.domain.static_checks import redact_secrets

_MAX_LINE = 200
_MAX_COMPARED, _MAX_SHOWN = 1_000, 200
_CLOSER = re.compile(r"[)\]}]|end\b")
_ANNOTATION = re.compile(r"@|#\[|\[")


@dataclass(frozen=True, slots=True)
class _File:
    """The file as it is to be: its lines, and the same without comments and strings."""

    lines: Sequence[str]
    code: Sequence[str]
    language: Language | None


def told_lines(path: str, before: str, after: str, language: Language | None) -> Iterator[str]:
    """`path:line: text`, with the lines of `before` for what is gone or indented otherwise, and of `after` for new."""
    old, lines = _lines(before), _lines(after)
    code = lines if language is None else _lines(without_strings(language, after))
    now = _File(lines, code, language)
    for first, last, start, end in _changed(old, lines):
        gone = [number for number in range(first, last) if not _boring(old[number], language)]
        for number in gone:
            yield f"{path}:{number + 1}: {redact_secrets(old[number].strip())[:_MAX_LINE]}"
        if not gone and (new := _new(now, start, end)) is not None:
            text = redact_secrets(lines[new].strip())[:_MAX_LINE]
            yield f"{path}:{new + 1}: {text} (new among the lines that were there)"


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.split("\n")]


def _changed(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """The ranges that differ, in both; of what is too long to be compared, the whole."""
    same = next(
        (n for n, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), min(len(old), len(new))
    )
    most = min(len(old), len(new)) - same
    tail = next((n for n in range(most) if old[-1 - n] != new[-1 - n]), most)
    first, last, start, end = same, len(old) - tail, same, len(new) - tail
    if max(last - first, end - start) > _MAX_COMPARED:
        yield first, last, start, end
        return
    matcher = SequenceMatcher(None, old[first:last], new[start:end], autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag != "equal":
            yield first + i, first + j, start + k, start + m


def _boring(line: str, language: Language | None) -> bool:
    """Whether the line expects nothing."""
    starts = () if language is None else language.comment + language.imports
    return not line.strip() or line.strip().startswith(starts)


def _new(now: _File, start: int, end: int) -> int | None:
    """The first new line that people have to look at; None where all are new tests, imports and comments.

    A diff may show the same addition some lines earlier or later, where what is around it is the same as its ends.
    """
    told = [number for number in range(start, end) if not _boring(now.code[number], now.language)]
    if not told or (now.language is None and not any(now.lines[end:])):
        return None
    language = now.language
    if language is not None and any(_new_tests(now, language, *shown) for shown in _shown(now.lines, start, end)):
        return None
    return told[0]


def _shown(lines: Sequence[str], start: int, end: int) -> Iterator[tuple[int, int]]:
    """Every range that a diff could show as added instead of this one, which is the first."""
    yield start, end
    up = 0
    while min(start, _MAX_SHOWN) > up and lines[start - up - 1] == lines[end - up - 1]:
        up += 1
        yield start - up, end - up
    down = 0
    while down < min(len(lines) - end, _MAX_SHOWN) and lines[start + down] == lines[end + down]:
        down += 1
        yield start + down, end + down


def _new_tests(now: _File, language: Language, start: int, end: int) -> bool:
    """Whether these lines are whole tests, none of which takes lines into itself that were there."""
    own = [number for number in range(start, end) if not _boring(now.code[number], language)]
    depth = _depth(now.lines[own[0]]) if own else 0
    after = next((line for line in now.lines[end:] if line), "")
    is_open = annotated = False
    for number in own:
        line = now.code[number]
        if _depth(now.lines[number]) > depth:
            continue
        is_test = ".subTest(" not in line and language.tests.search(line) is not None
        if _ANNOTATION.match(line.lstrip()):
            is_open, annotated = is_test or (is_open and annotated), True
        elif is_test or (is_open and (annotated or _CLOSER.match(line.lstrip()))):
            is_open, annotated = True, False
        else:
            return False
        if _depth(now.lines[number]) < depth:
            if not is_test:
                return False
            depth = _depth(now.lines[number])
    return _depth(after) <= depth


def _depth(line: str) -> int:
    line = line.expandtabs(4)
    return len(line) - len(line.lstrip())
