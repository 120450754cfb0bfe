"""Text as lines, counted as git and GitHub count them."""

from __future__ import annotations


def split_lines(text: str) -> tuple[str, ...]:
    """Lines end in a line feed and nothing else, as in diffs. What follows the last one is a line if there is any."""
    lines = text.split("\n")
    return tuple(lines[:-1] if lines[-1] == "" else lines)
