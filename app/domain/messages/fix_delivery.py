"""Where a fix went: the first words of its report, and the pull request that is opened for it."""

from __future__ import annotations

from app.domain.inert import code_span, link
from app.domain.messages.origin import Origin
from app.domain.pull_request import Sha


def pushed(commit: Sha, branch: str, origin: Origin) -> str:
    return f"**Fixed in {origin.commit(commit)}, pushed to {code_span(branch, limit=200)}.**"


def stacked(commit: Sha, number: int, onto: str, origin: Origin) -> str:
    """`number` is that of the pull request for it."""
    label = code_span(f"#{number}", limit=20)
    there = link(label, f"{origin.github_url}/{origin.repository}/pull/{number}")
    return (
        f"**Fixed in {origin.commit(commit)}, in pull request {there}.** Merge it into {code_span(onto, limit=200)} to "
        "have it here."
    )


def branch_only(commit: Sha, branch: str, origin: Origin) -> str:
    return (
        f"**Fixed in {origin.commit(commit)}, on the branch {code_span(branch, limit=200)}.** GitHub let no "
        "pull request be opened for it."
    )


def stacked_title(number: int) -> str:
    return f"Fixes for #{number}"


def stacked_body(number: int, onto: str, report: str) -> str:
    """`report` is inert."""
    first = f"What was asked for in #{number}, as one commit onto {code_span(onto, limit=200)}, its branch."
    return f"{first}\n\n{report}"


def other_content() -> str:
    return "**GitHub's commit has another content than the patch that was verified.** Do not merge it unread."


def only_shown_in_forks() -> str:
    """Follows that nothing was pushed."""
    return "The policy wants a pull request for it, and in the repository of a fork none is opened."


def made_before(base: Sha, now: Sha) -> str:
    """Follows a patch that is shown only."""
    return f"It was made for {code_span(base[:12], limit=20)}; the branch is at {code_span(now[:12], limit=20)} now."


def branch_taken(branch: str) -> str:
    return f"There is a branch {code_span(branch, limit=200)} already, and nothing is pushed to what is not mine."
