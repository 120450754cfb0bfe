"""Merging a pull request, as far as the base branch's required checks let it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.fakes.github.errors import GitHubError
from tests.fakes.github.pull_requests import GITHUB
from tests.fakes.github.render.repositories import is_protected

if TYPE_CHECKING:
    from tests.fakes.github.pull_requests import PullRequest
    from tests.fakes.github.records import User

# GitHub lets these conclusions pass as success.
PASSING: Final = frozenset({"success", "neutral", "skipped"})


def merge(pull: PullRequest, *, by: User, method: str = "merge", expected: str | None = None) -> str:
    """Merge and return the new tip of the base branch; raises what GitHub answers if it cannot be."""
    if pull.state != "open" or pull.draft:
        raise GitHubError(405, "Pull Request is still a draft" if pull.draft else "Pull Request is not mergeable")
    if expected is not None and expected != pull.head_sha:
        raise GitHubError(409, "Head branch was modified. Review and try the merge again.")
    problems = missing_checks(pull)
    if problems:
        raise GitHubError(405, " ".join(problems))
    store, repository = pull.repository.store, pull.repository
    tree = store.merge_tree(pull.base_tip, pull.head_sha)
    if tree is None:
        raise GitHubError(405, "Pull Request is not mergeable")
    parents = [pull.base_tip, pull.head_sha] if method == "merge" else [pull.base_tip]
    message = f"Merge pull request #{pull.number}" if method == "merge" else f"{pull.title} (#{pull.number})"
    sha = store.commit_tree(tree, parents, message=message, person=GITHUB, date=repository.next_commit_date())
    store.set_ref(f"refs/heads/{pull.base_ref}", sha)
    pull.merged(sha, by=by)
    repository.take_refs(sender=by)
    return sha


def missing_checks(pull: PullRequest) -> list[str]:
    """Why the required checks do not let it merge."""
    repository = pull.repository
    if not is_protected(repository, pull.base_ref):
        return []
    problems = []
    for context, app_id in repository.required_checks.items():
        state = _state(pull, context, app_id)
        if state is None:
            problems.append(f'Required status check "{context}" is expected.')
        elif state not in PASSING:
            verb = (
                "is failing"
                if state in ("failure", "error", "cancelled", "timed_out", "action_required")
                else f"is {state}"
            )
            problems.append(f'Required status check "{context}" {verb}.')
    return problems


def _state(pull: PullRequest, context: str, app_id: int | None) -> str | None:
    """The newest conclusion, status or state; nothing if the right App never reported."""
    runs = [
        run
        for run in pull.repository.check_runs.values()
        if run.name == context and run.head_sha == pull.head_sha and app_id in (None, run.app.id)
    ]
    if runs:
        return runs[-1].conclusion if runs[-1].status == "completed" else runs[-1].status
    statuses = [one for one in pull.repository.statuses if one.context == context and one.sha == pull.head_sha]
    # A status says nothing about the App that set it, so it cannot stand in for a check of a certain App.
    return statuses[-1].state if statuses and app_id is None else None
