"""Findings: what is wrong, where, how sure, and what shows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.domain.pull_request import Sha
from app.domain.severity import Severity


class Evidence(StrEnum):
    STATIC = "static"
    REASONED = "reasoned"
    REPRODUCED = "reproduced"


@dataclass(frozen=True, slots=True)
class Location:
    """Lines of a file at the head commit, first line 1, both ends included."""

    path: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Quote:
    """A line of the head that a claim rests on, as the model repeated it."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class ProofRun:
    """How a command ended on one commit, in words, and the cleaned beginning and end of what it printed."""

    commit: Sha
    ended: str
    output: str


@dataclass(frozen=True, slots=True)
class Proof:
    """A command that shows a finding: what it printed on the head and, if it could run there, on the base.

    `files` are those that the reviewer wrote for it, as (path, text); `expected` is the output it foretold, which the
    head shows and the base does not.
    """

    command: str
    files: tuple[tuple[str, str], ...]
    expected: str
    head: ProofRun
    base: ProofRun | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One claim about the change. `id` stays the same while the code it points at stays the same."""

    id: str
    rule: str
    """The rule that was broken, or empty when the model found it without one."""
    severity: Severity
    location: Location
    title: str
    body: str
    evidence: Evidence
    confidence: float
    suggestion: str | None
    """Text that replaces exactly the lines of `location`, or None."""
    inline: bool
    """Whether GitHub accepts a comment on these lines; the rest is told in the summary."""
    failing_case: str = ""
    """The input, state or path that makes it go wrong."""
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A finding before it was checked against the diff and given an id."""

    rule: str
    severity: Severity
    path: str
    start_line: int
    end_line: int
    title: str
    body: str
    evidence: Evidence
    confidence: float
    suggestion: str | None = None
    failing_case: str = ""
    quotes: tuple[Quote, ...] = ()
    source: str = ""
    """Which pass said so, in our words: `standard 1/2`, `security`, `rules`."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A candidate that was not kept, and why: nothing vanishes without a trace in the run's record."""

    candidate: Candidate
    reason: str


def claim_of(finding: Finding) -> Candidate:
    """The claim that a finding makes as it stands now, with nothing of what its finder quoted."""
    where = finding.location
    return Candidate(
        rule=finding.rule,
        severity=finding.severity,
        path=where.path,
        start_line=where.start_line,
        end_line=where.end_line,
        title=finding.title,
        body=finding.body,
        evidence=finding.evidence,
        confidence=finding.confidence,
        suggestion=finding.suggestion,
        failing_case=finding.failing_case,
    )
