"""How many examples a property is tried on: a few in every run, many where HYPOTHESIS_PROFILE=search looks for more."""

from __future__ import annotations

import os

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "steady")


def examples(steady: int, *, search: int) -> int:
    """For `max_examples`."""
    return search if PROFILE == "search" else steady
