"""The plain text with which a comment begins, if it begins with plain text. Source: GitHub Flavored Markdown Spec."""

from __future__ import annotations

from markdown_it import MarkdownIt

MAX_BODY = 64 * 1024
"""Of characters; GitHub takes no longer comment."""

MAX_PARAGRAPH = 4 * 1024
"""What is longer is no command."""

_PLAIN = frozenset(("text", "softbreak", "hardbreak"))


class FirstParagraph:
    """Implements ports.FirstParagraph."""

    def __init__(self) -> None:
        self._parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])

    def __call__(self, body: str) -> str | None:
        """The source of the first block, when that is a top-level paragraph of plain text alone; else None.

        The source, and not what it is rendered to: an escape or an entity is no letter of a command. What begins with
        an `@` ends with the first empty line, so that only that much is parsed; and what begins otherwise, with a
        comment or a definition that nobody sees, say, is no command of ours.
        """
        if len(body) > MAX_BODY:
            return None
        text = _to_the_first_empty_line(body)
        if not text.lstrip(" \t\n").startswith("@") or len(text) > MAX_PARAGRAPH:
            return None
        first, *rest = self._parser.parse(text)
        if first.type != "paragraph_open" or any(child.type not in _PLAIN for child in rest[0].children or ()):
            return None
        return rest[0].content


def _to_the_first_empty_line(body: str) -> str:
    """Leading empty lines left out: they belong to no block."""
    lines = body.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    begin = next((number for number, line in enumerate(lines) if line.strip(" \t")), len(lines))
    end = next((n for n, line in enumerate(lines[begin:], begin) if not line.strip(" \t")), len(lines))
    return "\n".join(lines[begin:end])
