"""One line of untrusted prose: each word is escaped or, where GitHub could bring it to life, becomes code."""

from __future__ import annotations

import re
from collections.abc import Callable

from app.domain.inert.characters import disarmed, one_line
from app.domain.inert.code import Inert, cell_span, span
from app.domain.inert.limits import fitted

Span = Callable[[str], str]

# Every alternative is found in linear time: no repetition can start inside itself.
_LIVE = re.compile(
    r"""
    .@ | @.                                                        # mentions, teams, e-mail, user@sha
    | \$ | \\                                                      # math; and escapes need no second layer
    | <[a-z/!?]                                                    # HTML
    | :// | www\. | \b(?:data|javascript|vbscript):. | (?:mailto|xmpp):.  # addresses
    | [a-z0-9]\.[a-z]{2,63}[/:?]                                   # hosts, which mail programs link
    | \#\d | \bgh-\d | \b(?:ghsa|cve)-\w                           # references
    | (?<![a-z0-9])[0-9a-f]{7,64}(?![a-z0-9])                      # commits
    | :[\w+-]+:                                                    # emoji
    """,
    re.VERBOSE | re.IGNORECASE,
)
# What may stand around a word without being part of it.
BEFORE = "([{\"'“‘"
AFTER = ")]}\"'”’.,;:!?…"
_SPECIAL = str.maketrans({character: "\\" + character for character in "\\`*_[]<~&|"})
_ORDERED = re.compile(r"([0-9]{1,9})([.)])")


def inline(text: str, *, limit: int) -> Inert:
    """Any text as one inert line that reads like the original."""
    return Inert(fitted(line, one_line(text), limit))


def cell(text: str, *, limit: int) -> Inert:
    """The same for a table cell."""
    return Inert(fitted(_cell_line, one_line(text), limit))


def line(text: str) -> str:
    """A line of single-spaced words, safe also where a block could start."""
    return " ".join(word(single, first=not number) for number, single in enumerate(text.split(" ")))


def _cell_line(text: str) -> str:
    return " ".join(word(single, first=False, as_code=cell_span) for single in text.split(" "))


def word(text: str, *, first: bool, as_code: Span = span) -> str:
    """One word; `first` says that it may stand at the start of a line."""
    if _LIVE.search(text) or (first and text.startswith("/")):
        return _code_word(text, as_code)
    escaped = text.translate(_SPECIAL)
    if not first:
        return escaped
    if ordered := _ORDERED.fullmatch(text):
        return f"{ordered[1]}\\{ordered[2]}"
    # Headings, quotes, lists, underlines of headings and table rules.
    return "\\" + escaped if text.startswith(("#", ">", "-", "+", "=", ":")) else escaped


def _code_word(text: str, as_code: Span) -> str:
    """Brackets and stops around the word stay outside of the code, for the reader's sake."""
    text = disarmed(text)
    start = len(text) - len(text.lstrip(BEFORE))
    end = len(text.rstrip(AFTER))
    live = text[start:end]
    if any(live.count(left) != live.count(right) for left, right in ("()", "[]", "{}")):
        return as_code(text)
    return text[:start].translate(_SPECIAL) + as_code(live) + text[end:].translate(_SPECIAL)
