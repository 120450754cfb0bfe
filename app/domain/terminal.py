"""A report for the terminal: the verdict, each finding with its place and words, then coverage and cost."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from app.domain.coverage import Excluded, Unreviewed
from app.domain.entries import display_path
from app.domain.findings import Finding, Proof
from app.domain.judgements import Decision
from app.domain.messages.counting import counted
from app.domain.messages.how import cost_sentences, tokens
from app.domain.messages.tables import coverage_title, evidence
from app.domain.messages.told import also_seen, in_the_table, standing
from app.domain.messages.verdict_words import headline, retry
from app.domain.report import Report, Standing
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
    for finding in in_the_table(report):
        lines += [*_finding(report, finding, style), ""]
    if rows := _settled(report, style):
        lines += [*rows, ""]
    if report.walkthrough:
        lines += [style.paint("What the change does", "1"), *_wrapped(report.walkthrough, style), ""]
    title = coverage_title(report.ledger).removeprefix("Coverage: ")
    lines += [style.paint("Coverage", "1"), f"  {title}", *_gaps(report, style), ""]
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
    again = retry(report.verdict)
    return f"{told}\n{again}" if again else told


def _finding(report: Report, finding: Finding, style: Style) -> list[str]:
    severity = style.paint(finding.severity, _SEVERITY_COLOURS[finding.severity])
    where = f"{display_path(finding.location.path)}:{finding.location.start_line}"
    known = standing(report, finding)
    told = [visible(finding.rule), evidence(finding), "" if known is Standing.NEW else known, finding.id]
    title = style.paint(_line(finding.title), "1")
    lines = [
        f"{severity} {title}",
        style.paint(f"   {where}  ({', '.join(part for part in told if part)})", "2"),
        *_wrapped(finding.body, style),
    ]
    if finding.failing_case.strip():
        lines.append(_hanging("   fails when  ", _line(finding.failing_case), style))
    if finding.proof is not None:
        lines += _proof(finding.proof, style)
    return lines


def _proof(proof: Proof, style: Style) -> list[str]:
    base = _line(proof.base.ended) if proof.base else "it could not be run there"
    return [
        _hanging("   shown by    ", _line(proof.command), style),
        _hanging("   on the head ", _line(proof.head.ended), style),
        _hanging("   on the base ", base, style),
    ]


def _settled(report: Report, style: Style) -> list[str]:
    """What is no open finding of this review, in a line each."""
    rows = [f"  fixed         {k.finding.id} {_line(k.finding.title)}" for k in report.fixed]
    rows += [f"  dismissed     {k.finding.id} {_line(k.finding.title)}" for k in report.dismissed]
    rows += [
        f"  also seen     {seen.finding.severity} {_line(seen.finding.title)}: {_line(seen.reason)}"
        for seen in also_seen(report)
    ]
    more = len(rows) - _MAX_ROWS
    return (
        [style.paint("Besides", "1"), *rows[:_MAX_ROWS], *([f"  … and {more} more"] if more > 0 else [])]
        if rows
        else []
    )


def _line(text: str) -> str:
    return " ".join(visible(text).split())


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
    rows += [
        f"  model       {visible(use.model)}: {counted(use.calls, 'call')}, {tokens(use)}" for use in report.models
    ]
    if report.model_note:
        rows.append(style.paint(_hanging("  model       ", visible(report.model_note), style), "33"))
    packs = ", ".join(f"{pack} ({count})" for pack, count in report.rule_packs) or "none apply"
    guidelines = ", ".join(display_path(g.path) for g in report.guidelines) or "none in the base commit"
    rows.append(_hanging("  cost        ", "; ".join(cost_sentences(report, visible)), style))
    rows += [f"  rules       {packs}", f"  guidelines  {guidelines}"]
    if report.judgements:
        counts = [(sum(j.decision is decision for j in report.judgements), decision) for decision in Decision]
        told = ", ".join(f"{count} {decision}" for count, decision in counts if count)
        rows.append(f"  second look {counted(len(report.judgements), 'claim')}: {told}")
    if report.hidden_characters:
        rows.append(style.paint(f"  hidden      {report.hidden_characters} invisible characters in the change", "33"))
    rows.append(f"  range       {report.merge_base[:12]}..{report.head[:12]}")
    return rows
