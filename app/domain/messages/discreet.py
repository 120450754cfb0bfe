"""Untrusted text made inert, without secrets of a known form: what programs, paths and models tell may carry one.

They are looked for before anything is escaped or cut: no pattern knows an escaped secret, or the half of one.
"""

from __future__ import annotations

from app.domain import inert
from app.domain.static_checks import redact_secrets


def cell(text: str, *, limit: int) -> inert.Inert:
    return inert.cell(redact_secrets(text), limit=limit)


def cell_code(text: str, *, limit: int) -> inert.Inert:
    return inert.cell_code(redact_secrets(text), limit=limit)


def code_span(text: str, *, limit: int) -> inert.Inert:
    return inert.code_span(redact_secrets(text), limit=limit)


def inline(text: str, *, limit: int) -> inert.Inert:
    return inert.inline(redact_secrets(text), limit=limit)


def phrase(text: str, *, limit: int) -> inert.Inert:
    return inert.phrase(redact_secrets(text), limit=limit)


def fenced_end(text: str, *, limit: int) -> str:
    """The last characters, in a fence."""
    return inert.fence(redact_secrets(text, keep_lines=True)[-limit:], limit=limit)
