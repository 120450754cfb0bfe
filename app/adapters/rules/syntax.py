"""Runs structural patterns in this process, where ast-grep is installed: on rules when they are read, on examples.

The rules and their examples come from the operator or from a base commit. Files of a pull request are not parsed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from app.domain.rules import StructuralPattern

_MAX_REASON_LINES = 12


def installed() -> bool:
    """Whether the extra `structural` is."""
    return find_spec("ast_grep_py") is not None


def refusal(pattern: StructuralPattern) -> str:
    """Why ast-grep does not take the pattern; empty if it does, or is not installed to say so."""
    try:
        lines_of(pattern, "")
    except ValueError as error:
        return str(error)
    return ""


def lines_of(pattern: StructuralPattern, text: str) -> tuple[int, ...] | None:
    """The lines on which nodes that fit begin, from 1; None without ast-grep. Raises ValueError for a wrong pattern."""
    if not installed():
        return None
    (lines,) = lines_of_each((pattern,), text)
    return lines


def lines_of_each(patterns: Sequence[StructuralPattern], text: str) -> tuple[tuple[int, ...], ...]:
    """The same for several patterns, with ast-grep installed: a text is parsed once for each grammar."""
    from ast_grep_py import SgNode, SgRoot  # noqa: PLC0415 - an optional extra, and large

    roots: dict[str, SgNode] = {}
    found = []
    for pattern in patterns:
        config: Any = {"rule": pattern.rule}  # its TypedDict cannot be told from a mapping that was checked by hand
        try:
            if pattern.language not in roots:
                roots[pattern.language] = SgRoot(text, pattern.language).root()
            nodes = roots[pattern.language].find_all(config)
        except RuntimeError as error:
            raise ValueError(_reason(str(error))) from None
        found.append(tuple(sorted({node.range().start.line + 1 for node in nodes})))
    return tuple(found)


def _reason(message: str) -> str:
    """The last cause, without the stack."""
    causes = message.partition("Stack backtrace:")[0].strip().splitlines()[:_MAX_REASON_LINES]
    return causes[-1].strip().lstrip("0123456789: ") if causes else "no reason given"
