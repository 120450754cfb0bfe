"""A report as Markdown without links: the summary comment, and every finding in full beneath it."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.messages import summary
from app.domain.messages.comments import finding_words
from app.domain.messages.origin import Origin
from app.domain.messages.told import in_the_table
from app.domain.report import Report
from app.domain.rules import Rule


def report_markdown(report: Report, rules: Mapping[str, Rule]) -> str:
    """All of it, however long: a file has no limit. What others wrote is inert, as on GitHub."""
    origin = Origin.local(report.head)
    told = [part.text for part in summary.parts(report, origin) if part.text]
    told += [
        f"---\n\n{origin.location(finding.location)}\n\n{finding_words(finding, rules, button=False)}"
        for finding in in_the_table(report)
        if finding.inline
    ]
    return "\n\n".join(told) + "\n"
