"""Summaries of jest, vitest, mocha and Node's own runner as they print for people; the last one counts."""

from __future__ import annotations

import re

from app.domain.fix.counts import Counts, Source, counted
from app.domain.fix.printed import Printed, Summary, parts

_JEST = re.compile(r"Tests:\s{1,20}((?:[0-9]{1,9} [a-z]+, )*)([0-9]{1,9}) total")
_JEST_FILE = re.compile(r"FAIL (\S.*)")
_JEST_NAME = re.compile(r"  ● (.+)")
_NOT_RUN = "Test suite failed to run"

_VITEST = re.compile(r"\s{1,10}Tests\s{1,10}((?:[0-9]{1,9} [a-z]+(?: \| )?)+|no tests)(?:\s{1,4}\(([0-9]{1,9})\))?")
_VITEST_NAME = re.compile(r" FAIL  (\S.*)")

_PASSING = re.compile(r"  ([0-9]{1,9}) passing \([^)]{1,20}\)")
_PENDING = re.compile(r"  ([0-9]{1,9}) pending")
_FAILING = re.compile(r"  ([0-9]{1,9}) failing")
_MOCHA_NAME = re.compile(r"  [0-9]{1,9}\) (.+)")
_MOCHA_DEPTH = 20
_MOCHA_DEEPER = re.compile(r" {4,}\S")

_NODE = re.compile(r"ℹ (tests|pass|fail|cancelled|skipped|todo) ([0-9]{1,9})")
_NODE_AT = re.compile(r"test at (.+?)(?::[0-9]{1,9}){0,2}")
_NODE_NAME = re.compile(r"✖ (.+?)(?: \([0-9.]{1,20}m?s\))?(?: # .*)?")


def jest(text: Printed) -> Summary | None:
    """`Tests: …`; a file that could not be run is a failure of its own."""
    found = None
    file = ""
    names: list[str] = []
    for number, line in enumerate(text.lines):
        if start := _JEST_FILE.fullmatch(line):
            file = start[1]
        elif file and (name := _JEST_NAME.fullmatch(line)):
            names.append(f"{file} › {name[1]}")
        elif end := _JEST.fullmatch(line):
            said = parts(end[1])
            not_run = len({name for name in names if name.endswith(_NOT_RUN)})
            found = Summary(number, _counts(said, int(end[2]), not_run, names))
            file, names = "", []
    return found


def vitest(text: Printed) -> Summary | None:
    """`Tests  …`; a file that could not be run is a failure of its own, named as `FAIL  file [ file ]`."""
    found = None
    names: list[str] = []
    for number, line in enumerate(text.lines):
        if name := _VITEST_NAME.fullmatch(line):
            names.append(name[1])
        elif end := _VITEST.fullmatch(line):
            not_run = len({name for name in names if name.endswith(" ]") and " > " not in name})
            found = Summary(number, _counts(parts(end[1]), int(end[2] or 0), not_run, names))
            names = []
    return found


def _counts(said: dict[str, int], total: int, not_run: int, names: list[str]) -> Counts:
    skipped = said.get("skipped", 0) + said.get("todo", 0)
    return counted(
        Source.RUNNER,
        collected=total,
        executed=total - skipped,
        failed=said.get("failed", 0) + not_run,
        skipped=skipped,
        failing=names,
    )


def mocha(text: Printed) -> Summary | None:
    """`N passing` and the lines after it; a failure's name stands in lines of growing depth, the last with a `:`."""
    last = -1
    passing = pending = failing = 0
    names: list[str] = []
    name: list[str] = []
    for number, line in enumerate(text.lines):
        if start := _PASSING.fullmatch(line):
            passing, pending, failing, names, name = int(start[1]), 0, 0, [], []
            last = number
        elif last < 0:
            continue
        elif more := _PENDING.fullmatch(line):
            pending, last = int(more[1]), number
        elif more := _FAILING.fullmatch(line):
            failing, last = int(more[1]), number
        elif first := _MOCHA_NAME.fullmatch(line):
            name = [first[1]]
        elif name and _MOCHA_DEEPER.match(line):
            name = [*name[:_MOCHA_DEPTH], line.strip()]
        if name and name[-1].endswith(":"):
            names.append(" > ".join(name)[:-1])
            name = []
    if last < 0:
        return None
    counts = counted(Source.RUNNER, executed=passing + failing, failed=failing, skipped=pending, failing=names)
    return Summary(last, counts)


def node(text: Printed) -> Summary | None:
    """The block of `ℹ` lines of `node --test`; tests that hold tests are counted as well, by Node itself."""
    said: dict[str, int] = {}
    last = -1
    at = ""
    names: list[str] = []
    for number, line in enumerate(text.lines):
        if more := _NODE.fullmatch(line):
            if more[1] == "tests":
                said, names, at = {}, [], ""
            said[more[1]] = int(more[2])
            last = number
        elif said and (place := _NODE_AT.fullmatch(line)):
            at = place[1]
        elif at and (name := _NODE_NAME.fullmatch(line)):
            names.append(f"{at}: {name[1]}")
            at = ""
    return Summary(last, of_node(said, Source.RUNNER, names)) if "tests" in said else None


def of_node(said: dict[str, int], source: Source, names: list[str]) -> Counts:
    """The numbers that Node prints below its tests, for people and in TAP."""
    skipped = said.get("skipped", 0) + said.get("todo", 0)
    return counted(
        source,
        collected=said["tests"],
        executed=said["tests"] - skipped,
        failed=said.get("fail", 0) + said.get("cancelled", 0),
        skipped=skipped,
        failing=names,
    )
