"""From what a command printed and the reports that it left to counts: reports first, then TAP, then the runner's words.

All of it is data of the pull request. It is read in time that grows with its length, and nothing in it raises.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.domain.fix import runners_compiled, runners_javascript, runners_managed, runners_python, runners_scripting
from app.domain.fix.counts import Counts
from app.domain.fix.junit_report import junit
from app.domain.fix.printed import Printed, Summary, printed
from app.domain.fix.tap_output import tap

_RUNNERS: tuple[Callable[[Printed], Summary | None], ...] = (
    runners_python.pytest,
    runners_python.unittest,
    runners_compiled.go,
    runners_compiled.cargo,
    runners_compiled.nextest,
    runners_compiled.ctest,
    runners_javascript.jest,
    runners_javascript.vitest,
    runners_javascript.mocha,
    runners_javascript.node,
    runners_managed.surefire,
    runners_managed.gradle,
    runners_managed.dotnet,
    runners_managed.dotnet_logger,
    runners_scripting.rspec,
    runners_scripting.minitest,
    runners_scripting.phpunit,
)


def read_counts(output: str, reports: Sequence[bytes] = ()) -> Counts | None:
    """What the command reports of its tests; None where nothing is known.

    `reports` are files of JUnit XML that the command wrote; they are added up. In the output, summaries are added up
    where a runner prints one for each package; of several others, the last one counts.
    """
    if (counts := junit(reports)) is not None:
        return counts
    text = printed(output)
    if (counts := tap(text)) is not None:
        return counts
    found = [summary for runner in _RUNNERS if (summary := runner(text)) is not None]
    return max(found, key=lambda summary: summary.line).counts if found else None
