"""Text of a change as a model may see it: secrets replaced, hidden characters visible."""

from __future__ import annotations

from app.domain.entries import display_path
from app.domain.static_checks import redact_secrets
from app.domain.visible import visible


def shown(text: str) -> str:
    """Doing it twice changes nothing more."""
    return visible(redact_secrets(text))


def shown_path(path: str) -> str:
    """The path as a prompt shows it, which is what an answer repeats."""
    return shown(display_path(path))
