"""Regular expressions of rules, compiled with RE2: linear time, whatever the pattern and the line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import re2

from app.adapters.rules.wording import quoted

MAX_CHARACTERS = 500
MAX_BYTES_OF_MEMORY = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Re2Pattern:
    """`text` is the pattern as written."""

    text: str
    _compiled: Any = field(repr=False, compare=False)  # re2 has no types

    @staticmethod
    def parse(text: str) -> Re2Pattern:
        """Raises ValueError with the reason, fit for the author of the pattern."""
        options = re2.Options()
        options.log_errors = False
        options.max_mem = MAX_BYTES_OF_MEMORY
        try:
            compiled = re2.compile(text, options)
        except re2.error as error:
            reason = error.args[0] if error.args else ""
            detail = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
            raise ValueError(
                f"RE2 does not take this pattern ({quoted(detail)}); it has no look-around and no back-references"
            ) from None
        if compiled.search(b""):
            raise ValueError("the pattern fits an empty line; make it ask for something")
        return Re2Pattern(text, compiled)

    @staticmethod
    def any_of(texts: Sequence[str]) -> Re2Pattern:
        """What fits any of the patterns, each of which `parse` took."""
        return Re2Pattern.parse("|".join(f"(?:{text})" for text in texts))

    def found_in(self, text: str) -> bool:
        return self._compiled.search(text.encode("utf-8", "replace")) is not None
