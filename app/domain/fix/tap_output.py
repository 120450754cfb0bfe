"""Counts from the Test Anything Protocol, 13 and 14 (https://testanything.org), also as `node --test` prints it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from app.domain.fix.counts import Counts, Source, counted
from app.domain.fix.printed import Printed
from app.domain.fix.runners_javascript import of_node

_VERSION = re.compile(r"TAP version 1[0-9]")
_PLAN = re.compile(r"1\.\.([0-9]{1,9})(?:\s*#.*)?")
_POINT = re.compile(r"( {0,80})(not )?ok(?: |$)(?:[0-9]{1,9}(?: |$))?(?:- )?(.*)")
_SUBTEST = re.compile(r"( {0,80})# Subtest: (.+)")
_DIRECTIVE = re.compile(r"(?:^|[^\\])#\s{0,4}(SKIP|TODO)\w*\b", re.IGNORECASE)
_NODE = re.compile(r"# (tests|pass|fail|cancelled|skipped|todo) ([0-9]{1,9})")
_INDENT = 4
_BAIL_OUT = "Bail out!"


@dataclass(slots=True)
class _Stream:
    """What one producer has printed so far."""

    versioned: bool = False
    plan: int | None = None
    points: int = 0
    failed: int = 0
    skipped: int = 0
    names: list[str] = field(default_factory=list)
    subtests: dict[int, str] = field(default_factory=dict)
    node: dict[str, int] = field(default_factory=dict)

    @property
    def known(self) -> bool:
        """Whether this is TAP: a line that begins with `ok` alone is none."""
        return self.versioned or (self.plan is not None and (self.points > 0 or self.plan == 0))


def tap(text: Printed) -> Counts | None:
    """The last stream; a new one begins with a version. Tests inside tests are counted only where Node counts them.

    What the plan promises and is missing has failed. A failure that is a TODO does not count.
    """
    stream = _Stream()
    for line in text.lines:
        if _VERSION.fullmatch(line):
            stream = _Stream(versioned=True)
        elif plan := _PLAN.fullmatch(line):
            stream.plan = (stream.plan or 0) + int(plan[1])
        elif point := _POINT.fullmatch(line):
            _take(stream, len(point[1]) // _INDENT, point)
        elif subtest := _SUBTEST.fullmatch(line):
            stream.subtests[len(subtest[1]) // _INDENT] = subtest[2]
        elif number := _NODE.fullmatch(line):
            stream.node[number[1]] = int(number[2])
        elif line.startswith(_BAIL_OUT):
            stream.failed += 1
            stream.names.append(line)
    return _counts(stream, text) if stream.known else None


def _take(stream: _Stream, depth: int, point: re.Match[str]) -> None:
    directive = _DIRECTIVE.search(point[3])
    failed = bool(point[2]) and directive is None
    if depth == 0:
        stream.points += 1
        stream.failed += failed
        stream.skipped += directive is not None
    if failed:
        above = [stream.subtests[level] for level in range(depth) if level in stream.subtests]
        stream.names.append(" > ".join([*above, point[3] or f"test {stream.points}"]))


def _counts(stream: _Stream, text: Printed) -> Counts | None:
    if "tests" in stream.node and "fail" in stream.node:
        return of_node(stream.node, Source.TAP, stream.names)
    if text.cut:
        return None
    missing = max((stream.plan or 0) - stream.points, 0)
    return counted(
        Source.TAP,
        collected=stream.plan,
        executed=stream.points - stream.skipped,
        failed=stream.failed + missing,
        skipped=stream.skipped,
        failing=stream.names,
    )
