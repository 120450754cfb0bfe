"""Finds secrets in text and takes them out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.static_checks.secret_kinds import SECRET_KINDS, SecretKind

_WORD = re.compile(r"[A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class FoundSecret:
    """Where a secret stands, in characters from 0, the end excluded. What it is stays unsaid."""

    start: int
    end: int
    kind: SecretKind


def find_secrets(text: str) -> tuple[FoundSecret, ...]:
    """Secrets in order, without overlaps: overlapping ones become one, named after the kind listed first."""
    found: list[FoundSecret] = []
    for secret in sorted(_candidates(text), key=lambda s: (s.start, s.end)):
        if found and secret.start < found[-1].end:
            earlier = found.pop()
            kind = min(earlier.kind, secret.kind, key=SECRET_KINDS.index)
            secret = FoundSecret(earlier.start, max(earlier.end, secret.end), kind)  # noqa: PLW2901
        found.append(secret)
    return tuple(found)


def redact_secrets(text: str, *, keep_lines: bool = False) -> str:
    """Text with `[secret: <kind>]` in place of each secret and of the word characters that touch it.

    Taking the touching characters too keeps a second call from seeing what stood in the shadow of the first. With
    `keep_lines` each line of a secret has its own placeholder, so that the lines after it keep their numbers.
    """
    parts: list[str] = []
    end = 0
    for secret in find_secrets(text):
        start = max(secret.start, end)
        while start > end and _WORD.fullmatch(text[start - 1]):
            start -= 1
        lines = 1 + (text.count("\n", start, secret.end) if keep_lines else 0)
        parts += (text[end:start], "\n".join([f"[secret: {secret.kind.name}]"] * lines))
        end = max(secret.end, end)
        run = _WORD.match(text, end)
        end = run.end() if run else end
    return "".join((*parts, text[end:]))


def _candidates(text: str) -> Iterator[FoundSecret]:
    for kind in SECRET_KINDS:
        group = "value" if "value" in kind.pattern.groupindex else 0
        for match in _matches(kind, text):
            if kind.plausible(match):
                yield FoundSecret(*match.span(group), kind)


def _matches(kind: SecretKind, text: str) -> Iterator[re.Match[str]]:
    """Tries the pattern only where one of its literal beginnings stands: looking for those is nearly free."""
    if not kind.starts:
        yield from kind.pattern.finditer(text)
    for literal in kind.starts:
        position = text.find(literal)
        while position >= 0:
            match = kind.pattern.match(text, position)
            if match:
                yield match
            position = text.find(literal, match.end() if match else position + 1)
