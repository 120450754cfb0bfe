"""Canonical JSON: one value has exactly one spelling, so that it can be signed and hashed.

A subset of RFC 8785 (JSON Canonicalization Scheme): UTF-8, no white space, keys in order, the shortest escapes. Numbers
are whole, so that none of its rules for fractions is needed. Keys are ASCII, so that every order of code units is the
same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass

from app.domain.encodable import encodable_text

MAX_INTEGER = 2**53 - 1
"""What every reader of JSON takes for exactly this number (RFC 7493, section 2.2)."""


def canonical_json(value: object) -> bytes:
    """Of strings, whole numbers, booleans, None, lists, tuples and mappings. ValueError for everything else: numbers
    with a fraction, large ones, keys that are not ASCII text, and text with half characters (lone surrogates).
    """
    text = json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8")  # half characters are a ValueError here


def digest(value: object) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def text_digest(text: str) -> str:
    """SHA-256 of a text as UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def settled(value: object) -> object:
    """Dataclasses as objects, sets as lists in the order of their items' JSON, and numbers with a fraction as text, so
    that whatever a policy holds has canonical JSON.
    """
    if is_dataclass(value):
        return {field.name: settled(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): settled(item) for key, item in value.items()}
    if isinstance(value, AbstractSet):
        return sorted((settled(item) for item in value), key=canonical_json)
    if isinstance(value, list | tuple):
        return [settled(item) for item in value]
    if isinstance(value, str):
        return encodable_text(value)
    return repr(value) if isinstance(value, float) else value


def _plain(value: object) -> object:
    match value:
        case str() | None | bool():
            return value
        case int() if abs(value) <= MAX_INTEGER:
            return value
        case list() | tuple():
            return [_plain(item) for item in value]
        case Mapping():
            return {_key(key): _plain(item) for key, item in value.items()}
    raise ValueError(f"{str(value)[:40]!r} ({type(value).__name__}) has no canonical JSON")


def _key(key: object) -> str:
    if isinstance(key, str) and key.isascii():
        return key
    raise ValueError(f"the key {str(key)[:40]!r} is not ASCII text")
