"""What a fix says in its one comment: that it was asked for, how far it is, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.entries import display_path
from app.domain.fix.git_patch import git_patch
from app.domain.fix.plan import Plan, StepState
from app.domain.fix.report import Cost, Fixed, Pushed, Shown
from app.domain.fix.verifying import Ran
from app.domain.inert.characters import is_plain
from app.domain.inert.code import fenced
from app.domain.messages.commands import Named, answer
from app.domain.messages.counting import at_utc, counted, dollars
from app.domain.messages.discreet import cell, cell_code, code_span, fenced_end, inline, phrase
from app.domain.messages.fix_account import account
from app.domain.messages.folding import Part, fitted_body, folded
from app.domain.messages.origin import Origin
from app.domain.objects import Change
from app.domain.patches import Refusal
from app.domain.pull_request import Sha
from app.domain.static_checks import redact_secrets

MAX_BODY = 60_000
_MAX_FILES = 30
_MAX_LEFT = 5
_MAX_EXPECTATIONS = 10
_OUTPUT = 4_000
_MAX_PATCH = MAX_BODY // 2
_CACHES = frozenset(
    ("__pycache__", "node_modules", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".cache", ".gradle")
)
"""Directories that programs fill by themselves, of which nobody needs to be told."""
_TOO_LONG = "The patch is too long for a comment."
_MARKS = {StepState.DONE: "x", StepState.DOING: " ", StepState.PENDING: " "}


@dataclass(frozen=True, slots=True)
class Speaker:
    """Whom a fix answers, from where, and in which run."""

    named: Named
    origin: Origin
    mark: str
    """Ours, by which the comment is found again."""

    def comment(self, *parts: str) -> str:
        """The whole comment. Whoever made a part took secrets out of it, and here they are looked for once more."""
        text = answer(self.named, "\n\n".join(part for part in parts if part))
        return f"{redact_secrets(text, keep_lines=True)}\n\n{self.mark}"


def queued(what: str, head: Sha) -> str:
    """`what` is inert."""
    return f"Fixing {what} on {code_span(head[:12], limit=20)}. What comes of it is told here; `stop` ends it."


def working(what: str, head: Sha, line: str, plan: Plan | None) -> str:
    """How far it is, in one line of ours, and the model's own plan."""
    steps = [f"- [{_MARKS[step.state]}] {_step(step.text, step.state)}" for step in (plan.steps if plan else ())]
    told = f"Fixing {what} on {code_span(head[:12], limit=20)}: {line}"
    return "\n\n".join((told, *(("The model's plan:", "\n".join(steps)) if steps else ())))


def waits(reason: str, until: datetime) -> str:
    """A line for `working`: it is tried again by itself."""
    return f"it waits, and goes on at {at_utc(until)}: {phrase(reason, limit=300)}"


def _step(text: str, state: StepState) -> str:
    told = phrase(text, limit=160)
    return f"**{told}**" if state is StepState.DOING else told


def report(
    fixed: Fixed, pushed: Pushed | None, origin: Origin, cost: Cost | None, *, delivered: str, patch: str = ""
) -> str:
    """All that a person needs in order to judge the commit. `delivered` says in our words why it is nowhere;
    `patch` is inert.
    """
    parts = [
        Part(f"**{delivered}**" if delivered else ""),
        Part(patch),
        Part(_stat(fixed)),
        Part(_checks(fixed)),
        Part(_warnings(fixed)),
        Part(account(fixed.answer, fixed.findings, untested=fixed.checked.regression is Shown.NO_TEST)),
        Part(_outputs(fixed), short="", patience=0),
        Part(_footer(origin, cost, pushed)),
    ]
    return fitted_body(parts, MAX_BODY, note="the rest is in the run's record")


def not_fixed(reason: str, origin: Origin, cost: Cost | None, *, details: str = "") -> str:
    """Nothing was pushed, and why. `reason` and `details` are inert."""
    return "\n\n".join(
        part for part in (f"**Nothing was pushed.** {reason}", details, _footer(origin, cost, None)) if part
    )


def offered(why: str) -> str:
    """`why` is one of our own sentences, or nothing."""
    return f"Here is a patch; nothing was pushed.{f' {why}' if why else ''}"


def fork_is_closed() -> str:
    return "The author of this fork does not let maintainers edit its branch."


def patch_text(changes: Sequence[Change]) -> str:
    """The patch, folded, for `git apply`; nothing where a comment cannot carry it whole and unchanged."""
    text = git_patch(changes)
    if len(text) > _MAX_PATCH or not is_plain(text) or redact_secrets(text) != text:
        return ""
    return folded("The patch, for git apply", fenced(text, "diff"))


def patch_not_shown(why: str) -> str:
    """`why` is one of our own sentences, or nothing."""
    told = (
        "There is a patch, but a comment cannot carry it: it is too long, or has characters that would be changed, or "
        "a secret."
    )
    return f"{told}{f' {why}' if why else ''}"


def base_changed() -> str:
    return "The base of the pull request, or its policy, changed meanwhile. Look at it, and ask again."


def refusals(found: Sequence[Refusal]) -> str:
    """Each path that stood in the way, with its reason; a reason about the whole patch is a sentence."""
    lines = [
        f"- {code_span(display_path(one.path), limit=200)} {inline(one.reason, limit=300)}"
        if one.path
        else f"- The patch: {inline(one.reason, limit=300)}"
        for one in found[:_MAX_FILES]
    ]
    return "\n".join([*lines, *([f"- … and {len(found) - _MAX_FILES} more"] if len(found) > _MAX_FILES else [])])


def barred(found: Sequence[Refusal]) -> str:
    """What the model wanted to change in vain; nothing where there is nothing."""
    return f"It wanted to change what a fix may not:\n\n{refusals(found)}" if found else ""


def ran_words(ran: Ran) -> str:
    """How a command ended, as the code of the pull request reported it."""
    counts = ran.counts
    told = [] if counts is None else [f"{counts.executed} ran", f"{counts.failed} failed", f"{counts.skipped} skipped"]
    end = f"stopped at {ran.limit}" if ran.limit else f"exit {ran.status}" if ran.status is not None else "killed"
    return ", ".join([*told, end])


def _stat(fixed: Fixed) -> str:
    rows = [
        f"| {cell_code(display_path(one.path), limit=200)} | +{one.added} | -{one.removed} |"
        for one in fixed.files[:_MAX_FILES]
    ]
    more = len(fixed.files) - _MAX_FILES
    told = ["", f"… and {counted(more, 'more file')}."] if more > 0 else []
    return "\n".join(["| file | added | removed |", "| --- | --- | --- |", *rows, *told])


def _checks(fixed: Fixed) -> str:
    checked = fixed.checked
    rows = [_row(was, now) for was, now in zip(checked.before, checked.after, strict=True)]
    told = [f"- {phrase(one, limit=300)}" for one in checked.told]
    first = f"Checks from {inline(checked.source, limit=100)}, as reported by the code of this pull request:"
    return "\n".join(
        [first, "", "| command | before | after |", "| --- | --- | --- |", *rows, *(["", *told] if told else [])]
    )


def _row(was: Ran, now: Ran) -> str:
    cells = (cell_code(was.command, limit=160), *(cell(ran_words(one), limit=120) for one in (was, now)))
    return f"| {' | '.join(cells)} |"


def _warnings(fixed: Fixed) -> str:
    regression = {
        Shown.FAILS_WITHOUT: "The new or changed test fails on the code without the fix, and passes with it.",
        Shown.FAILED_BEFORE: "Checks that failed before the fix pass with it.",
        Shown.PASSES_WITHOUT: "**The new or changed test also passes without the fix**, so it shows nothing.",
        Shown.NO_TEST: "No test was added or changed.",
        Shown.NOT_RUN: "The new or changed test could not be run on the code without the fix, so it shows nothing.",
        Shown.NOT_COUNTED: "With the new or changed test but without the fix, the checks end badly and do not say why.",
    }[fixed.checked.regression]
    lines = [regression, *([_failing(fixed.failing)] if fixed.failing else [])]
    if fixed.onto is not None:
        onto = code_span(fixed.onto[:12], limit=20)
        lines.append(f"The branch was pushed to meanwhile: the patch was applied to {onto}, and is verified there.")
    lines += [
        f"Look at this expectation, which was changed: {phrase(one, limit=300)}"
        for one in fixed.expectations[:_MAX_EXPECTATIONS]
    ]
    if (more := len(fixed.expectations) - _MAX_EXPECTATIONS) > 0:
        lines.append(f"Look at {counted(more, 'more expectation')} that {'was' if more == 1 else 'were'} changed.")
    if left := [one for one in fixed.extras if _CACHES.isdisjoint(one.split("/"))]:
        names = ", ".join(code_span(display_path(one), limit=120) for one in left[:_MAX_LEFT])
        lines.append(f"Not part of the patch: {names}{' and more' if len(left) > _MAX_LEFT else ''}.")
    return "\n\n".join([*lines, *([barred(fixed.barred)] if fixed.barred else [])])


def _failing(names: Sequence[str]) -> str:
    told = ", ".join(code_span(one, limit=120) for one in names[:_MAX_LEFT])
    more = f" and {len(names) - _MAX_LEFT} more" if len(names) > _MAX_LEFT else ""
    return (
        f"Asked for because checks of others failed: {told}{more}. **They were not run here**: whether they pass with "
        "the fix is for their next run to say."
    )


def _outputs(fixed: Fixed) -> str:
    shown = [
        f"{code_span(ran.command, limit=160)}, {when}\n\n{fenced_end(ran.output, limit=_OUTPUT)}"
        for when, runs in (("before", fixed.checked.before), ("after", fixed.checked.after))
        for ran in runs
        if ran.output.strip()
    ]
    return folded("What the checks printed last", "\n\n".join(shown)) if shown else ""


def _footer(origin: Origin, cost: Cost | None, pushed: Pushed | None) -> str:
    """Without a cost where nobody here can tell it."""
    told = ""
    if cost is not None:
        usd = "price unknown" if cost.usd is None else dollars(cost.usd)
        spent = f"{counted(cost.calls, 'model call')}, {cost.tokens:,} tokens, {usd}"
        told = f"{spent if cost.calls else 'No model was asked'}. "
    told += f"All steps: {code_span(f'revwright runs logs {origin.run_id} --full', limit=80)}."
    if pushed is not None:
        told += " The commit is reviewed like any other, and the approval of whoever asked for it does not count."
    return told


def reasons(found: Sequence[str]) -> str:
    return "\n".join(f"- {phrase(one, limit=300)}" for one in found[:20])


def still_failing(found: Sequence[Ran]) -> str:
    """Commands that end badly, and how."""
    return "\n".join(f"- {code_span(ran.command, limit=160)}: {inline(ran_words(ran), limit=120)}" for ran in found)


def printed(output: str) -> str:
    """What a program printed, folded."""
    return folded("What it printed", fenced_end(output, limit=_OUTPUT))
