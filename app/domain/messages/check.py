"""What the check run `revwright/review` says in each of its states."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from app.domain.entries import display_path
from app.domain.findings import Finding
from app.domain.inert import inline
from app.domain.messages.origin import Origin
from app.domain.messages.tables import coverage_table, findings_table, how_table
from app.domain.report import Report
from app.domain.severity import Severity
from app.domain.verdict import Blocked, Incomplete, NeedsHuman, Passed, Verdict
from app.domain.visible import visible

REVIEW_CHECK = "revwright/review"

MAX_OUTPUT = 65_000
"""GitHub takes 65,535 characters each for summary and text."""


MAX_ANNOTATIONS = 50
"""What one call takes: more calls would show some twice after a retry, for GitHub adds them up."""

_LAST_LINE = 2**31 - 1


class Conclusion(StrEnum):
    """The conclusions we ever use: GitHub lets `neutral` and `skipped` pass as green, so they are not among them."""

    SUCCESS = "success"
    FAILURE = "failure"
    ACTION_REQUIRED = "action_required"
    CANCELLED = "cancelled"


class AnnotationLevel(StrEnum):
    NOTICE = "notice"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Annotation:
    path: str
    start_line: int
    end_line: int
    level: AnnotationLevel
    title: str
    message: str


@dataclass(frozen=True, slots=True)
class CheckOutput:
    title: str
    summary: str
    text: str = ""
    annotations: tuple[Annotation, ...] = ()


def queued(held_until: datetime | None = None) -> CheckOutput:
    """`held_until`: GitHub limits the installation, so that nothing starts before (UTC)."""
    if held_until is not None:
        return CheckOutput(
            f"Waiting for GitHub's rate limit until {held_until:%H:%M:%S} UTC",
            f"The review is queued. GitHub asked us to come back at {held_until:%Y-%m-%d %H:%M:%S} UTC; it starts "
            "then. Nobody has to do anything.",
        )
    return CheckOutput("Waiting for a worker", "The review is queued. It starts as soon as a worker is free.")


def running() -> CheckOutput:
    return CheckOutput("Reviewing", "Reading the change: files, policy and guidelines of the base commit.")


def superseded() -> CheckOutput:
    return CheckOutput("Superseded by a newer head", "The branch moved on; the newest head is reviewed instead.")


def closed() -> CheckOutput:
    return CheckOutput("The pull request is closed", "It was closed before the review was finished.")


def draft() -> CheckOutput:
    return CheckOutput("The pull request is a draft", "The review starts when it is marked ready.")


def stopped() -> CheckOutput:
    return CheckOutput("Stopped", "Somebody stopped this review. The next push starts a new one.")


def paused() -> CheckOutput:
    return CheckOutput("Paused", "Reviews of this pull request are paused. They go on when somebody resumes them.")


def waiting(reason: str, until: datetime, *, run_id: str) -> CheckOutput:
    """An attempt failed and there will be another one. `reason` may carry words of others, so it is made inert."""
    told = inline(reason, limit=500)
    return CheckOutput(
        f"Waiting until {until:%H:%M:%S} UTC to try again",
        f"The review could not go on; it is tried again at {until:%Y-%m-%d %H:%M:%S} UTC. Nobody has to do anything."
        f"\n\n**Reason:** {told}\n\nRun `{run_id}`.",
    )


def not_wanted(reason: str) -> CheckOutput:
    """`reason` is one of our own sentences."""
    return CheckOutput("Not reviewed", reason)


def failed(reason: str, *, run_id: str) -> CheckOutput:
    """The job gave up. `reason` may carry words of GitHub, git or a model endpoint, so it is made inert."""
    told = inline(reason, limit=500)
    return CheckOutput(
        "Not reviewed: the review failed",
        f"The review did not finish, so nothing is said about this change.\n\n**Reason:** {told}\n\n"
        "Push again, or close and reopen the pull request, to try once more; or an operator runs "
        f"`revwright runs retry {run_id}`.",
    )


def conclusion_of(verdict: Verdict) -> Conclusion:
    """`success` is for `Passed` alone."""
    match verdict:
        case Passed():
            return Conclusion.SUCCESS
        case Blocked():
            return Conclusion.FAILURE
        case NeedsHuman() | Incomplete():
            return Conclusion.ACTION_REQUIRED
    assert_never(verdict)


def headline(verdict: Verdict) -> str:
    """The verdict in one line of plain text."""
    match verdict:
        case Passed():
            return "Passed: every changed file was covered, nothing blocks"
        case Blocked(findings):
            return f"Blocked by {_count(len(findings), 'finding')}"
        case NeedsHuman(requirements):
            return f"Needs a person: {_count(len(requirements), 'thing')} to settle"
        case Incomplete(reason):
            return f"Not fully reviewed: {reason}"
    assert_never(verdict)


def reasons(verdict: Verdict) -> tuple[str, ...]:
    """What stands behind the headline, as inert lines."""
    match verdict:
        case NeedsHuman(requirements):
            return tuple(inline(r, limit=400) for r in requirements)
        case Incomplete(reason):
            return (inline(reason, limit=400),)
        case Passed() | Blocked():
            return ()
    assert_never(verdict)


def concluded(report: Report, origin: Origin) -> CheckOutput:
    """The finished review: verdict, findings, coverage, how it was done; the last line is for machines."""
    lines = [f"**{inline(headline(report.verdict), limit=400)}**", ""]
    lines += [f"- {reason}" for reason in reasons(report.verdict)]
    lines += ["", findings_table(report.findings, origin) or "No findings."]
    text = "\n\n".join(
        (
            "#### Coverage\n\n" + coverage_table(report.ledger),
            "#### How it was reviewed\n\n" + how_table(report, origin),
        )
    )
    last = machine_line(report, origin)
    return CheckOutput(
        title=headline(report.verdict)[:250],
        summary=_capped("\n".join(lines), MAX_OUTPUT),
        text=_capped(text, MAX_OUTPUT - len(last.encode())) + "\n\n" + last,
        annotations=tuple(_annotation(f) for f in report.findings[:MAX_ANNOTATIONS]),
    )


def held_by_siblings(output: CheckOutput, numbers: tuple[int, ...]) -> CheckOutput:
    """The finished review of a change that passed, while another pull request with the same head did not."""
    named = ", ".join(f"#{number}" for number in numbers)
    first = (
        f"**This change passed here, but {named} has the same head and has not passed.** GitHub keeps checks by "
        "commit, so a green one here would count there too. Let it pass, or close it and push here once more."
    )
    title = f"Passed here, but {named} with the same head has not"
    return replace(output, title=title[:250], summary=f"{first}\n\n{output.summary}"[:MAX_OUTPUT])


def machine_line(report: Report, origin: Origin) -> str:
    """JSON in an HTML comment; no text in it can end the comment."""
    data = {
        "schema": 1,
        "run": origin.run_id,
        "head": report.head,
        "base": report.base,
        "merge_base": report.merge_base,
        "conclusion": conclusion_of(report.verdict),
        "entries": len(report.ledger.entries),
        "reviewed": len(report.ledger.reviewed),
        "excluded": len(report.ledger.excluded),
        "unreviewed": len(report.ledger.unreviewed),
        "findings": [{"id": f.id, "severity": f.severity} for f in report.findings[:100]],
        "usd": report.usd,
    }
    return f"<!-- revwright {json.dumps(data).replace('<', chr(92) + 'u003c').replace('>', chr(92) + 'u003e')} -->"


_LEVELS = {
    Severity.P0: AnnotationLevel.FAILURE,
    Severity.P1: AnnotationLevel.FAILURE,
    Severity.P2: AnnotationLevel.WARNING,
    Severity.P3: AnnotationLevel.NOTICE,
}


def _annotation(finding: Finding) -> Annotation:
    """Annotations are shown as plain text; GitHub limits title to 255 and message to 64 KB."""
    where = finding.location
    return Annotation(
        path=display_path(where.path),
        start_line=min(where.start_line, _LAST_LINE),
        end_line=min(where.end_line, _LAST_LINE),
        level=_LEVELS[finding.severity],
        title=visible(f"{finding.severity} {finding.title}")[:255],
        message=visible(finding.body or finding.title)[:4_000],
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _capped(text: str, limit: int) -> str:
    """At most `limit` bytes, which is what GitHub counts here, cut at the end of a line."""
    data = text.encode()
    if len(data) <= limit:
        return text
    note = "\n\n… cut: GitHub takes no more text here."
    cut = data[: limit - len(note.encode())]
    return cut[: max(cut.rfind(b"\n"), 0)].decode("utf-8", "ignore") + note
