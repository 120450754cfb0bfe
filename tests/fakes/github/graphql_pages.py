"""Connections: GraphQL's pages, and the errors that a field may answer."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

MAX_PAGE: Final = 100
T = TypeVar("T")
# The fields of one object: values, or functions of the arguments.
Fields = dict[str, Any]


class Refusal(Exception):
    """An error that GitHub tells of one field, with its type."""

    def __init__(self, type: str, message: str) -> None:  # noqa: A002 - GitHub's word
        """Say what GitHub says."""
        super().__init__(message)
        self.type = type


class NotSimulated(Exception):
    """The schema has it, the stand-in does not: whoever asks for it must teach the stand-in first."""


def connection(items: Sequence[T], render: Callable[[T], Fields]) -> Callable[..., Fields]:
    def page(*, first: int | None = None, after: str | None = None, last: int | None = None, **other: Any) -> Fields:
        if last is not None and (first is not None or after is not None):
            raise NotSimulated("pages by last among others")
        if any(value is not None for value in other.values()):
            raise NotSimulated(f"pages by {', '.join(other)}")
        if last is not None:
            return connection(items[-last:], render)(first=last)
        if first is None:
            raise Refusal("MISSING_PAGINATION_BOUNDARIES", "You must provide a `first` or `last` value.")
        if not 0 <= first <= MAX_PAGE:
            raise Refusal(
                "EXCESSIVE_PAGINATION", f"Requesting {first} records exceeds the `first` limit of {MAX_PAGE}."
            )
        start = 0 if after is None else _index(after)
        shown = items[start : start + first]
        return {
            "totalCount": len(items),
            "nodes": [render(one) for one in shown],
            "pageInfo": {
                "hasNextPage": start + first < len(items),
                "hasPreviousPage": start > 0,
                "startCursor": _cursor(start + 1) if shown else None,
                "endCursor": _cursor(start + len(shown)) if shown else None,
            },
        }

    return page


def _cursor(index: int) -> str:
    return base64.b64encode(f"cursor:v2:{index}".encode()).decode()


def _index(cursor: str) -> int:
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix("cursor:v2:"))
    except (binascii.Error, ValueError):
        raise Refusal("INVALID_CURSOR_ARGUMENTS", f"`{cursor}` does not appear to be a valid cursor.") from None
