"""Where a finding stands in the code, in terms that survive moved lines."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Anchor:
    """A line by what is in and around it: lines are compared with their white space folded."""

    symbol: str
    """The qualified name of the function or class around it; empty at the top of a file or without a parser."""
    text: str
    ordinal: int
    """Which of the equal lines within the symbol it is, from 0."""
    before: tuple[str, ...]
    """Up to three lines above, nearest first; blank ones are left out."""
    after: tuple[str, ...]
