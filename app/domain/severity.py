"""How bad a finding is."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """P0 is the worst. P0: data loss, security hole, outage. P1: wrong results in normal use. P2: wrong in a
    corner, or costly. P3: worth knowing.
    """

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"

    def at_least(self, other: Severity) -> bool:
        """Whether this is as bad as `other`, or worse."""
        return self.value <= other.value
