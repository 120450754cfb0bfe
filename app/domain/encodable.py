"""JSON values that every parser takes: JSON can escape half of a surrogate pair, which no UTF-8 text can hold."""

from __future__ import annotations

from typing import Any


def encodable_text(text: str) -> str:
    """The text with each half character (lone surrogate) replaced."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def encodable(value: Any) -> Any:
    """The same value with half characters (lone surrogates) replaced: a strict parser would refuse the whole document
    for one that a model wrote.
    """
    match value:
        case str():
            return encodable_text(value)
        case list():
            return [encodable(item) for item in value]
        case dict():
            return {encodable(key): encodable(item) for key, item in value.items()}
        case _:
            return value
