"""Summaries of go test, cargo test, nextest and ctest; the first two print one for each package, added up here."""

from __future__ import annotations

import re

from app.domain.fix.counts import Source, counted
from app.domain.fix.printed import Printed, Summary, Tally, parts

_GO_TEST = re.compile(r" {0,400}--- (PASS|FAIL|SKIP): (\S{1,1000}) \([0-9.]{1,20}s\)")
_GO_PACKAGE = re.compile(r"(?:ok  |FAIL)\t(\S+)(?:\s.*)?")
_GO_RUN = re.compile(r"=== RUN\s{1,10}\S.*")

_CRATE = re.compile(r"\s{1,10}(?:Running (?:unittests )?(\S+) \(.*\)|(Doc-tests .+))")
_CARGO = re.compile(
    r"test result: (?:ok|FAILED)\. ([0-9]{1,9}) passed; ([0-9]{1,9}) failed; ([0-9]{1,9}) ignored;"
    r" ([0-9]{1,9}) measured;.*"
)
_NEXTEST = re.compile(r"\s{1,10}Summary \[[^\]]{1,40}\] ([0-9]{1,9})(?:/[0-9]{1,9})? tests? run: (.+)")
_NEXTEST_NAME = re.compile(r"\s{1,12}(?:FAIL|TIMEOUT|SIG[A-Z]+|ABORT) \[[^\]]{1,40}\] (?:\([^)]{1,20}\) )?(\S.*)")

_CTEST = re.compile(r"[0-9]{1,3}% tests passed, ([0-9]{1,9}) tests? failed out of ([0-9]{1,9})")
_CTEST_LINE = re.compile(r"\s{1,10}[0-9]{1,9} - (\S.*?) \(([A-Za-z *]+)\).*")
_CTEST_NOT_RUN = frozenset({"Skipped", "Disabled"})


def go(text: Printed) -> Summary | None:
    """With `-v` tests are counted, those inside tests too. Else only packages can be, for passed tests are not named:
    then `failed` has failed packages, and `failing` the tests of these that are named.
    """
    verbose = any(_GO_RUN.fullmatch(line) for line in text.lines)
    tally = Tally(text)
    names: list[str] = []
    for number, line in enumerate(text.lines):
        if test := _GO_TEST.fullmatch(line):
            if verbose:
                skipped, failed = test[1] == "SKIP", test[1] == "FAIL"
                tally.add(number, executed=not skipped, failed=failed, skipped=skipped)
            if test[1] == "FAIL":
                names.append(test[2])
        elif package := _GO_PACKAGE.fullmatch(line):
            failed = line.startswith("FAIL")
            if verbose:
                tally.add(number, failed=failed and not names)
            else:
                tally.add(number, executed=1, failed=failed)
            if failed:
                tally.failing += [f"{package[1]}.{name}" for name in names] or [package[1]]
            names = []
    tally.failing += names
    return tally.summary()


def cargo(text: Printed) -> Summary | None:
    """`test result:` of each crate and of documentation tests, with names from the last list of `failures:`."""
    tally = Tally(text)
    crate = ""
    names: list[str] = []
    listing = False
    for number, line in enumerate(text.lines):
        if start := _CRATE.fullmatch(line):
            crate = f"{start[1] or start[2]}: "
        elif end := _CARGO.fullmatch(line):
            passed, failed, ignored, measured = (int(end[group]) for group in range(1, 5))
            tally.add(number, executed=passed + failed + measured, failed=failed, skipped=ignored)
            tally.failing += [f"{crate}{name}" for name in names]
            names = []
        elif line == "failures:":
            listing, names = True, []
            continue
        elif listing and line.startswith("    "):
            names.append(line)
            continue
        listing = False
    return tally.summary()


def nextest(text: Printed) -> Summary | None:
    """The `Summary` line of cargo nextest; the last one counts."""
    found = None
    names: list[str] = []
    for number, line in enumerate(text.lines):
        if name := _NEXTEST_NAME.fullmatch(line):
            names.append(name[1])
        elif end := _NEXTEST.fullmatch(line):
            said = parts(end[2])
            counts = counted(
                Source.RUNNER,
                executed=int(end[1]),
                failed=sum(said.get(word, 0) for word in ("failed", "exec failed", "timed out")),
                skipped=said.get("skipped", 0),
                failing=names,
            )
            found = Summary(number, counts)
    return found


def ctest(text: Printed) -> Summary | None:
    """`N% tests passed` and the lists below; the last one counts. Skipped tests are in the total."""
    last = -1
    failed = total = skipped = 0
    names: list[str] = []
    for number, line in enumerate(text.lines):
        if end := _CTEST.fullmatch(line):
            failed, total, skipped, names, last = int(end[1]), int(end[2]), 0, [], number
        elif last >= 0 and (test := _CTEST_LINE.fullmatch(line)):
            if test[2] in _CTEST_NOT_RUN:
                skipped += 1
            else:
                names.append(test[1])
    if last < 0:
        return None
    counts = counted(
        Source.RUNNER, collected=total, executed=total - skipped, failed=failed, skipped=skipped, failing=names
    )
    return Summary(last, counts)
