"""What the check run `revwright/review` says in each of its states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from app.domain.commands.buttons import ASK_A_HUMAN, FIX_THESE, RE_REVIEW, CheckAction
from app.domain.entries import display_path
from app.domain.findings import Finding
from app.domain.inert import inline
from app.domain.messages.counting import counted, dollars
from app.domain.messages.folding import Part, fitted_body, size_in_bytes
from app.domain.messages.machine_line import machine_line
from app.domain.messages.origin import Origin
from app.domain.messages.summary import also_seen_words, dismissed_words, fixed_line, how
from app.domain.messages.tables import coverage_table, coverage_title, findings_table
from app.domain.messages.told import also_seen
from app.domain.messages.verdict_words import headline, next_step, reasons
from app.domain.progress import Progress
from app.domain.report import Report
from app.domain.severity import Severity
from app.domain.verdict import Blocked, Incomplete, NeedsHuman, Passed, Verdict
from app.domain.visible import visible

REVIEW_CHECK = "revwright/review"

MAX_OUTPUT = 65_000
"""GitHub takes 65,535 characters each for summary and text."""


MAX_ANNOTATIONS = 50
"""What one call takes: more calls would show some twice after a retry, for GitHub adds them up."""

MAX_ROWS = 50

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
    actions: tuple[CheckAction, ...] = ()
    """Buttons; without any, those of an earlier state are taken away."""


def queued(held_until: datetime | None = None) -> CheckOutput:
    """`held_until`: GitHub limits the installation, so that nothing starts before (UTC)."""
    if held_until is not None:
        return CheckOutput(
            f"Waiting for GitHub's rate limit until {held_until:%H:%M:%S} UTC",
            f"The review is queued. GitHub asked us to come back at {held_until:%Y-%m-%d %H:%M:%S} UTC; it starts "
            "then. Nobody has to do anything.",
        )
    return CheckOutput("Waiting for a worker", "The review is queued. It starts as soon as a worker is free.")


def running(progress: Progress | None = None) -> CheckOutput:
    """Without progress, before the first pass has begun."""
    if progress is None:
        return CheckOutput("Reviewing", "Reading the change: files, policy and guidelines of the base commit.")
    told = f"{progress.passes_done:,} of {counted(progress.passes, 'pass', 'passes')} done"
    told += f", {progress.files_done:,} of {counted(progress.files, 'file')}"
    if progress.usd is not None:
        told += f", {dollars(progress.usd)} spent"
    return CheckOutput(f"Reviewing: {told}", f"{told}. The result comes when all passes are done.")


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


def concluded(report: Report, origin: Origin, *, fixable: bool = False) -> CheckOutput:
    """The finished review: verdict, findings, coverage, how it was done; the last line is for machines. `fixable`:
    whether a fix can be asked for here.
    """
    summary = (
        Part("\n".join(f"- {reason}" for reason in reasons(report.verdict))),
        Part(next_step(report)),
        Part(findings_table(report, origin, rows=MAX_ROWS) or "No findings."),
        Part(fixed_line(report, origin)),
    )
    last = machine_line(report, origin, conclusion_of(report.verdict))
    return CheckOutput(
        title=headline(report.verdict)[:250],
        summary=_within(summary, MAX_OUTPUT),
        text=_within(_details(report, origin), MAX_OUTPUT - len(last.encode())) + "\n\n" + last,
        annotations=tuple(_annotation(f) for f in report.findings[:MAX_ANNOTATIONS]),
        actions=_actions(report, fixable=fixable),
    )


def _actions(report: Report, *, fixable: bool) -> tuple[CheckAction, ...]:
    """After a pass there is nothing to press for; a person is asked where one has to decide."""
    fixes = (FIX_THESE,) if fixable and any(f.severity.at_least(report.block_at) for f in report.findings) else ()
    match report.verdict:
        case Passed():
            return ()
        case Blocked() | NeedsHuman():
            return (*fixes, RE_REVIEW, ASK_A_HUMAN)
        case Incomplete():
            return (RE_REVIEW,)
    assert_never(report.verdict)


def _details(report: Report, origin: Origin) -> tuple[Part, ...]:
    """The table of files comes last: it is the longest, and a cut of it hides nothing else."""
    seen = also_seen(report)
    sections = (
        (f"Also seen: {len(seen):,}", also_seen_words(seen, origin) if seen else ""),
        (f"Dismissed: {len(report.dismissed):,}", dismissed_words(report, origin)),
        ("How it was reviewed", how(report, origin)),
    )
    parts = [
        Part(f"#### {title}\n\n{text}", f"#### {title}\n\nThere is no room for it here.")
        for title, text in sections
        if text
    ]
    return (*parts, Part(f"#### {coverage_title(report.ledger)}\n\n{coverage_table(report.ledger)}"))


def _within(parts: Sequence[Part], limit: int) -> str:
    return fitted_body(parts, limit, note="… cut: GitHub takes no more text here.", size=size_in_bytes)


def held_by_siblings(output: CheckOutput, numbers: tuple[int, ...]) -> CheckOutput:
    """The finished review of a change that passed, while another pull request with the same head did not."""
    named = ", ".join(f"#{number}" for number in numbers)
    first = (
        f"**This change passed here, but {named} has the same head and has not passed.** GitHub keeps checks by "
        "commit, so a green one here would count there too. Let it pass, or close it and push here once more."
    )
    title = f"Passed here, but {named} with the same head has not"
    return replace(output, title=title[:250], summary=f"{first}\n\n{output.summary}"[:MAX_OUTPUT])


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
