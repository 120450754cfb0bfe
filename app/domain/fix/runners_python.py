"""Summaries of pytest and unittest. A later one of the same runner takes the place of an earlier one."""

from __future__ import annotations

import re

from app.domain.fix.counts import Counts, Source, counted
from app.domain.fix.printed import Printed, Summary, parts

_COLLECTED = re.compile(r"collected ([0-9]{1,9}) items?|[0-9]{1,9} workers? \[([0-9]{1,9}) items?\]")
_NAMES_FOLLOW = re.compile(r"=+ short test summary info =+")
_PYTEST = re.compile(
    r"(?:=+ )?((?:[0-9]{1,9} [a-z]+(?: [a-z]+)?(?:, )?)+|no tests (?:ran|collected)[^=]{0,80})"
    r" in [0-9.]{1,12}s(?: \([0-9:, a-z]{1,30}\))?(?: =+)?"
)

_RAN = re.compile(r"Ran ([0-9]{1,9}) tests? in [0-9.]{1,12}s")
_UNITTEST = re.compile(r"(?:OK|FAILED|NO TESTS RAN)(?: \(([a-z0-9=, ]*)\))?")
_PROBLEM = re.compile(r"(?:FAIL|ERROR|UNEXPECTED SUCCESS): (.+)")
_NUMBER = re.compile(r"([a-z ]+)=([0-9]{1,9})")
_RULER = "=" * 70


def pytest(text: Printed) -> Summary | None:
    """The last line of a session, also of a quiet one and of xdist; an expected failure counts as skipped, as in the
    runner's own JUnit report.
    """
    found = None
    collected: int | None = None
    names: list[str] | None = None
    for number, line in enumerate(text.lines):
        if start := _COLLECTED.match(line):
            collected = int(start[1] or start[2])
        elif _NAMES_FOLLOW.fullmatch(line):
            names = []
        elif names is not None and line.startswith(("FAILED ", "ERROR ")):
            names.append(_test_id(line.partition(" ")[2]))
        elif end := _PYTEST.fullmatch(line):
            found = Summary(number, _of_pytest(parts(end[1]), collected, names or []))
            collected, names = None, None
    return found


def _of_pytest(said: dict[str, int], collected: int | None, names: list[str]) -> Counts:
    failed = said.get("failed", 0)
    return counted(
        Source.RUNNER,
        collected=collected,
        executed=said.get("passed", 0) + failed + said.get("xpassed", 0),
        # An error comes from outside the test's own body: of one whose teardown broke, `passed` speaks as well.
        failed=failed + said.get("error", 0) + said.get("errors", 0),
        skipped=said.get("skipped", 0) + said.get("xfailed", 0),
        failing=names,
    )


def _test_id(rest: str) -> str:
    """What stands before ` - message`, which may stand within the brackets of a parameter as well."""
    name = rest.partition(" - ")[0]
    if "[" not in name or name.endswith("]"):
        return name
    inside, closing, _ = rest.partition("] - ")
    return inside + closing[:1]


def unittest(text: Printed) -> Summary | None:
    """`Ran N tests` and the line of the outcome, which is the next that is not empty."""
    found = None
    ran: int | None = None
    names: list[str] = []
    before = ""
    for number, line in enumerate(text.lines):
        if start := _RAN.fullmatch(line):
            ran = int(start[1])
        elif ran is not None and line:
            if end := _UNITTEST.fullmatch(line):
                found = Summary(number, _of_unittest(ran, end[1] or "", names))
                names = []
            ran = None
        elif before == _RULER and (problem := _PROBLEM.fullmatch(line)):
            names.append(problem[1])
        elif names and before.startswith("UNEXPECTED SUCCESS: ") and (problem := _PROBLEM.fullmatch(line)):
            names.append(problem[1])  # these follow one another without a ruler
        before = line
    return found


def _of_unittest(ran: int, words: str, names: list[str]) -> Counts:
    said = {found[1].strip(): int(found[2]) for found in _NUMBER.finditer(words)}
    skipped = said.get("skipped", 0) + said.get("expected failures", 0)
    return counted(
        Source.RUNNER,
        collected=ran,
        executed=ran - skipped,
        failed=said.get("failures", 0) + said.get("errors", 0) + said.get("unexpected successes", 0),
        skipped=skipped,
        failing=names,
    )
