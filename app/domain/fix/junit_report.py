"""Counts from JUnit XML, which has no one definition: only what its writers agree on is read, and no entity ever."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from xml.parsers.expat import ExpatError, ParserCreate

from app.domain.fix.counts import MAX_NAMES, Counts, Source, counted

MAX_REPORT_BYTES = 8 << 20
MAX_REPORTS = 1_000
_MAX_TOTAL_BYTES = 64 << 20
_ROOTS = frozenset({"testsuite", "testsuites"})
_SUITE = "testsuite"
_CASE = "testcase"
_FAILED = frozenset({"failure", "error"})
_SKIPPED = "skipped"
_NOT_RUN = frozenset({"notrun", "skipped", "disabled"})
_MAX_NAMES_READ = 50 * MAX_NAMES
"""Names are sorted before they are cut, so that two runs of the same failures keep the same names."""


class _NoReport(ValueError):
    """It is XML of another kind, or has a document type."""


def junit(reports: Iterable[bytes]) -> Counts | None:
    """The reports added up; None where none is one. What is malformed, too large or has a DOCTYPE is none."""
    tally = _Tally()
    read = False
    room = _MAX_TOTAL_BYTES
    for _, report in zip(range(MAX_REPORTS), reports, strict=False):
        room -= len(report)
        if len(report) > MAX_REPORT_BYTES or room < 0:
            continue
        one = _read(report)
        if one is not None:
            read = True
            tally.add(one)
    if not read:
        return None
    return counted(
        Source.JUNIT,
        collected=tally.cases,
        executed=tally.cases - tally.skipped,
        failed=tally.failed,
        skipped=tally.skipped,
        failing=tally.failing,
    )


def _read(report: bytes) -> _Tally | None:
    reader = _Reader()
    # The encoding is ours and not the document's, so that no other one hides what is looked for.
    parser = ParserCreate(encoding="utf-8")
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    try:
        parser.Parse(report, True)
    except (ExpatError, _NoReport):
        return None
    return reader.tally


def _refuse(*_: object) -> None:
    raise _NoReport("it has a document type, which could define entities")


@dataclass(slots=True)
class _Tally:
    cases: int = 0
    failed: int = 0
    skipped: int = 0
    failing: list[str] = field(default_factory=list)

    def add(self, other: _Tally) -> None:
        self.cases += other.cases
        self.failed += other.failed
        self.skipped += other.skipped
        self.failing += other.failing[: _MAX_NAMES_READ - len(self.failing)]

    def fail(self, name: str) -> None:
        self.failed += 1
        if len(self.failing) < _MAX_NAMES_READ:
            self.failing.append(name)


class _Reader:
    """Counts the cases of one document while it is parsed; nothing of it is kept but names of failures."""

    def __init__(self) -> None:
        self.tally = _Tally()
        self._root = True
        self._suite = ""
        self._case: str | None = None
        self._failed = self._skipped = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if self._root and tag not in _ROOTS:
            raise _NoReport("its root is no test suite")
        self._root = False
        if tag == _SUITE:
            self._suite = attributes.get("name", "")
        elif tag == _CASE:
            self._case = ".".join(part for one in ("classname", "name") if (part := attributes.get(one, "")))
            self._failed, self._skipped = False, attributes.get("status", "").lower() in _NOT_RUN
        elif tag in _FAILED and self._case is None:
            self.tally.fail(self._suite)
        elif tag in _FAILED:
            self._failed = True
        elif tag == _SKIPPED:
            self._skipped = True

    def end(self, tag: str) -> None:
        if tag != _CASE or self._case is None:
            return
        self.tally.cases += 1
        if self._failed:
            self.tally.fail(self._case)
        elif self._skipped:
            self.tally.skipped += 1
        self._case = None
