"""Cutting text to a limit without cutting a construct: the source is cut, then rendered."""

from __future__ import annotations

from collections.abc import Callable

ELLIPSIS = "…"


def fitted(render: Callable[[str], str], text: str, limit: int) -> str:
    """`render(text)`, or that of a beginning of it and an ellipsis; at most `limit` characters, if need be none.

    Each try is a tenth shorter than the last at least, so that all of them together cost as much as ten.
    """
    if len(text) <= limit and len(whole := render(text)) <= limit:
        return whole
    length = min(len(text), limit)
    while length >= 0:
        rendered = render(text[:length].rstrip() + ELLIPSIS)
        if len(rendered) <= limit:
            return rendered
        length = min(length * limit // len(rendered), length * 9 // 10) if length else -1
    return ""
