"""Whether a repair made nothing worse: the same commands before and after, compared by more than their exit status.

All of it was printed by the pull request's own code, which says what it likes: it can only speak against a repair.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.domain.fix.counts import Counts
from app.domain.messages.counting import counted as number_of

REPORTED = "as reported by the pull request's own code"
_NOT_EXECUTABLE, _NOT_FOUND = 126, 127
_NAMED = 5
_BY_STATUS = "it failed before the repair and passes now, of which only its exit status tells: no tests were counted"
_INNER = re.compile(r"^g?make(?:\[\d{1,4}\])?: \*\*\* .{0,400} Error 12[67]$", re.MULTILINE)

_NOT_LOADED = re.compile(
    r"_FailedTest\b|Failed to import test module|errors? during collection|Test suite failed to run|could not compile"
    r"|\[build failed\]|errors? occurred outside of examples"
)
"""What test runners say of a file of tests that they could not load, and count as one test that failed."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One verification command as it ran once."""

    command: str
    status: int | None
    """None where a signal ended it."""
    limit: str | None
    """The limit that it reached, in words."""
    counts: Counts | None
    """None where nothing is known of its tests."""
    output: str
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether its exit status says that all is well."""
        return self.status == 0 and self.limit is None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the second run says beside the first."""

    accepted: bool
    """Whether nothing speaks against the repair. Of what was red before, `reasons` may have a word all the same."""
    reasons: tuple[str, ...]
    """For people: what speaks against it, then what is not as one would wish."""
    fixed: tuple[str, ...]
    """Names of tests that failed before and do not now, sorted; only where all names of failures are known."""


def compare(before: Sequence[Ran], after: Sequence[Ran]) -> Comparison:
    """Compare runs of the same commands in the same order; ValueError where they are not."""
    if [one.command for one in before] != [one.command for one in after]:
        raise ValueError("the commands after are not those before: run the same ones in the same order")
    pairs = tuple(zip(before, after, strict=True))
    against = tuple(f"{now.command}: {reason}, {REPORTED}" for was, now in pairs for reason in _against(was, now))
    red = tuple(
        f"{now.command}: {_was_red(was, now)}, {REPORTED}" for was, now in pairs if not (was.passed or now.passed)
    )
    told = tuple(f"{now.command}: {_BY_STATUS}" for was, now in pairs if _by_status_alone(was, now))
    fixed = {name for was, now in pairs for name in _fixed(was.counts, now.counts)}
    return Comparison(not against, against + red + told, tuple(sorted(fixed)))


def fails_without(after: Sequence[Ran], alone: Sequence[Ran]) -> bool | None:
    """Whether tests of a repair that run `alone`, without it, fail there as tests: no fewer of them run than with it,
    and some fail. None where they cannot be told from tests that could not even be loaded. Of the same commands in the
    same order.
    """
    failed = [
        (now.counts, one.counts, one.output)
        for now, one in zip(after, alone, strict=True)
        if not one.passed or (one.counts is not None and one.counts.failed)
    ]
    if not failed:
        return False
    shown = any(
        now is not None
        and one is not None
        and now.source is one.source
        and one.failed
        and one.executed >= now.executed
        and not any(_NOT_LOADED.search(text) for text in (output, *one.failing))
        for now, one, output in failed
    )
    return True if shown else None


def impossible(before: Sequence[Ran]) -> str | None:
    """Why these commands cannot tell anything of a repair, whatever it does; None where they can."""
    if not before:
        return "there is no command to verify with"
    for ran in before:
        if ran.limit is not None:
            return f"{ran.command}: it reached a limit before anything was changed: {ran.limit}"
        if ran.status == _NOT_FOUND:
            return f"{ran.command}: the sandbox has no such command (exit status 127)"
        if ran.status == _NOT_EXECUTABLE:
            return f"{ran.command}: this cannot be executed in the sandbox (exit status 126)"
        if not ran.passed and ran.counts is None and _INNER.search(ran.output):
            return f"{ran.command}: a command that it starts cannot be found or executed in the sandbox"
    return None


def _against(was: Ran, now: Ran) -> Iterator[str]:
    if now.limit is not None:
        yield f"it reached a limit: {now.limit}"
    elif was.passed and not now.passed:
        yield f"it passed before and now ends with {_end(now)}"
    if now.counts is not None:
        yield from _contradictions(now, now.counts)
    if was.counts is not None and now.counts is None:
        yield f"its tests were counted before ({_words(was.counts)}) and now nothing tells of them"
    elif was.counts is not None and now.counts is not None:
        yield from _worse(was.counts, now.counts)


def _contradictions(now: Ran, counts: Counts) -> Iterator[str]:
    if now.passed and counts.failed:
        yield f"exit status 0 although {number_of(counts.failed, 'test')} failed ({counts.source}): treated as failed"
    elif not now.passed and not counts.failed and now.limit is None:
        yield f"it ends with {_end(now)} although no test failed ({counts.source}): treated as failed"


def _worse(was: Counts, now: Counts) -> Iterator[str]:
    if was.source is not now.source:
        yield f"its tests were counted from the {was.source} before and from the {now.source} now, which says nothing"
        return
    lost = was.executed - now.executed
    if lost > 0 and now.skipped - was.skipped >= lost:
        yield f"{number_of(lost, 'test')} ran before and {'is' if lost == 1 else 'are'} skipped now"
    elif lost > 0:
        yield f"{was.executed} tests ran before and {now.executed} now"
    if now.skipped > was.skipped and lost <= 0:
        were = "was" if was.skipped == 1 else "were"
        yield f"{number_of(was.skipped, 'test')} {were} skipped before and {now.skipped} now"
    if was.collected is not None and now.collected is not None and now.collected < was.collected:
        yield f"{was.collected} tests were found before and {now.collected} now"
    new = sorted(set(now.failing) - set(was.failing)) if _named(was) else []
    if now.failed and new:
        yield f"{_listed(new)} failed now and did not before"
    elif now.failed > was.failed:
        yield f"{number_of(was.failed, 'test')} failed before and {now.failed} now"


def _by_status_alone(was: Ran, now: Ran) -> bool:
    """Whether nothing but an exit status says that what was red is not any more."""
    return not was.passed and now.passed and (was.counts is None or now.counts is None)


def _was_red(was: Ran, now: Ran) -> str:
    if was.counts is None or now.counts is None:
        return f"it failed before the repair and still does ({_end(now)}), and which tests failed is not known"
    return f"it failed before the repair and still does: {_words(was.counts)} before, {_words(now.counts)} now"


def _fixed(was: Counts | None, now: Counts | None) -> set[str]:
    if was is None or now is None or was.source is not now.source or not _named(now):
        return set()
    return set(was.failing) - set(now.failing)


def _named(counts: Counts) -> bool:
    """Whether each failure has a name, so that a name that is missing did not fail."""
    return len(counts.failing) >= counts.failed


def _end(ran: Ran) -> str:
    if ran.limit is not None:
        return f"a limit reached: {ran.limit}"
    return "a signal" if ran.status is None else f"exit status {ran.status}"


def _words(counts: Counts) -> str:
    return f"{counts.executed} ran, {counts.failed} failed, {counts.skipped} skipped"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
