"""JSON values that every parser takes."""

from __future__ import annotations

from typing import Any


def encodable(value: Any) -> Any:
    """The same value with half characters (lone surrogates) replaced: a strict parser would refuse the whole document
    for one that a model wrote.
    """
    match value:
        case str():
            return value.encode("utf-8", "replace").decode() if not value.isascii() else value
        case list():
            return [encodable(item) for item in value]
        case dict():
            return {encodable(key): encodable(item) for key, item in value.items()}
        case _:
            return value
