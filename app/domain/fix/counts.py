"""How many tests a command ran, as its own output tells: a report of the pull request's code, and no more than that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.domain.shown import shown

MAX_NAMES = 200
_MAX_NAME = 300
_MAX_LOOKED_AT = 10 * _MAX_NAME
"""Secrets are looked for before a name is cut."""


class Source(StrEnum):
    """What was read. Counts of two sources are not comparable."""

    JUNIT = "JUnit report"
    TAP = "TAP output"
    RUNNER = "summary of the test runner"


@dataclass(frozen=True, slots=True)
class Counts:
    """What one command reported. `failed` may be above `executed`: what cannot be loaded fails without being run."""

    collected: int | None
    """None where the runner does not say."""
    executed: int
    """Tests whose outcome counted."""
    failed: int
    """Failures and errors together."""
    skipped: int
    """Not run, or run with a failure that does not count (expected failures, to-dos)."""
    failing: tuple[str, ...]
    """Names of what failed, sorted, each once, at most `MAX_NAMES`; fewer than `failed` where some are not known."""
    source: Source


def counted(
    source: Source,
    *,
    executed: int,
    failed: int,
    skipped: int,
    collected: int | None = None,
    failing: Iterable[str] = (),
) -> Counts:
    """Counts with names cleaned, bounded and sorted; what is below nothing is nothing. No name has a secret of a known
    form: names go where people read.
    """
    names = {name for one in failing if (name := " ".join(shown(one[:_MAX_LOOKED_AT]).split())[:_MAX_NAME])}
    return Counts(
        collected=collected,
        executed=max(executed, 0),
        failed=max(failed, 0),
        skipped=max(skipped, 0),
        failing=tuple(sorted(names)[:MAX_NAMES]),
        source=source,
    )
