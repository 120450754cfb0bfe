"""How long a failed job waits for its next attempt."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BackOff:
    """Waits of base, 2 x base, 4 x base ... seconds between attempts, at most `ceiling_seconds`."""

    base_seconds: float = 5.0
    ceiling_seconds: float = 600.0

    def seconds(self, attempts: int) -> float:
        return min(self.base_seconds * 2.0 ** min(attempts - 1, 30), self.ceiling_seconds)
