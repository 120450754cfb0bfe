"""GitHub's Markdown as a terminal shows it: no markup, no line longer than the window."""

from __future__ import annotations

import html
import re
import shutil
import textwrap
from collections.abc import Iterator

_MOST, _LEAST = 100, 40
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_SUMMARY = re.compile(r"<details>\s*<summary>(.*?)</summary>", re.DOTALL)
_TAG = re.compile(r"</?[a-z]+>")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_RULER = re.compile(r"^\|( *:?-+:? *\|)+$")


def width() -> int:
    """Columns to write in: those of the window, but never so many that lines are hard to read."""
    return max(_LEAST, min(shutil.get_terminal_size((80, 24)).columns, _MOST))


def plain(markdown: str, columns: int) -> str:
    """Code keeps its lines; everything else is wrapped. Runs of empty lines become one."""
    text = _SUMMARY.sub(r"\n> \1\n", _COMMENT.sub("", markdown))
    lines = "\n".join(_lines(text, columns))
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n")


def _lines(text: str, columns: int) -> Iterator[str]:
    code = False
    for line in text.split("\n"):
        if line.startswith("```"):
            code = not code
            yield f"    ({line.removeprefix('```')})" if code and line != "```" else ""
        elif code:
            yield f"    {line}"
        elif line.startswith("|"):
            if not _RULER.match(line):
                yield from _wrapped(_row(line), columns, "      ")
        else:
            yield from _wrapped(_words(line), columns, "")


def _row(line: str) -> str:
    cells = [_words(cell).strip() for cell in line.strip("|").split(" | ")]
    return "  " + "  |  ".join(cell for cell in cells if cell)


def _words(text: str) -> str:
    """Without tags and emphasis, which mean nothing in a terminal."""
    return html.unescape(_TAG.sub(" ", _LINK.sub(r"\1", text))).replace("**", "").replace("`", "").replace("\xa0", " ")


def _wrapped(text: str, columns: int, indent: str) -> Iterator[str]:
    wrap = textwrap.TextWrapper(
        columns, subsequent_indent=indent, break_long_words=True, break_on_hyphens=False, drop_whitespace=True
    )
    yield from wrap.wrap(text.rstrip()) or [""]
