"""Answers of the child, which hostile text may have got hold of: believed only where they have the right shape."""

from __future__ import annotations

from collections.abc import Collection

from app.domain.symbols import Symbol

_MOST_ITEMS = 10_000
_LONGEST_TEXT = 500


def decoded_symbols(answer: object, last_line: int) -> tuple[Symbol, ...]:
    """Raises ValueError for what is no outline of a text with this many lines."""
    symbols = []
    for item in _items(answer):
        match item:
            case [str(name), str(kind), int(start), int(end)] if name and kind:
                _check_texts(name, kind)
                _check_lines(1, start, end, last_line)
                symbols.append(Symbol(name, kind, start, end))
            case _:
                raise ValueError("no symbol")
    return tuple(symbols)


def decoded_lines(answer: object, last_line: int) -> tuple[int, ...]:
    """Raises ValueError for what are no lines of such a text."""
    lines = []
    for item in _items(answer):
        match item:
            case int(line):
                _check_lines(1, line, last_line)
                lines.append(line)
            case _:
                raise ValueError("no line")
    return tuple(lines)


def decoded_matches(answer: object, last_line: int, rule_ids: Collection[str]) -> tuple[tuple[str, int], ...]:
    """Raises ValueError for what are no matches of these rules in such a text."""
    matches = []
    for item in _items(answer):
        match item:
            case [str(rule_id), int(line)] if rule_id in rule_ids:
                _check_lines(1, line, last_line)
                matches.append((rule_id, line))
            case _:
                raise ValueError("no match")
    return tuple(matches)


def _items(answer: object) -> list[object]:
    if not isinstance(answer, list) or len(answer) > _MOST_ITEMS:
        raise ValueError("no list, or too long a one")
    return answer


def _check_texts(*texts: str) -> None:
    if any(len(text) > _LONGEST_TEXT or not text.isprintable() for text in texts):
        raise ValueError("a name that is too long or does not print")


def _check_lines(*lines: int) -> None:
    """In this order, from the first line to the last."""
    if list(lines) != sorted(lines) or any(isinstance(line, bool) for line in lines):
        raise ValueError("lines that are not there")
