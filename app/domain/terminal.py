"""A report for the terminal: the verdict, each finding with its place and words, then coverage and cost."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from app.domain.coverage import Excluded, Unreviewed
from app.domain.entries import display_path
from app.domain.findings import Evidence, Finding
from app.domain.messages.verdict_words import headline
from app.domain.messages.tables import coverage_line
from app.domain.report import Report
from app.domain.severity import Severity
from app.domain.verdict import Blocked, NeedsHuman, Passed
from app.domain.visible import visible

_MAX_ROWS = 20


@dataclass(frozen=True, slots=True)
class Style:
    colour: bool
    width: int

    def paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour else text


_SEVERITY_COLOURS = {Severity.P0: "1;31", Severity.P1: "31", Severity.P2: "33", Severity.P3: "36"}


def render(report: Report, style: Style) -> str:
    """Plain text, or with colours; text of the change or the model can send no control characters."""
    lines = [_verdict(report, style), ""]
    for finding in report.findings:
        lines += [*_finding(finding, style), ""]
    if report.walkthrough:
        lines += [style.paint("What the change does", "1"), *_wrapped(report.walkthrough, style), ""]
    lines += [style.paint("Coverage", "1"), f"  {coverage_line(report.ledger)}", *_gaps(report, style), ""]
    lines += [style.paint("How", "1"), *_how(report, style)]
    return "\n".join(lines)


def _verdict(report: Report, style: Style) -> str:
    match report.verdict:
        case Passed():
            colour = "1;32"
        case Blocked():
            colour = "1;31"
        case _:
            colour = "1;33"
    told = style.paint("\n".join(textwrap.wrap(visible(headline(report.verdict)), style.width)), colour)
    if isinstance(report.verdict, NeedsHuman):
        told += "".join(f"\n  - {visible(r)}" for r in report.verdict.requirements)
    return told


def _finding(finding: Finding, style: Style) -> list[str]:
    severity = style.paint(finding.severity, _SEVERITY_COLOURS[finding.severity])
    where = f"{display_path(finding.location.path)}:{finding.location.start_line}"
    source = "static" if finding.evidence is Evidence.STATIC else f"{finding.evidence}, {finding.confidence:.0%}"
    rule = f"{finding.rule}, " if finding.rule else ""
    title = style.paint(visible(finding.title).replace("\n", " "), "1")
    return [
        f"{severity} {title}",
        style.paint(f"   {where}  ({visible(rule)}{source}, {finding.id})", "2"),
        *_wrapped(finding.body, style),
    ]


def _wrapped(text: str, style: Style) -> list[str]:
    lines: list[str] = []
    for paragraph in visible(text).split("\n"):
        lines += textwrap.wrap(
            paragraph, style.width, initial_indent="   ", subsequent_indent="   ", break_long_words=False
        )
    return lines


def _hanging(label: str, text: str, style: Style) -> str:
    return "\n".join(
        textwrap.wrap(
            text,
            style.width,
            initial_indent=label,
            subsequent_indent=" " * len(label),
            break_long_words=False,
            break_on_hyphens=False,
        )
    )


def _gaps(report: Report, style: Style) -> list[str]:
    rows: list[str] = []
    for entry in report.ledger.entries:
        match entry.coverage:
            case Unreviewed(reason):
                row = f"{display_path(entry.path)}: {visible(reason)}"
                rows.append(style.paint(_hanging("  not reviewed  ", row, style), "33"))
            case Excluded(rule):
                rows.append(f"  excluded      {display_path(entry.path)} by {visible(rule)}")
            case _:
                pass
    more = len(rows) - _MAX_ROWS
    return rows if more <= 0 else [*rows[:_MAX_ROWS], f"  … and {more} more"]


def _how(report: Report, style: Style) -> list[str]:
    rows: list[str] = []
    for use in report.models:
        tokens = use.usage
        count = f"{tokens.input_tokens:,} tokens in, {tokens.output_tokens:,} out" if tokens.known else "tokens unknown"
        cost = "no price configured" if use.usd is None else f"${use.usd:.4f}"
        rows.append(f"  model       {visible(use.model)}: {use.calls} call(s), {count}, {cost}")
    if report.model_note:
        rows.append(style.paint(_hanging("  model       ", visible(report.model_note), style), "33"))
    packs = ", ".join(f"{pack} ({count})" for pack, count in report.rule_packs) or "none apply"
    guidelines = ", ".join(display_path(g.path) for g in report.guidelines) or "none in the base commit"
    rows += [f"  rules       {packs}", f"  guidelines  {guidelines}"]
    if report.hidden_characters:
        rows.append(style.paint(f"  hidden      {report.hidden_characters} invisible characters in the change", "33"))
    rows.append(f"  range       {report.merge_base[:12]}..{report.head[:12]}")
    return rows
