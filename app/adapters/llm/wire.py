"""Reads JSON that any server may have sent: a wrong type is an absent value, never an exception."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.model import Usage

UNREPORTED = Usage(0, 0, 0, known=False)


def fields(value: object) -> Mapping[str, object]:
    """The value when it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def entries(value: object) -> list[object]:
    """The value when it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    """The value when it is text that can be encoded again, lone surrogates replaced; else nothing."""
    return clean(value) if isinstance(value, str) else ""


def clean(value: str) -> str:
    """The text without lone surrogates, which JSON can carry and UTF-8 cannot."""
    return value.encode("utf-8", "replace").decode("utf-8")


def usage(reported: Mapping[str, object], *, entered: str, cached: str, written: str) -> Usage:
    """Token counts by their names in one of the APIs; without both totals nothing is known."""
    total_in, total_out = _tokens(reported.get(entered)), _tokens(reported.get(written))
    if total_in is None or total_out is None:
        return UNREPORTED
    details = fields(reported.get(f"{entered}_details"))
    known_cached = _tokens(details.get(cached))
    if known_cached is None:
        # DeepSeek reports the same number under a name of its own.
        known_cached = _tokens(reported.get("prompt_cache_hit_tokens")) or 0
    return Usage(total_in, min(known_cached, total_in), total_out)


def _tokens(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
