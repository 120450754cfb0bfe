"""What the check `revwright/gate` and its one comment say: who must approve what and why, and what to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.domain.entries import display_path
from app.domain.findings import Location
from app.domain.foreign_checks import Foreign
from app.domain.gate.asking import Ask
from app.domain.gate.decision import GateDecision, Refused, RequirementState
from app.domain.gate.reading import ReadingList
from app.domain.gate.requirements import Eligible, Requirement
from app.domain.inert import cell, cell_code, cell_phrase, code_span, phrase
from app.domain.messages.check import MAX_OUTPUT, CheckOutput
from app.domain.messages.counting import counted
from app.domain.messages.folding import Part, fitted_body, folded, size_in_bytes
from app.domain.messages.origin import Origin

GATE_CHECK = "revwright/gate"
APPROVAL_LABEL = "needs core approval"

_PINNED = (
    "It counts for nothing: the base branch requires these checks from this App alone. Who set it, and why, is worth a "
    "question all the same."
)
_NOT_PINNED = (
    "GitHub may take it for ours, so this check does not pass. **What to do:** in the protection or the ruleset of the "
    "base branch, choose this App as the source of these required checks; then press Re-run here. A push makes a new "
    "commit, where nobody has set anything yet."
)

_MAX_COMMENT = 60_000
_MAX_PATHS, _MAX_NAMES, _MAX_PROBLEMS = 5, 12, 50


@dataclass(frozen=True, slots=True)
class GateStory:
    """Everything that is told of one decision. `problems`: what is wrong with the policy of the base commit."""

    decision: GateDecision
    ask: Ask
    reading: ReadingList
    problems: tuple[str, ...] = ()
    unrequested: bool = False
    """GitHub refused to request the reviews."""


def untouched() -> CheckOutput:
    return CheckOutput("No core path is changed", "Nothing in this change waits for a person's approval.")


def concluded(story: GateStory, origin: Origin) -> CheckOutput:
    """The finished check, met or not."""
    parts = [Part(_problems(story.problems)), Part(_lead(story)), Part(_table(story.decision.requirements))]
    if story.decision.unmet:
        parts += [Part(_asked(story)), Part(_refused(story.decision.unmet))]
    return CheckOutput(
        title=_title(story)[:250],
        summary=_within(parts, MAX_OUTPUT),
        text=_within([Part(_reading(story.reading, origin))], MAX_OUTPUT) if story.decision.unmet else "",
    )


def comment(story: GateStory, origin: Origin, mark: str) -> str:
    """The one comment, which is edited when things change."""
    parts = [
        Part(f"**{_title(story)}**"),
        Part(_problems(story.problems)),
        Part(_lead(story)),
        Part(_table(story.decision.requirements)),
    ]
    if story.decision.unmet:
        reading = folded(f"What to read, in this order: {_places(story.reading)}", _reading(story.reading, origin))
        parts += [Part(_asked(story)), Part(_refused(story.decision.unmet)), Part(reading, "")]
    body = fitted_body(parts, _MAX_COMMENT - len(mark) - 2, note="… cut: GitHub takes no more text here.")
    return f"{body}\n\n{mark}"


def with_foreign(output: CheckOutput, foreign: Foreign, *, passed: bool) -> CheckOutput:
    """The same with the checks that others set under our names. `passed`: whether it would pass without them."""
    told = "\n".join(f"- {code_span(one.name, limit=60)}: {phrase(one.source, limit=300)}" for one in foreign.checks)
    lead = f"**Another source set a check with a name of ours on this commit:**\n\n{told}\n\n"
    says = _PINNED if foreign.pinned else _NOT_PINNED
    title = "Another source set a check with a name of ours" if passed and not foreign.pinned else output.title
    parts = [Part(lead + says), Part(output.summary)]
    return replace(output, title=title, summary=_within(parts, MAX_OUTPUT))


def foreign_lack(foreign: Foreign) -> str:
    """The same for a group of a merge queue, as a clause."""
    told = ", ".join(f"{one.name} ({one.source})" for one in foreign.checks)
    return (
        f"another source set a check with a name of ours on it: {told}; require it from this App alone, in the "
        "settings of the branch, and press Re-run"
    )


def failed(reason: str, *, run_id: str) -> CheckOutput:
    """The job gave up. `reason` may carry words of GitHub or git, so it is made inert."""
    return CheckOutput(
        "Not decided: the gate failed",
        "Whether this change has the approvals that it needs could not be found out, so it does not pass.\n\n"
        f"**Reason:** {phrase(reason, limit=500)}\n\nAny new review, or a push, tries once more; or an operator runs "
        f"`revwright runs retry {run_id}`.",
    )


def superseded() -> CheckOutput:
    return CheckOutput("Superseded by a newer head", "The branch moved on; approvals count for the newest head.")


def closed() -> CheckOutput:
    return CheckOutput("The pull request is closed", "It was closed before it had its approvals.")


def _title(story: GateStory) -> str:
    if story.problems:
        return "The policy of the base branch is invalid"
    decision = story.decision
    if decision.met:
        return f"Approved: {counted(len(decision.requirements), 'requirement')} met"
    missing = sum(state.missing for state in decision.unmet)
    return f"Waiting for {counted(missing, 'approval')} of core paths"


def _lead(story: GateStory) -> str:
    decision = story.decision
    if decision.problem:
        return f"Nobody's approval counts: {phrase(decision.problem, limit=400)}."
    if decision.met:
        return "Everybody whose approval the core paths of this change need has given it, on this content."
    return (
        "This change touches core paths, which wait for a person. An approving review counts when it comes from "
        "somebody named below who may write here and had no hand in the change."
    )


def _problems(problems: Sequence[str]) -> str:
    if not problems:
        return ""
    told = "\n".join(f"- {phrase(problem, limit=400)}" for problem in problems[:_MAX_PROBLEMS])
    return f"The check cannot pass until this is put right on the base branch:\n\n{told}"


def _table(states: Sequence[RequirementState]) -> str:
    if not states:
        return ""
    rows = ["| core paths | why | who may approve | approvals |", "| --- | --- | --- | --- |"]
    for state in states:
        asked = state.requirement
        told = (_paths(asked), _why(asked), _who(asked.eligible), _count(state))
        rows.append(f"| {' | '.join(told)} |")
    return "\n".join(rows)


def _paths(asked: Requirement) -> str:
    shown = [cell_code(display_path(entry.path), limit=120) for entry in asked.entries[:_MAX_PATHS]]
    left = len(asked.entries) - len(shown)
    return "<br>".join([*shown, *([f"… and {left:,} more"] if left else [])])


def _why(asked: Requirement) -> str:
    reason = cell_phrase(asked.reason, limit=200) if asked.reason else ""
    rules = ", ".join(cell(rule, limit=100) for rule in asked.because[:_MAX_PATHS])
    return f"{reason}<br>{rules}" if reason else rules


def _who(eligible: Eligible) -> str:
    if eligible.anyone:
        return "anyone with write access"
    names = [*sorted(eligible.users), *sorted(eligible.teams)]
    shown: list[str] = [cell_code(f"@{name}", limit=120) for name in names[:_MAX_NAMES]]
    shown += [f"… and {len(names) - len(shown):,} more"] if len(names) > len(shown) else []
    shown += [f"{cell_code(one, limit=120)} (an address: GitHub does not say whose)" for one in eligible.unresolvable]
    return "<br>".join(shown)


def _count(state: RequirementState) -> str:
    needed = state.requirement.approvals
    who = ", ".join(cell_code(person.login, limit=60) for person in state.counted[:_MAX_NAMES])
    return f"{min(len(state.counted), needed)} of {needed}" + (f": {who}" if who else "")


def _asked(story: GateStory) -> str:
    ask, lines = story.ask, []
    names = [*(f"@{user}" for user in ask.users), *(f"@{team}" for team in ask.teams)]
    if names:
        told = ", ".join(code_span(name, limit=120) for name in names)
        lines.append(
            f"GitHub did not take the request for a review of {told}; please ask them yourself."
            if story.unrequested
            else f"Review requested from {told}."
        )
    lines += [f"**Nobody can approve {_first(one)}**: {_nobody(one)}" for one in ask.nobody]
    lines += [
        f"For {_first(one)} fewer people may approve than the policy asks for ({one.approvals}); "
        "widen `from` or lower `approvals` in the policy of the base branch."
        for one in ask.too_few
    ]
    return "\n\n".join(lines)


def _nobody(asked: Requirement) -> str:
    if asked.eligible.nobody:
        return "only e-mail addresses are named in CODEOWNERS, and GitHub does not say whose they are. Name accounts."
    teams = " Members of a team are known only if the App has the organisation permission *Members: read*."
    return (
        "everybody who is named wrote the change, may not write here, or is not known. Name others in `from` of the "
        f"policy or in CODEOWNERS on the base branch.{teams if asked.eligible.teams else ''}"
    )


def _first(asked: Requirement) -> str:
    first = code_span(display_path(asked.entries[0].path), limit=120)
    return f"{first} and {len(asked.entries) - 1:,} more" if len(asked.entries) > 1 else first


def _refused(states: Sequence[RequirementState]) -> str:
    """Who reviewed without its counting, each with the paths for which it does not where it does for others."""
    where: dict[str, list[str]] = {}
    for state in states:
        for told in dict.fromkeys(map(_not_counted, state.refused)):
            where.setdefault(told, []).append(_first(state.requirement))
    lines = [
        f"- {told}." if len(paths) == len(states) else f"- {told}: {_few(paths)}." for told, paths in where.items()
    ]
    return "Reviews that do not count:\n\n" + "\n".join(lines) if lines else ""


def _few(paths: Sequence[str]) -> str:
    left = len(paths) - _MAX_PATHS
    return ", ".join([*paths[:_MAX_PATHS], *([f"… and {left:,} more"] if left > 0 else [])])


def _not_counted(one: Refused) -> str:
    name = code_span(one.person.login, limit=60) if one.person else "somebody"
    return f"{name} {one.why}"


def _reading(reading: ReadingList, origin: Origin) -> str:
    lines = []
    for number, place in enumerate(reading.places, start=1):
        if place.start is None or place.end is None:
            where: str = code_span(display_path(place.path), limit=200)
        else:
            where = origin.location(Location(place.path, place.start, place.end))
        note = f" ({phrase(place.note, limit=120)})" if place.note else ""
        lines.append(f"{number}. {where}: {counted(place.changed, 'changed line')}{note}")
    if reading.more:
        lines.append(f"\n… and {reading.more:,} more.")
    return "\n".join(lines)


def _places(reading: ReadingList) -> str:
    return counted(len(reading.places) + reading.more, "place")


def _within(parts: Sequence[Part], limit: int) -> str:
    shown = [part for part in parts if part.text]
    return fitted_body(shown, limit, note="… cut: GitHub takes no more text here.", size=size_in_bytes)
