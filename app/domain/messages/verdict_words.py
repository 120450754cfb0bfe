"""The verdict in words: its headline, what stands behind it, and what happens next."""

from __future__ import annotations

from typing import assert_never

from app.domain.inert import phrase
from app.domain.messages.counting import at_utc, counted
from app.domain.report import Report
from app.domain.verdict import Blocked, Incomplete, NeedsHuman, Passed, Verdict

BLOCKS = "⛔"
"""Stands at what blocks."""


def headline(verdict: Verdict) -> str:
    """The verdict in one line of plain text, which may hold words of others."""
    match verdict:
        case Passed():
            return "Passed: every changed file was covered, nothing blocks"
        case Blocked(findings):
            return f"Blocked by {counted(len(findings), 'finding')}"
        case NeedsHuman(requirements):
            return f"Needs a person: {counted(len(requirements), 'thing')} to settle"
        case Incomplete(reason):
            return f"Not fully reviewed: {reason}"
    assert_never(verdict)


def reasons(verdict: Verdict) -> tuple[str, ...]:
    """What stands behind the headline, as inert lines."""
    match verdict:
        case NeedsHuman(requirements):
            return tuple(phrase(r, limit=400) for r in requirements)
        case Incomplete(reason):
            return (phrase(reason, limit=400),)
        case Passed() | Blocked():
            return ()
    assert_never(verdict)


def next_step(report: Report) -> str:
    """One inert sentence or two: what happens next and when, or who has to do what. Empty after a pass."""
    match report.verdict:
        case Passed():
            return ""
        case Blocked():
            return f"{BLOCKS} blocks until it is fixed or dismissed. The next push is reviewed by itself."
        case NeedsHuman():
            return "Until then this check stays as it is; the next push is reviewed by itself."
        case Incomplete():
            return retry(report.verdict) or _by_hand(report)
    assert_never(report.verdict)


def retry(verdict: Verdict) -> str:
    """When we try again by ourselves, or nothing if we do not."""
    if not isinstance(verdict, Incomplete) or verdict.retry_at is None:
        return ""
    return f"It is tried again by itself at {at_utc(verdict.retry_at)}. Nobody has to do anything."


def _by_hand(report: Report) -> str:
    refused = report.bill.refused if report.bill else ""
    if refused:
        return (
            f"A call to a model was refused ({phrase(refused, limit=200)}). It is not tried again by itself: somebody "
            "raises the cap, then pushes, or closes and reopens the pull request."
        )
    return "It is not tried again by itself: push, or close and reopen the pull request."
