"""What the checks on a group of the merge queue say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.inert import phrase
from app.domain.messages.check import MAX_OUTPUT, CheckOutput
from app.domain.messages.counting import counted
from app.domain.messages.folding import Part, fitted_body

_WHAT_TO_DO = (
    "**What to do:** take the pull request out of the queue, see to it that this check passes on its head, and queue "
    "it again. A new group is looked at anew."
)


@dataclass(frozen=True, slots=True)
class Lack:
    """Why the group does not pass: for a pull request in it (`number`), or for the group itself."""

    number: int | None
    what: str


def checking() -> CheckOutput:
    return CheckOutput("Looking at the group", "Which pull requests are in it, and have they passed?")


def passed(numbers: Sequence[int], check: str) -> CheckOutput:
    told = ", ".join(f"#{number}" for number in numbers)
    return CheckOutput(
        f"Passed before: {counted(len(numbers), 'pull request')}",
        f"`{check}` has passed on the present head of each pull request in this group: {told}. The group's files are "
        "what merging them gives, and nothing else.",
    )


def lacking(lacks: Sequence[Lack], check: str) -> CheckOutput:
    told = "\n".join(_line(lack) for lack in lacks)
    parts = [
        Part(f"`{check}` passes on a group only when it has passed on all that is in it:"),
        Part(told),
        Part(_WHAT_TO_DO),
    ]
    numbers = sorted({lack.number for lack in lacks if lack.number is not None})
    title = f"Not passed: {', '.join(f'#{number}' for number in numbers)}" if numbers else "Not what was reviewed"
    return CheckOutput(title[:250], fitted_body(parts, MAX_OUTPUT, note="… cut: GitHub takes no more text here."))


def gone() -> CheckOutput:
    return CheckOutput("The group is gone", "GitHub took it away before this check was done.")


def failed(reason: str, *, run_id: str) -> CheckOutput:
    """The job gave up. `reason` may carry words of GitHub or git, so it is made inert."""
    return CheckOutput(
        "Not decided: the look at the group failed",
        "What is in this group could not be found out, so it does not pass.\n\n"
        f"**Reason:** {phrase(reason, limit=500)}\n\nQueue the pull request again; `revwright runs show {run_id}` "
        "tells an operator more.",
    )


def _line(lack: Lack) -> str:
    what = phrase(lack.what, limit=400)
    return f"- {what}" if lack.number is None else f"- #{lack.number}: {what}"
