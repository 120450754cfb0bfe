"""What a parser says of a file: the named things in it and the lines they stand on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Symbol:
    """A function, class, method or the like. `name` is qualified by what is around it: `Cart.total`.

    Lines count from 1, both ends included.
    """

    name: str
    kind: str
    """The language's own word in small letters: `function`, `class`, `method`, `interface`, ..."""
    start_line: int
    end_line: int


def enclosing(symbols: tuple[Symbol, ...], line: int) -> Symbol | None:
    """The innermost symbol around a line, or None at the top of the file."""
    around = [symbol for symbol in symbols if symbol.start_line <= line <= symbol.end_line]
    return min(around, key=lambda symbol: (symbol.end_line - symbol.start_line, -symbol.start_line), default=None)
