"""Untrusted text made inert: everything on GitHub that a model or a pull request wrote passes through here.

Escapes alone are not enough: GitHub looks for mentions, issue references, commit ids, emoji and math in the
*rendered* text, after backslashes are gone. So whatever it might bring to life stands in a code span, where it looks
for nothing; the rest is escaped. `limit` counts the characters of the result, and no cut leaves a construct open.

Keep a space between two results: `inline("#") + inline("1")` would be a reference again.
"""

from __future__ import annotations

from app.domain.inert.code import Inert, cell_code, code_span, fence, link, suggestion
from app.domain.inert.marks import cell_phrase, phrase
from app.domain.inert.prose import block
from app.domain.inert.words import cell, inline

__all__ = [
    "Inert",
    "block",
    "cell",
    "cell_code",
    "cell_phrase",
    "code_span",
    "fence",
    "inline",
    "link",
    "phrase",
    "suggestion",
]
