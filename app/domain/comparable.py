"""A report without what is another in each run of the same review: durations, times, the order in which calls ended."""

from __future__ import annotations

from dataclasses import replace

from app.domain.report import ModelUse, Report
from app.domain.runs import added
from app.domain.session import label_key
from app.domain.verdict import Incomplete


def comparable(report: Report, *, refused: str) -> Report:
    """`refused`: the words of one cap that stood in the way, the same one in each run.

    Two such reports of runs in which the same was said are the same as JSON, byte for byte.
    """
    calls = tuple(replace(one, seconds=0.0) for one in sorted(report.calls, key=lambda one: label_key(one.label)))
    verdict = report.verdict
    return replace(
        report,
        verdict=replace(verdict, retry_at=None) if isinstance(verdict, Incomplete) else verdict,
        calls=calls,
        models=added(ModelUse(one.model, 1, one.usage, one.usd) for one in calls),
        bill=replace(report.bill, refused=refused) if report.bill else None,
    )
