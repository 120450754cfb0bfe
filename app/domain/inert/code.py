"""Text that GitHub shows as code and finds nothing in: spans, fences, suggestions; and links of our own."""

from __future__ import annotations

import re
from itertools import count
from typing import NewType

from app.domain.inert.characters import is_plain, visible, visible_line
from app.domain.inert.limits import fitted

Inert = NewType("Inert", str)
"""One line of Markdown that this package made, so that it may stand inside other Markdown."""

_LANGUAGE = re.compile(r"[a-z0-9+#-]{1,20}")

# GitHub renders these fences as pictures, formulas or a button that commits.
_RENDERED = ("suggestion", "mermaid", "math", "geojson", "topojson", "stl")

_OUR_URL = re.compile(
    r"https?://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?(?:[/?#][A-Za-z0-9._~%/?#=&+,:@!-]*)?"
)


def code_span(text: str, *, limit: int) -> Inert:
    """One line as code; line ends and hidden characters are shown."""
    return Inert(fitted(span, visible_line(text[: limit + 1]), limit))


def cell_code(text: str, *, limit: int) -> Inert:
    """The same for a table cell: there, and only there, a pipe inside code needs a backslash."""
    return Inert(fitted(cell_span, visible_line(text[: limit + 1]), limit))


def span(text: str) -> str:
    """A code span of exactly this line."""
    runs = {len(run) for run in re.findall("`+", text)}
    ticks = "`" * next(length for length in count(1) if length not in runs)
    # The parser takes one space off both ends when both have one.
    padded = text.startswith(" ") and text.endswith(" ") and text.strip(" ")
    pad = " " if not text or padded or text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad if text else ''}{ticks}"


def cell_span(text: str) -> str:
    """A code span inside a table cell."""
    return span(text).replace("|", "\\|")


def fence(text: str, language: str = "", *, limit: int) -> str:
    """A code block of this text, its hidden characters shown. A language that GitHub would draw is left out."""
    # Two characters of a line end become one, so that twice the limit is enough to see whether there is more.
    return fitted(lambda code: fenced(code, language), visible(text[: 2 * limit + 2]), limit)


def fenced(text: str, language: str) -> str:
    """A code block of exactly this text."""
    known = _LANGUAGE.fullmatch(language) and not language.startswith(_RENDERED)
    return _fenced(text, language if known else "")


def suggestion(text: str) -> str:
    """A button that replaces the commented lines by exactly this text; an empty one deletes them.

    For text of verified patches only. Raises ValueError where a comment could not carry the text unchanged and
    in full view: carriage returns, hidden characters, our own markers.
    """
    if not is_plain(text):
        raise ValueError("a suggestion cannot carry this text unchanged; show it in a fence instead")
    return _fenced(text, "suggestion")


def _fenced(text: str, info: str) -> str:
    longest = max((len(run) for run in re.findall("`+|~+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    end = "" if not text or text.endswith("\n") else "\n"
    return f"{ticks}{info}\n{text}{end}{ticks}"


def link(label: Inert, url: str) -> Inert:
    """A link to a URL that we built. Raises ValueError for one with anything unusual in it."""
    if not label or not _OUR_URL.fullmatch(url):
        raise ValueError(f"not a link of ours: {url!r}")
    # With a caret in front it would read as a footnote.
    shown = "\\" + label if label.startswith("^") else label
    return Inert(f"[{shown}]({url})")
