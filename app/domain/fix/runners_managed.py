"""Summaries of Maven Surefire, Gradle and dotnet test, which print one for each module, added up here."""

from __future__ import annotations

import re

from app.domain.fix.counts import Source, counted
from app.domain.fix.printed import Printed, Summary, Tally

_LEVEL = re.compile(r"\[(?:ERROR|INFO|WARNING|WARN)\] {0,8}")
_SUREFIRE = re.compile(
    r"Tests run: ([0-9]{1,9}), Failures: ([0-9]{1,9}), Errors: ([0-9]{1,9}), Skipped: ([0-9]{1,9})(?:, Flakes: .*)?"
)
_SUREFIRE_NAME = re.compile(r"(?!Tests run:)(\S.*?) {1,4}(?:-- )?Time elapsed: .{1,40}?<<< (?:FAILURE|ERROR)!.*")

_GRADLE = re.compile(r"([0-9]{1,9}) tests? completed(?:, ([0-9]{1,9}) failed)?(?:, ([0-9]{1,9}) skipped)?")
_GRADLE_NAME = re.compile(r"(\S.* > .+) FAILED")

_DOTNET = re.compile(
    r"\s{0,10}(?:Passed|Failed|Skipped)! {1,4}- Failed: {1,10}([0-9]{1,9}), Passed: {1,10}([0-9]{1,9}),"
    r" Skipped: {1,10}([0-9]{1,9}), Total: {1,10}([0-9]{1,9}).*"
)
_DOTNET_NAME = re.compile(r"  Failed (\S.*) \[[^\]]{1,20}\]")
_DOTNET_LOGGER = re.compile(
    r"Test summary: total: ([0-9]{1,9}), failed: ([0-9]{1,9}), succeeded: [0-9]{1,9}, skipped: ([0-9]{1,9}).*"
)
_DOTNET_LOGGER_NAME = re.compile(r"(\S+(?:\([^()]*\))?) \([0-9,.]{1,12}m?s\)")


def surefire(text: Printed) -> Summary | None:
    """`Tests run:` of each module; the lines of one class, which tell the time, are in them already."""
    tally = Tally(text)
    for number, raw in enumerate(text.lines):
        line = _LEVEL.sub("", raw, count=1) if raw.startswith("[") else raw
        if end := _SUREFIRE.fullmatch(line):
            run, failures, errors, skipped = (int(end[group]) for group in range(1, 5))
            tally.add(number, executed=run - skipped, failed=failures + errors, skipped=skipped)
        elif "<<<" in line and (name := _SUREFIRE_NAME.fullmatch(line)):
            tally.failing.append(name[1])
    return tally.summary()


def gradle(text: Printed) -> Summary | None:
    """`N tests completed`, which Gradle prints only where tests failed: a green build says nothing here, so that its
    JUnit reports have to be read.
    """
    tally = Tally(text)
    for number, line in enumerate(text.lines):
        if end := _GRADLE.fullmatch(line):
            completed, failed, skipped = (int(end[group] or 0) for group in range(1, 4))
            tally.add(number, executed=completed - skipped, failed=failed, skipped=skipped)
        elif line.endswith(" FAILED") and (name := _GRADLE_NAME.fullmatch(line)):
            tally.failing.append(name[1])
    return tally.summary()


def dotnet(text: Printed) -> Summary | None:
    """The line of each assembly."""
    tally = Tally(text)
    for number, line in enumerate(text.lines):
        if end := _DOTNET.fullmatch(line):
            failed, passed, skipped = (int(end[group]) for group in range(1, 4))
            tally.add(number, executed=failed + passed, failed=failed, skipped=skipped)
        elif name := _DOTNET_NAME.fullmatch(line):
            tally.failing.append(name[1])
    return tally.summary()


def dotnet_logger(text: Printed) -> Summary | None:
    """`Test summary:` of the terminal logger of .NET 9 and later, which stands for all assemblies."""
    found = None
    names: list[str] = []
    for number, line in enumerate(text.lines):
        if end := _DOTNET_LOGGER.fullmatch(line):
            total, failed, skipped = (int(end[group]) for group in range(1, 4))
            counts = counted(
                Source.RUNNER,
                collected=total,
                executed=total - skipped,
                failed=failed,
                skipped=skipped,
                failing=names,
            )
            found = Summary(number, counts)
        elif name := _DOTNET_LOGGER_NAME.fullmatch(_before_message(line)):
            names.append(name[1])
    return found


def _before_message(line: str) -> str:
    """What stands between the place of an error and its message; empty where there is no message."""
    before, message, _ = line.partition(": Error Message: ")
    return before.rpartition(": error TESTERROR: ")[2].strip() if message else ""
