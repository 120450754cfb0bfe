"""Candidates become findings: on lines that are there, with stable ids, and one for each defect."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from app.domain.anchors import Anchor, anchor_of, finding_id
from app.domain.diff import FileDiff
from app.domain.entries import display_path
from app.domain.findings import Candidate, Dropped, Evidence, Finding, Location
from app.domain.likeness import similar
from app.domain.suggesting import Applied, applied
from app.domain.symbols import Symbol

MAX_SUGGESTION = 4_000
_PLACEHOLDER = re.compile(r"\[secret: |<U\+[0-9A-F]{4,6}>")


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the head: for anchoring its lines with secrets masked, and its symbols if a parser knows them; for
    suggestions the text as it is, or None where it is too long.
    """

    lines: tuple[str, ...]
    symbols: tuple[Symbol, ...] = ()
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A finding, and the anchor behind its id."""

    finding: Finding
    anchor: Anchor


NOWHERE = Anchor("", "", 0, (), ())
"""In a file that the head does not have."""


def place(
    candidates: Iterable[Candidate], diffs: Mapping[str, FileDiff], sources: Mapping[str, Source]
) -> tuple[tuple[Placed, ...], tuple[Dropped, ...]]:
    """Candidates on lines of changed files, those of one defect made one; the rest is dropped, with the reason. Two
    defects on one line may still have one id: `match` gives the second another.

    A candidate outside every hunk of its file is kept but not `inline`: GitHub would refuse the comment
    (HTTP 422 for the whole review), so it goes to the summary instead.
    """
    placed: dict[str, list[Placed]] = {}
    dropped: list[Dropped] = []
    hunks: dict[str, Mapping[int, int]] = {}
    for candidate in candidates:
        diff = diffs.get(candidate.path)
        if (wrong := _misplaced(candidate, diff, sources)) or diff is None:
            dropped.append(Dropped(candidate, wrong))
            continue
        if candidate.path not in hunks:
            hunks[candidate.path] = _hunks(diff)
        one = _placed(candidate, diff, hunks[candidate.path], sources.get(candidate.path))
        here = placed.setdefault(one.finding.id, [])
        at = next((n for n, other in enumerate(here) if _one_defect(other.finding, one.finding)), None)
        if at is None:
            here.append(one)
        else:
            here[at] = _merged(here[at], one)
    return tuple(one for here in placed.values() for one in here), tuple(dropped)


def _one_defect(a: Finding, b: Finding) -> bool:
    """Of two with one id. What is merged is judged as one: a wrong claim must not take a right one along."""
    return bool(a.rule) or similar(a.title, b.title)


def _misplaced(candidate: Candidate, diff: FileDiff | None, sources: Mapping[str, Source]) -> str:
    if diff is None:
        return "the file is not a diffed file of this change"
    if not 1 <= candidate.start_line <= candidate.end_line:
        return "the line range is not a range"
    source = sources.get(candidate.path)
    last = max(1, len(source.lines)) if source is not None else 1  # a file that was emptied has line 1
    if source is not None and source.text is not None and candidate.end_line > last:
        return f"the file has {len(source.lines)} lines, not {candidate.end_line}"
    return ""


def _hunks(diff: FileDiff) -> Mapping[int, int]:
    """Which hunk each commentable line stands in."""
    return {line: number for number, hunk in enumerate(diff.hunks) for line in hunk.new_numbers}


def _placed(candidate: Candidate, diff: FileDiff, hunks: Mapping[int, int], source: Source | None) -> Placed:
    asked = Location(candidate.path, candidate.start_line, candidate.end_line)
    where, inline = _commented(asked, hunks)
    anchor = NOWHERE if source is None else anchor_of(source.lines, source.symbols, where.end_line)
    suggestion = candidate.suggestion if inline and where == asked else None
    finding = Finding(
        id=finding_id(candidate.rule, candidate.path, anchor),
        rule=candidate.rule,
        severity=candidate.severity,
        location=where,
        title=candidate.title,
        body=candidate.body,
        evidence=candidate.evidence,
        confidence=candidate.confidence,
        suggestion=suggestion if _applies(suggestion, where, source, diff) else None,
        inline=inline,
        failing_case=candidate.failing_case,
    )
    return Placed(finding, anchor)


def seated(finding: Finding, diff: FileDiff, source: Source | None) -> Finding:
    """A finding of an earlier review on its lines of now: whether a comment could stand there, and its suggestion only
    where that still applies.
    """
    where, inline = _commented(finding.location, _hunks(diff))
    suggestion = finding.suggestion if inline and where == finding.location else None
    kept = suggestion if _applies(suggestion, where, source, diff) else None
    return replace(finding, location=where, inline=inline, suggestion=kept)


def _commented(where: Location, hunks: Mapping[int, int]) -> tuple[Location, bool]:
    """The lines that a comment would stand on, and whether GitHub takes one there."""
    inline = where.end_line in hunks and display_path(where.path) == where.path
    if inline and hunks.get(where.start_line) != hunks[where.end_line]:
        return Location(where.path, where.end_line, where.end_line), True
    return where, inline


def _applies(suggestion: str | None, where: Location, source: Source | None, diff: FileDiff) -> bool:
    """Whether a button may offer it: GitHub would apply it, and it repeats no placeholder of the prompt."""
    if not suggestion or source is None or source.text is None:
        return False
    if len(suggestion) > MAX_SUGGESTION or _PLACEHOLDER.search(suggestion):
        return False
    return isinstance(applied(suggestion, where, source.text, diff), Applied)


def _merged(a: Placed, b: Placed) -> Placed:
    """Of two claims with one id the worse one stands and tells the other; at a tie the static one, whose word needs no
    trust.
    """
    first = min((a, b), key=lambda one: _weight(one.finding))
    return replace(first, finding=_both(a.finding, b.finding))


def _both(a: Finding, b: Finding) -> Finding:
    first, second = sorted((a, b), key=_weight)
    return first if first.title == second.title else _telling(first, "Also", second)


def _weight(found: Finding) -> tuple[str, bool, float]:
    return found.severity.value, found.evidence is not Evidence.STATIC, -found.confidence


def ranked(*groups: Iterable[Finding]) -> tuple[Finding, ...]:
    """One finding a line of each group, worst first. What was first found by another review is another group: its
    comment is written, so that it cannot tell of what is new on its line.
    """
    found = (finding for one in groups for finding in _folded(one))
    return tuple(sorted(found, key=lambda f: (f.severity, -f.confidence, f.location.path, f.location.start_line)))


def _folded(findings: Iterable[Finding]) -> list[Finding]:
    """One comment a line for what has no rule: the worst tells the others, and where a static rule flags the line, that
    finding does. A worse claim leads instead and tells of the rule, so that it is said even where the rule's finding
    stood before.
    """
    found = tuple(findings)
    hosts = {(f.location.path, f.location.end_line): f for f in found if f.evidence is Evidence.STATIC}
    others = [f for f in found if f.evidence is Evidence.STATIC and hosts[_line(f)] is not f]
    alone: dict[tuple[str, int], Finding] = {}
    for finding in found:
        host = hosts.get(_line(finding))
        if finding.evidence is Evidence.STATIC:
            continue
        if finding.rule:
            others.append(finding)
        elif host is None:
            other = alone.get(_line(finding))
            alone[_line(finding)] = finding if other is None else _both(other, finding)
        elif host.severity.at_least(finding.severity):
            hosts[_line(finding)] = _telling(host, f"The model says of this line ({finding.severity})", finding)
        else:
            hosts[_line(finding)] = _telling(finding, f"The rule {host.rule} says of this line ({host.severity})", host)
    return [*hosts.values(), *alone.values(), *others]


def _line(finding: Finding) -> tuple[str, int]:
    return finding.location.path, finding.location.end_line


def _telling(finding: Finding, words: str, other: Finding) -> Finding:
    return replace(finding, body=f"{finding.body}\n\n{words}: {other.title}\n\n{other.body}")
