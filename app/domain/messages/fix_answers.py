"""What somebody who asks for a fix is answered, and why nothing is pushed."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.fix.network_wanted import network_wanted
from app.domain.messages.counting import counted
from app.domain.messages.discreet import code_span, inline, phrase
from app.domain.pull_request import Sha
from app.domain.sandbox import SetupReach
from app.domain.severity import Severity
from app.domain.threads import Permission

_NAMED = 5
_NAMED_TESTS = 10


def what(findings: Sequence[str], *, words: bool, ci: bool = False) -> str:
    """What is to be fixed, in inert words."""
    if ci:
        return "what makes checks fail"
    told = [code_span(one, limit=20) for one in findings[:_NAMED]]
    named = ", ".join(told) + (f" and {len(findings) - _NAMED} more" if len(findings) > _NAMED else "")
    return " and ".join(part for part in (named, "what the comment describes" if words else "") if part)


def accepted() -> str:
    """In a thread: the comment of the fix stands in the conversation."""
    return "Being fixed: a comment in the conversation tells how far it is and what comes of it."


def nothing_to_fix(asked: str, *, unseen: Sha | None = None) -> str:
    """`unseen` is the head, where no review of it has ended yet."""
    if unseen is not None:
        return f"There is no {asked} yet: {_not_reviewed(unseen)}"
    return f"There is no {asked}. Name a finding by its id, say `all`, or say in words what to fix."


def nothing_fails(block_at: Severity, unread: Sequence[str] = (), *, unseen: Sha | None = None) -> str:
    """`unread` says of which checks nobody knows whether they fail, and why; `unseen` is as above."""
    if unread:
        checks = f"whether checks of others fail on this head cannot be read ({phrase('; '.join(unread), limit=300)})"
    else:
        checks = "no check of others fails on this head"
    if unseen is not None:
        return f"There is no open finding of {block_at} or worse yet, and {checks}: {_not_reviewed(unseen)}"
    return (
        f"There is no open finding of {block_at} or worse, and {checks}. "
        "Name a finding by its id, say `all`, or say in words what to fix."
    )


def found_since(findings: Sequence[str]) -> str:
    """They were found, or opened again, after somebody asked for a fix of whatever is open."""
    named = what(findings, words=False)
    return f"When it was asked for, no finding was open that it could mean; now there is {named}. Ask again."


def _not_reviewed(head: Sha) -> str:
    return (
        f"{code_span(head[:12], limit=20)} is not reviewed. Ask again when its review has ended; if none is under way, "
        "ask for a `review`. Or say in words what to fix."
    )


def not_enabled() -> str:
    return "The policy of this repository does not let fixes be made (`fix.enabled`)."


def no_model() -> str:
    return "No model is configured, and without one nothing can be fixed."


def no_sandbox() -> str:
    return (
        "This deployment has no sandbox, and code of a pull request is never run without one. "
        "`revwright doctor` says why."
    )


def one_sandbox() -> str:
    return (
        "A fix needs two sandboxes, one to work in and one to verify in, and this deployment has one at a time "
        "(`REVWRIGHT_SANDBOXES_AT_ONCE`)."
    )


def head_not_seen() -> str:
    return (
        "The branch was pushed to while you wrote, or nobody told me of its newest commit. Look at it, and say it "
        "again; if that does not help, ask for a `review` first."
    )


def too_many_attempts(most: int) -> str:
    tried = counted(most, "fix was", "fixes were")
    return f"{tried} tried on this pull request, and the policy allows no more (`fix.max_attempts`)."


# Why nothing is pushed. All of them follow "Nothing was pushed."


def closed() -> str:
    return "The pull request is closed."


def head_moved(now: Sha) -> str:
    return f"The branch is at {code_span(now[:12], limit=20)} now. Look at it, and ask again."


def may_not(login: str) -> str:
    return f"{inline(login, limit=60)} may not ask for fixes here any more."


def policy_invalid() -> str:
    return "The policy of the base branch is invalid; the check says where."


def comment_gone() -> str:
    return "The comment that asked for it was edited or deleted before I began. Say again what to fix."


def no_checks() -> str:
    return (
        "There is nothing to verify a fix with: the policy names no commands under `fix.verify`, and none was found in "
        'AGENTS.md or in the project\'s files. Name one, such as `verify: ["pytest -q"]`.'
    )


def conflict(base: str) -> str:
    return f"The pull request is in conflict with {code_span(base, limit=100)}. Resolve that first."


def turned_off(commit: str) -> str:
    """`commit` is a link."""
    return (
        f"My commit {commit} was taken back, so I fix nothing here any more. If it is wanted all the same, "
        "a maintainer can say `fix --again`."
    )


def may_not_again(commit: str, login: str, least: Permission) -> str:
    """`commit` is a link."""
    return (
        f"My commit {commit} was taken back, and `fix --again` asks for the permission {code_span(least, limit=20)}, "
        f"which {inline(login, limit=60)} does not have here."
    )


def branch_gone() -> str:
    return "The branch of this pull request, or its repository, is gone."


def branch_protected(branch: str, *, fork: bool) -> str:
    """`fork`: it is a branch of one, where no pull request of ours is opened."""
    if fork:
        instead = (
            "Open the pull request from another branch of the fork, or have the patch shown in the comment with "
            "`fix.deliver: suggest` in the policy."
        )
    else:
        instead = "With `fix.deliver: pull_request` in the policy, a pull request onto it is opened instead."
    named = code_span(branch, limit=100)
    return f"The branch {named} is protected, or is the default one: nothing is pushed to it. {instead}"


def branch_is_base(branch: str, number: int) -> str:
    return (
        f"The branch {code_span(branch, limit=200)} is the base of pull request {code_span(f'#{number}', limit=20)}, "
        "which a push would change as well. `fix.deliver: pull_request` in the policy proposes the commit instead."
    )


def branch_unfit(branch: str, problem: str) -> str:
    """`problem` follows "the name of the branch"."""
    return f"The name of the branch {code_span(branch, limit=100)} {problem}: nothing is pushed to it."


def setup_failed(command: str, reach: SetupReach | None = None, printed: str = "") -> str:
    """`printed` is looked at for signs that it wanted a network."""
    failed = f"{code_span(command, limit=160)}, a command of `fix.setup`, failed in the sandbox on the base commit."
    hint = _network_hint(reach, printed) if reach is not None else ""
    return f"{failed} {hint}" if hint else failed


def _network_hint(reach: SetupReach, printed: str) -> str:
    if reach.refused:
        told = "; ".join(reach.refused)
        return f"{phrase(told[:1].upper() + told[1:], limit=1200)}."
    if not network_wanted(printed):
        return ""
    if reach.network:
        return (
            "It seems to have wanted a network: setup reaches only the hosts that the operator allows "
            "(`REVWRIGHT_SETUP_HOSTS`), and only through the proxy that `HTTPS_PROXY` names."
        )
    return (
        "It seems to have wanted a network, and setup has none here: the operator of this deployment can allow hosts "
        "(`REVWRIGHT_SETUP_HOSTS`)."
    )


def cannot_verify(why: str) -> str:
    return f"The checks cannot be run here: {phrase(why, limit=300)}"


def still_red(failing: Sequence[str]) -> str:
    named = ", ".join(code_span(one, limit=120) for one in failing[:_NAMED_TESTS])
    more = f" and {len(failing) - _NAMED_TESTS} more" if len(failing) > _NAMED_TESTS else ""
    return f"The checks failed before I began, and still fail{f': {named}{more}' if named else ''}."


def no_change() -> str:
    return "The model changed nothing."


def model_ended(why: str) -> str:
    return f"The model did not come to an end: {phrase(why, limit=300)}"


def refused_patch() -> str:
    return "The patch is not one that may become a commit:"


def checks_worse() -> str:
    return "With the patch, the project's checks are worse than without it:"


def github_refused(why: str) -> str:
    return f"GitHub did not take the commit: {phrase(why, limit=300)}"


def moved_meanwhile() -> str:
    return "The branch was pushed to meanwhile, and the patch does not fit, or is not verified, on what is there now."


def commit_lost() -> str:
    return (
        "A commit was made, and lost before it reached GitHub: the worker that made it is gone, and so is its copy of "
        "the repository. Ask again."
    )


def sandbox_gone(why: str) -> str:
    return f"The sandbox could not be used: {phrase(why, limit=300)}"


def stopped() -> str:
    return "Somebody stopped it."


def given_up(why: str) -> str:
    return f"It was given up: {phrase(why, limit=300)}"
