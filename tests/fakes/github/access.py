"""Which permission each operation needs: alternatives are separated by a bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.fakes.github.errors import forbidden, not_found

if TYPE_CHECKING:
    from tests.fakes.github.auth import Actor
    from tests.fakes.github.repository import Repository

# Operations that the App calls with its JWT.
AS_APP: Final = frozenset(
    {
        "apps/get-authenticated",
        "apps/list-installations",
        "apps/get-installation",
        "apps/create-installation-access-token",
        "apps/get-repo-installation",
        "apps/get-org-installation",
        "apps/get-user-installation",
        "apps/list-webhook-deliveries",
        "apps/get-webhook-delivery",
        "apps/redeliver-webhook-delivery",
        "apps/get-webhook-config-for-app",
    }
)

_DISCUSS: Final = "issues:write|pull_requests:write"
_OVERHEAR: Final = "issues:read|pull_requests:read"

NEEDS: Final = {
    "actions/download-job-logs-for-workflow-run": "actions:read",
    "repos/get": "metadata:read",
    "repos/get-collaborator-permission-level": "metadata:read",
    "repos/list-collaborators": "metadata:read",
    "repos/list-branches": "contents:read",
    "repos/get-branch": "contents:read",
    "repos/get-branch-rules": "metadata:read",
    "repos/get-branch-protection": "administration:read",
    "repos/get-status-checks-protection": "administration:read",
    "repos/list-commits": "contents:read",
    "repos/get-commit": "contents:read",
    "repos/compare-commits-with-basehead": "contents:read",
    "repos/get-content": "contents:read",
    "repos/codeowners-errors": "contents:read",
    "repos/list-pull-requests-associated-with-commit": "pull_requests:read|contents:read",
    "repos/create-commit-status": "statuses:write",
    "repos/get-combined-status-for-ref": "statuses:read",
    "repos/list-commit-statuses-for-ref": "statuses:read",
    "git/get-ref": "contents:read",
    "git/list-matching-refs": "contents:read",
    "git/create-ref": "contents:write",
    "git/update-ref": "contents:write",
    "git/delete-ref": "contents:write",
    "git/get-commit": "contents:read",
    "git/create-commit": "contents:write",
    "git/get-tree": "contents:read",
    "git/create-tree": "contents:write",
    "git/get-blob": "contents:read",
    "git/create-blob": "contents:write",
    "pulls/list": "pull_requests:read",
    "pulls/create": "pull_requests:write",
    "pulls/get": "pull_requests:read",
    "pulls/update": "pull_requests:write",
    "pulls/list-files": "pull_requests:read",
    "pulls/list-commits": "pull_requests:read",
    "pulls/merge": "contents:write",
    "pulls/check-if-merged": "contents:read",
    "pulls/list-requested-reviewers": "pull_requests:read",
    "pulls/request-reviewers": "pull_requests:write",
    "pulls/remove-requested-reviewers": "pull_requests:write",
    "pulls/create-review": "pull_requests:write",
    "pulls/list-reviews": "pull_requests:read",
    "pulls/get-review": "pull_requests:read",
    "pulls/update-review": "pull_requests:write",
    "pulls/submit-review": "pull_requests:write",
    "pulls/dismiss-review": "pull_requests:write",
    "pulls/delete-pending-review": "pull_requests:write",
    "pulls/list-comments-for-review": "pull_requests:read",
    "pulls/list-review-comments": "pull_requests:read",
    "pulls/create-review-comment": "pull_requests:write",
    "pulls/get-review-comment": "pull_requests:read",
    "pulls/update-review-comment": "pull_requests:write",
    "pulls/delete-review-comment": "pull_requests:write",
    "pulls/create-reply-for-review-comment": "pull_requests:write",
    "issues/get": _OVERHEAR,
    "issues/list-comments": _OVERHEAR,
    "issues/create-comment": _DISCUSS,
    "issues/get-comment": _OVERHEAR,
    "issues/update-comment": _DISCUSS,
    "issues/delete-comment": _DISCUSS,
    "issues/list-labels-for-repo": _OVERHEAR,
    "issues/list-labels-on-issue": _OVERHEAR,
    "issues/add-labels": _DISCUSS,
    "issues/set-labels": _DISCUSS,
    "issues/remove-label": _DISCUSS,
    "reactions/list-for-issue": "issues:read",
    "reactions/create-for-issue": "issues:write",
    "reactions/delete-for-issue": "issues:write",
    "reactions/list-for-issue-comment": "issues:read",
    "reactions/create-for-issue-comment": "issues:write",
    "reactions/delete-for-issue-comment": "issues:write",
    "reactions/list-for-pull-request-review-comment": "pull_requests:read",
    "reactions/create-for-pull-request-review-comment": "pull_requests:write",
    "reactions/delete-for-pull-request-comment": "pull_requests:write",
    "checks/create": "checks:write",
    "checks/get": "checks:read",
    "checks/update": "checks:write",
    "checks/list-annotations": "checks:read",
    "checks/list-for-ref": "checks:read",
    "checks/rerequest-run": "checks:write",
    "checks/create-suite": "checks:write",
    "checks/get-suite": "checks:read",
    "checks/list-for-suite": "checks:read",
    "checks/list-suites-for-ref": "checks:read",
    "checks/rerequest-suite": "checks:write",
}

# Organization permissions; these operations name no repository.
MEMBERS: Final = frozenset(
    {
        "orgs/get-membership-for-user",
        "orgs/check-membership-for-user",
        "teams/get-by-name",
        "teams/get-membership-for-user-in-org",
        "teams/list-members-in-org",
    }
)


def check_access(actor: Actor, repository: Repository, operation_id: str) -> None:
    """Answer 404 for a repository that must not be seen, and 403 for a permission that is missing."""
    if not actor.sees(repository):
        raise not_found()
    alternatives = [need.split(":") for need in NEEDS[operation_id].split("|")]
    if not any(actor.may(repository, permission, level) for permission, level in alternatives):
        raise forbidden()
