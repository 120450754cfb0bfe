"""The parts of the summary comment, in the order in which they are read."""

from __future__ import annotations

from app.domain.findings import Finding
from app.domain.inert import block, inline, phrase
from app.domain.memory import KnownFinding
from app.domain.mermaid import canonical
from app.domain.messages.folding import Part, folded
from app.domain.messages.how import claims, how_table
from app.domain.messages.origin import Origin
from app.domain.messages.tables import coverage_table, coverage_title, findings_table
from app.domain.messages.told import also_seen, outside_the_diff
from app.domain.messages.verdict_words import headline, next_step, reasons
from app.domain.report import AlsoSeen, Report
from app.domain.verdict import NeedsHuman

MAX_ROWS = 25
MAX_TOLD = 20
MAX_FIXED = 10

_IN_THE_CHECK = "The check's details have the table."


def parts(report: Report, origin: Origin) -> tuple[Part, ...]:
    """Empty ones among them are left out when they are joined."""
    return (
        Part(f"### {phrase(headline(report.verdict), limit=300)}"),
        Part(_what_to_do(report)),
        Part(f"> {phrase(report.model_note, limit=300)}" if report.model_note else ""),
        Part(findings_table(report, origin, rows=MAX_ROWS)),
        Part(fixed_line(report, origin)),
        Part(_walkthrough(report), "", patience=6),
        Part(_diagram(report), "", patience=5),
        _outside(report, origin),
        _also_seen(report, origin),
        _dismissed(report, origin),
        _coverage(report),
        Part(folded("How it was reviewed", how(report, origin)), "How it was reviewed: see the check.", patience=4),
    )


def _what_to_do(report: Report) -> str:
    told = [f"- {reason}" for reason in reasons(report.verdict)] if isinstance(report.verdict, NeedsHuman) else []
    step = next_step(report)
    return "\n".join([*told, *([""] if told and step else []), *([step] if step else [])])


def fixed_line(report: Report, origin: Origin) -> str:
    """What the last review found and this one does not, with the commit where it is known."""
    if not report.fixed:
        return ""
    told = [_fixed(known, origin) for known in report.fixed[:MAX_FIXED]]
    more = len(report.fixed) - MAX_FIXED
    if more > 0:
        told.append(f"{more} more")
    return f"✅ **Fixed since the last review:** {'; '.join(told)}."


def _fixed(known: KnownFinding, origin: Origin) -> str:
    by = f" ({origin.commit(known.fixed_by)})" if known.fixed_by else ""
    return f"`{known.finding.id}` {phrase(known.finding.title, limit=80)}{by}"


def _walkthrough(report: Report) -> str:
    text = block(report.walkthrough, limit=1_500)
    return f"**What the change does**\n\n{text}" if text else ""


def _diagram(report: Report) -> str:
    """Read once more: nothing but what the reader of diagrams wrote itself is ever drawn."""
    source = canonical(report.diagram)
    return folded("Diagram of the change", f"```mermaid\n{source}```") if source else ""


def _outside(report: Report, origin: Origin) -> Part:
    found = outside_the_diff(report)
    if not found:
        return Part("")
    told = [told_here(finding, origin) for finding in found[:MAX_TOLD]]
    title = f"Not posted in the diff: {len(found):,}"
    return Part(folded(title, _with_rest(told, len(found))), f"{title}.", patience=3)


def _also_seen(report: Report, origin: Origin) -> Part:
    seen = also_seen(report)
    if not seen:
        return Part("")
    title = f"Also seen: {len(seen):,}"
    return Part(folded(title, also_seen_words(seen, origin)), f"{title}.", patience=2)


def also_seen_words(seen: tuple[AlsoSeen, ...], origin: Origin) -> str:
    """Each finding that is kept back with its reason, and how many are not told."""
    told = [
        f"{told_here(s.finding, origin)}\n\n_Not a comment:_ {phrase(s.reason, limit=200)}" for s in seen[:MAX_TOLD]
    ]
    return _with_rest(told, len(seen))


def told_here(finding: Finding, origin: Origin) -> str:
    """A finding where no line of the diff carries it."""
    where = f"{origin.location(finding.location)}, `{finding.id}`"
    title = f"**{finding.severity} · {phrase(finding.title, limit=200)}** ({where})"
    return f"{title}\n\n{block(finding.body, limit=800)}"


def _with_rest(told: list[str], number: int) -> str:
    more = [f"… and {number - len(told):,} more."] if number > len(told) else []
    return "\n\n".join([*told, *more])


def _dismissed(report: Report, origin: Origin) -> Part:
    if not report.dismissed:
        return Part("")
    title = f"Dismissed: {len(report.dismissed):,}"
    return Part(folded(title, dismissed_words(report, origin)), f"{title}.", patience=1)


def dismissed_words(report: Report, origin: Origin) -> str:
    """What people dismissed, and who: it is not said again until the code there changes."""
    told = [
        f"- {k.finding.severity} {phrase(k.finding.title, limit=160)} ({origin.location(k.finding.location)}, "
        f"`{k.finding.id}`), by {inline(k.dismissed_by, limit=60) if k.dismissed_by else 'somebody'}"
        f"{': ' + phrase(k.reason, limit=200) if k.reason else ''}"
        for k in report.dismissed[:MAX_TOLD]
    ]
    more = len(report.dismissed) - MAX_TOLD
    return "\n".join([*told, *([f"- … and {more:,} more"] if more > 0 else [])])


def _coverage(report: Report) -> Part:
    title = coverage_title(report.ledger)
    return Part(folded(title, coverage_table(report.ledger)), f"{title}. {_IN_THE_CHECK}")


def how(report: Report, origin: Origin) -> str:
    """The facts, then the claims that did not stand."""
    return "\n\n".join(part for part in (how_table(report, origin), claims(report)) if part)
