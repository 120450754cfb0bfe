"""Findings: what is wrong, where, how sure; their stable ids; and how many become one."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from app.domain.diff import FileDiff
from app.domain.entries import display_path
from app.domain.pull_request import Sha
from app.domain.severity import Severity

MAX_SUGGESTION = 4_000
_PLACEHOLDER = re.compile(r"\[secret: |<U\+[0-9A-F]{4,6}>")


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
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """A candidate that was not kept, and why: nothing vanishes without a trace in the run's record."""

    candidate: Candidate
    reason: str


def anchors(diff: FileDiff) -> dict[int, str]:
    """What identifies each line of the hunks while line numbers move: its text, and which of its equals it is."""
    seen: Counter[str] = Counter()
    found: dict[int, str] = {}
    for hunk in diff.hunks:
        for row in hunk.lines:
            if row.new_number is not None:
                text = " ".join(row.text.split())
                found[row.new_number] = f"{text}\x00{seen[text]}"
                seen[text] += 1
    return found


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
    known: dict[str, tuple[dict[int, str], frozenset[int]]] = {}
    for candidate in candidates:
        diff = diffs.get(candidate.path)
        if diff is None:
            dropped.append(Dropped(candidate, "the file is not a diffed file of this change"))
            continue
        if not 1 <= candidate.start_line <= candidate.end_line:
            dropped.append(Dropped(candidate, "the line range is not a range"))
            continue
        if candidate.path not in known:
            known[candidate.path] = anchors(diff), diff.commentable_lines
        finding = _finding(candidate, diff, *known[candidate.path])
        other = kept.get(finding.id)
        kept[finding.id] = finding if other is None else _merged(other, finding)
    ranked = sorted(
        _folded(kept.values()), key=lambda f: (f.severity, -f.confidence, f.location.path, f.location.start_line)
    )
    return tuple(ranked), tuple(dropped)


def _folded(findings: Iterable[Finding]) -> list[Finding]:
    """One comment a line: where a static rule flags a line, what the model says of it is told within that finding. A
    worse claim leads instead and tells of the rule, so that it is said even where the rule's finding stood before.
    """
    found = tuple(findings)
    hosts = {(f.location.path, f.location.end_line): f for f in found if f.evidence is Evidence.STATIC}
    others = [f for f in found if f.evidence is Evidence.STATIC and hosts[_place(f)] is not f]
    for finding in found:
        host = hosts.get(_place(finding))
        if finding.evidence is Evidence.STATIC:
            continue
        if finding.rule or host is None:
            others.append(finding)
        elif host.severity.at_least(finding.severity):
            hosts[_place(finding)] = _telling(host, f"The model says of this line ({finding.severity})", finding)
        else:
            hosts[_place(finding)] = _telling(
                finding, f"The rule {host.rule} says of this line ({host.severity})", host
            )
    return [*hosts.values(), *others]


def _place(finding: Finding) -> tuple[str, int]:
    return finding.location.path, finding.location.end_line


def _telling(finding: Finding, words: str, other: Finding) -> Finding:
    return replace(finding, body=f"{finding.body}\n\n{words}: {other.title}\n\n{other.body}")


def _finding(candidate: Candidate, diff: FileDiff, anchored: Mapping[int, str], commentable: frozenset[int]) -> Finding:
    start, end = candidate.start_line, candidate.end_line
    inline = end in commentable and display_path(candidate.path) == candidate.path
    if inline and not (start in commentable and diff.same_hunk(start, end)):
        start = end
    whole_range_stands = inline and start == candidate.start_line
    return Finding(
        id=finding_id(candidate.rule, candidate.path, anchored.get(end, f"\x00line {end}")),
        rule=candidate.rule,
        severity=candidate.severity,
        location=Location(candidate.path, start, end),
        title=candidate.title,
        body=candidate.body,
        evidence=candidate.evidence,
        confidence=candidate.confidence,
        suggestion=candidate.suggestion if whole_range_stands and _may_suggest(candidate.suggestion) else None,
        inline=inline,
    )


def _may_suggest(suggestion: str | None) -> bool:
    """Not a deletion (many models say "" for none), and nothing that repeats a placeholder of the prompt."""
    text = suggestion or ""
    return bool(text.strip()) and len(text) <= MAX_SUGGESTION and not _PLACEHOLDER.search(text)


def _merged(a: Finding, b: Finding) -> Finding:
    """Of two claims with one id the worse one stands and tells the other; at a tie the static one, whose word needs no
    trust.
    """

    def weight(f: Finding) -> tuple[str, bool, float]:
        return f.severity.value, f.evidence is not Evidence.STATIC, -f.confidence

    first, second = sorted((a, b), key=weight)
    if first.title == second.title:
        return first
    return _telling(first, "Also", second)
