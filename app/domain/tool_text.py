"""Text of tools as a model reads it: without secrets, nothing hidden, of bounded length, and marked as data."""

from __future__ import annotations

from app.domain.shown import data_mark


def marked(text: str) -> str:
    """The text between marks that it cannot close early."""
    mark = data_mark(text)
    return f"<<<{mark}\n{text}\n{mark}>>>"


def cut_middle(text: str, most: int) -> str:
    """At most about `most` characters: the beginning and the end, and between them a note of how many are missing."""
    if len(text) <= most:
        return text
    head, tail = (most + 1) // 2, most // 2
    return f"{text[:head]}\n[... {len(text) - head - tail:,} characters left out ...]\n{text[len(text) - tail :]}"
