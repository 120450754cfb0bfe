"""A simulation for the terminal: a row for each merge with what it would have waited for, then the totals."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from app.domain.entries import display_path
from app.domain.gate.past_pull import Approval
from app.domain.gate.simulation import Need, Simulated, Simulation, Totals, names_of
from app.domain.messages.counting import counted
from app.domain.terminal import Style
from app.domain.visible import visible

_HEADING = "COMMIT        DATE        CORE  SUBJECT"
_INDENT = " " * _HEADING.index("SUBJECT")
_LEAST_SUBJECT = 20
_MAX_ASKED = _MAX_PATHS = 10
_MAX_RULES = 3
_MAX_NAMES = 12


def simulation_text(simulation: Simulation, style: Style) -> str:
    """Nobody's words can move the cursor. Subjects are cut to the width, requirements wrapped."""
    lines = [*(style.paint(told, "1") for told in _heading(simulation)), ""]
    if simulation.merges:
        lines.append(style.paint(_HEADING, "1"))
    for one in simulation.merges:
        lines += _rows(one, style)
    if simulation.merges:
        lines.append("")
    return "\n".join([*lines, *_totals(simulation, style)])


def _heading(simulation: Simulation) -> Iterator[str]:
    branch, told = _line(simulation.branch), f"since {simulation.since:%Y-%m-%d}, by {_line(simulation.policy)}"
    if not simulation.repository:
        yield f"Merges into {branch} {told}"
        return
    yield f"Pull requests merged into {branch} of {_line(simulation.repository)} {told}"
    yield "CODEOWNERS is that of each pull request's base commit"


def _rows(one: Simulated, style: Style) -> Iterator[str]:
    merge = one.merge
    core = "?" if one.unknown else f"{len(one.core)}"
    title = merge.subject if merge.pull is None else f"#{merge.pull.number} {merge.subject}"
    subject = _cut(_line(title), max(style.width - len(_INDENT), _LEAST_SUBJECT))
    row = f"{merge.commit[:12]}  {merge.at:%Y-%m-%d}  {core:>4}  {subject}"
    yield style.paint(row, "33") if one.needs or one.unknown else row
    if one.unknown:
        yield _hanging(f"not known: {_line(one.unknown)}", style)
    yield from (_hanging(_need(need), style) for need in one.needs)
    if one.approvals is not None:
        yield _hanging(_approved(one.approvals), style)


def _need(need: Need) -> str:
    """As in `1 approval of @alice or @acme/security for 2 paths: Sign-in (tiers.core: app/auth/** (policy))`."""
    who = _line(" or ".join(_few(names_of(need.eligible), _MAX_NAMES)))
    nobody = ", which nobody can give: only e-mail addresses are named" if need.eligible.nobody else ""
    rules = _line(", ".join(_few(need.because, _MAX_RULES)))
    why = f"{_line(need.reason)} ({rules})" if need.reason else rules
    return f"{counted(need.approvals, 'approval')} of {who} for {counted(need.paths, 'path')}{nobody}: {why}"


def _approved(approvals: Sequence[Approval]) -> str:
    """As in `approved by @alice, @bob (an earlier commit)`."""
    names = _few((_approval(one) for one in approvals), _MAX_NAMES)
    return _line(f"approved by {', '.join(names)}" if names else "approved by nobody")


def _approval(one: Approval) -> str:
    who = "an account that is gone" if one.login is None else f"@{one.login}"
    notes = [*(() if one.human else ("no person",)), *(() if one.on_head else ("an earlier commit",))]
    return f"{who} ({', '.join(notes)})" if notes else who


def _totals(simulation: Simulation, style: Style) -> Iterator[str]:
    sums = simulation.totals
    yield style.paint("Totals", "1")
    yield f"  merges seen        {sums.merges:,}"
    if simulation.more:
        cut = sums.merges + simulation.left < simulation.most
        words = (
            "may be more: GitHub's list is too long"
            if cut
            else f"are more: only the newest {simulation.most:,} are looked at"
        )
        yield f"                     there {words}"
    if simulation.left:
        yield f"  not looked at      {simulation.left:,}: {_line(simulation.stopped)}"
    yield f"  would have waited  {sums.waiting:,} ({sums.percent:.1f} %)"
    if sums.impossible:
        yield f"  never approvable   {sums.impossible:,}, for which only e-mail addresses are named"
    if sums.unknown:
        yield f"  not known          {sums.unknown:,}, left out of the percentage"
    yield f"  approvals          {sums.approvals:,}"
    if sums.asked:
        yield from _asked(sums, style)
        yield from _paths(sums, style)


def _asked(sums: Totals, style: Style) -> Iterator[str]:
    yield ""
    yield style.paint("Asked for approvals (of these alone; in so many merges)", "1")
    for one in sums.asked[:_MAX_ASKED]:
        yield f"  {one.approvals:>6,} ({one.alone:,}; {one.merges:,})  {_line(one.who)}"
    yield from _left(len(sums.asked))


def _paths(sums: Totals, style: Style) -> Iterator[str]:
    yield ""
    yield style.paint("Paths that asked most (in so many merges)", "1")
    for one in sums.paths[:_MAX_PATHS]:
        yield f"  {one.merges:>6,}  {display_path(one.path)}"
    yield from _left(sums.core_paths)


def _left(number: int) -> Iterator[str]:
    if number > _MAX_PATHS:
        yield f"  … and {number - _MAX_PATHS:,} more"


def _few(texts: Iterable[str], most: int) -> list[str]:
    every = [*texts]
    return every if len(every) <= most else [*every[:most], f"{len(every) - most:,} more"]


def _hanging(text: str, style: Style) -> str:
    width = max(style.width, len(_INDENT) + _LEAST_SUBJECT)
    further = f"{_INDENT}  "
    return "\n".join(
        textwrap.wrap(text, width, initial_indent=_INDENT, subsequent_indent=further, break_on_hyphens=False)
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _line(text: str) -> str:
    return " ".join(visible(text).split())
