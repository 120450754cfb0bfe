"""Summaries of RSpec, minitest, test-unit and PHPUnit; the last one counts."""

from __future__ import annotations

import re

from app.domain.fix.counts import Counts, Source, counted
from app.domain.fix.printed import Printed, Summary

_RSPEC = re.compile(
    r"([0-9]{1,9}) examples?, ([0-9]{1,9}) failures?(?:, ([0-9]{1,9}) pending)?"
    r"(?:, ([0-9]{1,9}) errors? occurred outside of examples)?"
)
_RSPEC_NAME = re.compile(r"rspec (\S+?)(?:\[[0-9:,]+\]|:[0-9]+)?(?: # (.+))?")

_MINITEST = re.compile(
    r"([0-9]{1,9}) (?:runs|tests), [0-9]{1,9} assertions, ([0-9]{1,9}) failures, ([0-9]{1,9}) errors"
    r"(?:, ([0-9]{1,9}) (?:skips|pendings)(?:, ([0-9]{1,9}) omissions)?.*)?"
)
_MINITEST_NAME = re.compile(r"([A-Za-z_][\w:]*#\S+?)(?: \[.*|:)")
_TEST_UNIT_NAME = re.compile(r"(?:Failure|Error): (\S.*)")

_PHPUNIT_OK = re.compile(r"OK \(([0-9]{1,9}) tests?, [0-9]{1,9} assertions?\)")
_PHPUNIT = re.compile(r"Tests: ([0-9]{1,9}), Assertions: [0-9]{1,9}(.*)\.")
_PHPUNIT_PART = re.compile(r", ([A-Z][A-Za-z]{1,20}(?: [A-Za-z]{1,20})?): ([0-9]{1,9})")
_PHPUNIT_NONE = "No tests executed!"
_PHPUNIT_LIST = re.compile(r"There (?:was|were) [0-9]{1,9} (.+):")
_PHPUNIT_NAME = re.compile(r"[0-9]{1,9}\) (\S+::\S.*)")


def rspec(text: Printed) -> Summary | None:
    """`N examples, N failures`; names go without line numbers, which a repair moves."""
    last = -1
    examples = failures = pending = outside = 0
    names: list[str] = []
    for number, line in enumerate(text.lines):
        if end := _RSPEC.fullmatch(line):
            examples, failures, pending, outside = (int(end[group] or 0) for group in range(1, 5))
            last, names = number, []
        elif last >= 0 and (name := _RSPEC_NAME.fullmatch(line)):
            names.append(f"{name[1]} # {name[2]}" if name[2] else name[1])
    if last < 0:
        return None
    counts = counted(
        Source.RUNNER,
        collected=examples,
        executed=examples - pending,
        failed=failures + outside,
        skipped=pending,
        failing=names,
    )
    return Summary(last, counts)


def minitest(text: Printed) -> Summary | None:
    """`N runs, N assertions, …`, and `N tests, …` of test-unit and of older ones."""
    found = None
    names: list[str] = []
    for number, line in enumerate(text.lines):
        if end := _MINITEST.fullmatch(line):
            runs, failures, errors, skips, omissions = (int(end[group] or 0) for group in range(1, 6))
            skipped = skips + omissions
            counts = counted(
                Source.RUNNER,
                collected=runs,
                executed=runs - skipped,
                failed=failures + errors,
                skipped=skipped,
                failing=names,
            )
            found = Summary(number, counts)
            names = []
        elif name := _MINITEST_NAME.fullmatch(line) or _TEST_UNIT_NAME.fullmatch(line):
            names.append(name[1])
    return found


def phpunit(text: Printed) -> Summary | None:
    """`OK (N tests, …)` or `Tests: N, Assertions: N, …`; incomplete tests count as skipped, risky ones as run."""
    found = None
    names: list[str] = []
    of_failures = False
    for number, line in enumerate(text.lines):
        if counts := _of_phpunit(line, names):
            found = Summary(number, counts)
            names, of_failures = [], False
        elif heading := _PHPUNIT_LIST.fullmatch(line):
            of_failures = heading[1].startswith(("failure", "error"))
        elif of_failures and (name := _PHPUNIT_NAME.fullmatch(line)):
            names.append(name[1])
    return found


def _of_phpunit(line: str, names: list[str]) -> Counts | None:
    if line == _PHPUNIT_NONE:
        return counted(Source.RUNNER, collected=0, executed=0, failed=0, skipped=0)
    end = _PHPUNIT_OK.fullmatch(line) or _PHPUNIT.fullmatch(line)
    if end is None:
        return None
    tests = int(end[1])
    said = {part[1]: int(part[2]) for part in _PHPUNIT_PART.finditer(line)}
    skipped = said.get("Skipped", 0) + said.get("Incomplete", 0)
    return counted(
        Source.RUNNER,
        collected=tests,
        executed=tests - skipped,
        failed=said.get("Failures", 0) + said.get("Errors", 0),
        skipped=skipped,
        failing=names,
    )
