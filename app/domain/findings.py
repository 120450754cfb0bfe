"""Findings: what is wrong, where, how sure; their stable ids; and how many become one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from app.domain.diff import FileDiff
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


@dataclass(frozen=True, slots=True)
class Dropped:
    """A candidate that was not kept, and why: nothing vanishes without a trace in the run's record."""

    candidate: Candidate
    reason: str


def anchor(diff: FileDiff, line: int) -> str:
    """What identifies a line while line numbers move: its text, and which of its equals in the diff it is."""
    seen = 0
    for hunk in diff.hunks:
        for row in hunk.lines:
            if row.new_number is None:
                continue
            if row.new_number == line:
                text = " ".join(row.text.split())
                earlier = sum(
                    1
                    for other in diff.hunks
                    for r in other.lines
                    if r.new_number is not None and r.new_number < line and " ".join(r.text.split()) == text
                )
                return f"{text}\x00{earlier}"
            seen = row.new_number
    return f"\x00after {seen}"


def finding_id(rule: str, path: str, anchored: str) -> str:
    """A short id: `F` and nine characters. The rule, the path and the anchored line decide it, not the words."""
    material = f"{rule}\x00{path}\x00{anchored}".encode("utf-8", "surrogateescape")
    return "F" + hashlib.sha256(material).hexdigest()[:9]


def settle(
    candidates: Iterable[Candidate], diffs: Mapping[str, FileDiff]
) -> tuple[tuple[Finding, ...], tuple[Dropped, ...]]:
    """Candidates that stand on changed files become findings, merged by id and ranked; the rest is dropped.

    A candidate outside every hunk of its file is kept but not `inline`: GitHub would refuse the comment
    (HTTP 422 for the whole review), so it goes to the summary instead.
    """
    kept: dict[str, Finding] = {}
    dropped: list[Dropped] = []
    for candidate in candidates:
        diff = diffs.get(candidate.path)
        if diff is None:
            dropped.append(Dropped(candidate, "the file is not a diffed file of this change"))
            continue
        if not 1 <= candidate.start_line <= candidate.end_line:
            dropped.append(Dropped(candidate, "the line range is not a range"))
            continue
        finding = _finding(candidate, diff)
        other = kept.get(finding.id)
        kept[finding.id] = finding if other is None else _stronger(other, finding)
    ranked = sorted(
        _folded(kept.values()), key=lambda f: (f.severity, -f.confidence, f.location.path, f.location.start_line)
    )
    return tuple(ranked), tuple(dropped)


def _folded(findings: Iterable[Finding]) -> list[Finding]:
    """One comment a line: what the model says of a line that a static rule flags is told within that finding."""
    found = tuple(findings)
    static = {(f.location.path, f.location.end_line): f for f in found if f.evidence is Evidence.STATIC}
    rest: list[Finding] = []
    for finding in found:
        place = (finding.location.path, finding.location.end_line)
        if finding.evidence is Evidence.STATIC:
            continue
        if finding.rule or place not in static:
            rest.append(finding)
            continue
        host = static[place]
        static[place] = replace(
            host,
            severity=min(host.severity, finding.severity),
            body=f"{host.body}\n\nThe model says of this line ({finding.severity}): {finding.title}\n\n{finding.body}",
        )
    others = [f for f in found if f.evidence is Evidence.STATIC and f.id not in {s.id for s in static.values()}]
    return [*static.values(), *others, *rest]


def _finding(candidate: Candidate, diff: FileDiff) -> Finding:
    start, end = candidate.start_line, candidate.end_line
    inline = end in diff.commentable_lines
    if inline and not (start in diff.commentable_lines and diff.same_hunk(start, end)):
        start = end
    whole_range_stands = inline and start == candidate.start_line
    return Finding(
        id=finding_id(candidate.rule, candidate.path, anchor(diff, end)),
        rule=candidate.rule,
        severity=candidate.severity,
        location=Location(candidate.path, start, end),
        title=candidate.title,
        body=candidate.body,
        evidence=candidate.evidence,
        confidence=candidate.confidence,
        suggestion=candidate.suggestion if whole_range_stands else None,
        inline=inline,
    )


def _stronger(a: Finding, b: Finding) -> Finding:
    """Of two claims with one id the worse one stands; at a tie the static one, whose word needs no trust."""

    def weight(f: Finding) -> tuple[str, bool, float]:
        return f.severity.value, f.evidence is not Evidence.STATIC, -f.confidence

    return min((a, b), key=weight)
