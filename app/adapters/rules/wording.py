"""How messages about other people's files quote them: little, and safe to print anywhere."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

MAX_QUOTED_CHARACTERS = 40


def quoted(text: str) -> str:
    """A short beginning of the text in quotes, in ASCII, with everything unusual escaped."""
    shown = ascii(text[:MAX_QUOTED_CHARACTERS]).replace("`", "\\x60")
    return f"{shown}..." if len(text) > MAX_QUOTED_CHARACTERS else shown


def instead_of(word: str, known: Iterable[str]) -> str:
    """What to write in place of an unknown word: the nearest known one, or all of them."""
    choices = {choice.lower(): choice for choice in known}
    near = get_close_matches(word[:MAX_QUOTED_CHARACTERS].lower(), choices, n=1, cutoff=0.6)
    return f"did you mean {choices[near[0]]!r}?" if near else f"use {one_of(choices.values())}"


def one_of(words: Iterable[str]) -> str:
    """As in `a, b or c`."""
    return _joined(words, "or")


def listed(words: Iterable[str]) -> str:
    """As in `a, b and c`."""
    return _joined(words, "and")


def _joined(words: Iterable[str], link: str) -> str:
    *rest, last = words
    return f"{', '.join(rest)} {link} {last}" if rest else last
