"""Tells a random secret from a placeholder, a name or a path that stands where a secret could."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

Plausible = Callable[[re.Match[str]], bool]
"""Whether a match is worth being called a secret."""

_PLACEHOLDER_IN_TOKEN = re.compile(
    r"example|sample|dummy|fake|placeholder|changeme|redacted|your|x{6}|0{8}|1234567890|abcdefghij",
    re.IGNORECASE,
)
_PLACEHOLDER_IN_VALUE = re.compile(
    r"example|sample|dummy|fake|placeholder|change.?me|your|todo|redacted|replace|insert|test|foo.?bar|lorem"
    r"|default|secret|p.ssw.|x{4}|\*{3}|\.{3}|0{6}|1234567|abcdefg|deadbeef|cafebabe",
    re.IGNORECASE,
)
_SAMPLE_CLAIMS = ".eyJzdWIiOiIxMjM0NTY3ODkw"  # {"sub":"1234567890: the token every introduction shows
_NOT_LITERAL = re.compile(r"[./#$%<{@~\[(]|.*(?:://|\$\{|\{\{|%\(|\$\(|\(\))")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SHORT_HEX = re.compile(r"[0-9a-f]{1,31}", re.IGNORECASE)  # a checksum or an id rather than a key
_CHUNK = re.compile(r"[A-Za-z0-9]+")
_CLASSES = tuple(re.compile(pattern) for pattern in ("[0-9]", "[a-z]", "[A-Z]", "[^A-Za-z0-9]"))
_DIGITS = 0
_LONGEST_SEARCHED_FOR_WORDS = 120

# Measured on random and on ordinary text. Bits a character: hex digits have up to 4.0, base 64 up to 6.0.
_KEY_BODY_CHARACTERS, _KEY_BODY_BITS = 48, 3.5
_TOKEN_BITS = 3.0
_RANDOM_CHARACTERS, _RANDOM_BITS = 16, 3.0
_CHUNK_CHARACTERS, _CHUNK_DISORDER = 8, 0.3
_PASSWORD_KINDS, _PASSWORD_BITS = 3, 2.75


def key_body(match: re.Match[str]) -> bool:
    """A private key's lines hold a key, not three dots or a row of x."""
    body = "".join(_CHUNK.findall(match["body"]))
    return len(body) >= _KEY_BODY_CHARACTERS and entropy(body) >= _KEY_BODY_BITS


def typed_token(match: re.Match[str]) -> bool:
    """The token's own form says what it is, so only samples are let go; long ones hold any word by chance."""
    token = _secret(match)
    sample = len(token) <= _LONGEST_SEARCHED_FOR_WORDS and _PLACEHOLDER_IN_TOKEN.search(token)
    return not sample and entropy(token) >= _TOKEN_BITS


def json_web_token(match: re.Match[str]) -> bool:
    return _SAMPLE_CLAIMS not in match[0]


def random_value(match: re.Match[str]) -> bool:
    """A value without a form of its own: letters and digits in the disorder that names do not have."""
    value = _secret(match)
    return (
        len(value) >= _RANDOM_CHARACTERS
        and not _innocent(value)
        and entropy(value) >= _RANDOM_BITS
        and any(_disorder(chunk) >= _CHUNK_DISORDER for chunk in _CHUNK.findall(value))
    )


def password(match: re.Match[str]) -> bool:
    """A value that a person may have made up as a password: three kinds of characters, digits among them."""
    value = _secret(match)
    kinds = [kind.search(value) is not None for kind in _CLASSES]
    varied = kinds[_DIGITS] and sum(kinds) >= _PASSWORD_KINDS and entropy(value) >= _PASSWORD_BITS
    return varied and not _innocent(value)


def password_or_random(match: re.Match[str]) -> bool:
    return password(match) or random_value(match)


def entropy(text: str) -> float:
    """Shannon's, in bits a character."""
    total = len(text)
    return -sum(n / total * math.log2(n / total) for n in Counter(text).values())


def _secret(match: re.Match[str]) -> str:
    return match["value"] if "value" in match.re.groupindex else match[0]


def _innocent(value: str) -> bool:
    return bool(
        not value.isascii()
        or _PLACEHOLDER_IN_VALUE.search(value)
        or _NOT_LITERAL.match(value)
        or _UUID.fullmatch(value)
        or _SHORT_HEX.fullmatch(value)
    )


def _disorder(chunk: str) -> float:
    """How often neighbours are of different kinds: 0.6 in random base 62, 0.45 in hex, 0.2 in camelCase.

    Nothing can be said of short chunks, and words without a digit are names, so those count as ordered.
    """
    if len(chunk) < _CHUNK_CHARACTERS or chunk.isalpha():
        return 0.0
    kinds = [(c.isdigit(), c.isupper()) for c in chunk]
    return sum(a != b for a, b in pairwise(kinds)) / (len(kinds) - 1)
