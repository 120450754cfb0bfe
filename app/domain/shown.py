"""Text of a change as a model may see it: secrets replaced, hidden characters visible."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from app.domain.entries import display_path
from app.domain.static_checks import redact_secrets
from app.domain.visible import visible


def data_mark(data: str) -> str:
    """The word of the marks around data, which it cannot close early: to contain it, it would have to contain its own
    hash.
    """
    return "DATA-" + hashlib.sha256(data.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def shown(text: str) -> str:
    """Doing it twice changes nothing more."""
    return visible(redact_secrets(text))


def shown_path(path: str) -> str:
    """The path as a prompt shows it, which is what an answer repeats."""
    return shown(display_path(path))


def real_paths(paths: Iterable[str]) -> Mapping[str, str]:
    """The path behind each name as a prompt shows it. A name that two paths share is nobody's."""
    found: dict[str, str] = {}
    shared: set[str] = set()
    for path in paths:
        name = shown_path(path)
        if found.setdefault(name, path) != path:
            shared.add(name)
    return {name: path for name, path in found.items() if name not in shared}
