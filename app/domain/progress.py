"""How far a review is, for whoever waits for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """Passes of the model and files covered so far, of how many; `usd` is None when no price is known."""

    passes_done: int
    passes: int
    files_done: int
    files: int
    usd: float | None = None
