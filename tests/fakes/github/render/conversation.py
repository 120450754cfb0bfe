"""Issue comments, issues, labels and reactions as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.fakes.github.render.accounts import simple_user
from tests.fakes.github.render.apps import integration
from tests.fakes.github.render.basics import node_id, timestamp
from tests.fakes.github.render.repositories import repository_page, repository_url

if TYPE_CHECKING:
    from tests.fakes.github.pull_requests import PullRequest
    from tests.fakes.github.records import IssueComment, JsonObject, Label, Reaction, User
    from tests.fakes.github.repository import Repository
    from tests.fakes.github.state import FakeGitHub

REACTIONS: Final = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
_ASSOCIATIONS: Final = {
    "admin": "COLLABORATOR",
    "maintain": "COLLABORATOR",
    "write": "COLLABORATOR",
    "triage": "COLLABORATOR",
}


def author_association(repository: Repository, user: User) -> str:
    """How an author stands to a repository."""
    if user is repository.owner:
        return "OWNER"
    if (repository.owner.id, user.id) in repository.fake.organization_roles:
        return "MEMBER"
    if user.id in repository.permissions:
        return _ASSOCIATIONS.get(repository.permissions[user.id], "COLLABORATOR")
    merged = any(pull.user is user and pull.merged_at for pull in repository.pulls.values())
    return "CONTRIBUTOR" if merged else "NONE"


def label(repository: Repository, one: Label) -> JsonObject:
    """A label."""
    return {
        "id": one.id,
        "node_id": node_id("Label", one.id),
        "url": f"{repository_url(repository)}/labels/{one.name}",
        "name": one.name,
        "description": None,
        "color": one.color,
        "default": False,
    }


def reaction(fake: FakeGitHub, one: Reaction) -> JsonObject:
    """One reaction."""
    return {
        "id": one.id,
        "node_id": node_id("Reaction", one.id),
        "user": simple_user(fake, one.user),
        "content": one.content,
        "created_at": timestamp(one.created_at),
    }


def reaction_rollup(url: str, reactions: list[Reaction]) -> JsonObject:
    """How many reactions of each kind something has."""
    counts = {content: sum(one.content == content for one in reactions) for content in REACTIONS}
    return {"url": f"{url}/reactions", "total_count": len(reactions), **counts}


def issue_comment(repository: Repository, one: IssueComment) -> JsonObject:
    """A comment in the conversation."""
    fake = repository.fake
    url = f"{repository_url(repository)}/issues/comments/{one.id}"
    return {
        "url": url,
        "html_url": f"{repository_page(repository)}/pull/{one.issue_number}#issuecomment-{one.id}",
        "issue_url": f"{repository_url(repository)}/issues/{one.issue_number}",
        "id": one.id,
        "node_id": node_id("IssueComment", one.id),
        "user": simple_user(fake, one.user),
        "created_at": timestamp(one.created_at),
        "updated_at": timestamp(one.updated_at),
        "body": one.body,
        "author_association": author_association(repository, one.user),
        "reactions": reaction_rollup(url, one.reactions),
        "performed_via_github_app": integration(fake, one.app) if one.app else None,
    }


def issue(pull: PullRequest) -> JsonObject:
    """A pull request in its role as an issue."""
    repository, fake = pull.repository, pull.fake
    url = f"{repository_url(repository)}/issues/{pull.number}"
    page = f"{repository_page(repository)}/pull/{pull.number}"
    return {
        "url": url,
        "repository_url": repository_url(repository),
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": page,
        "id": pull.issue_id,
        "node_id": node_id("PullRequest", pull.id),
        "number": pull.number,
        "title": pull.title,
        "user": simple_user(fake, pull.user),
        "labels": [label(repository, one) for one in pull.labels],
        "state": pull.state,
        "locked": False,
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "comments": len(pull.comments),
        "created_at": timestamp(pull.created_at),
        "updated_at": timestamp(pull.updated_at),
        "closed_at": timestamp(pull.closed_at),
        "author_association": author_association(repository, pull.user),
        "active_lock_reason": None,
        "draft": pull.draft,
        "pull_request": {
            "url": f"{repository_url(repository)}/pulls/{pull.number}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": timestamp(pull.merged_at),
        },
        "body": pull.body,
        "closed_by": None,
        "reactions": reaction_rollup(url, repository.issue_reactions.get(pull.number, [])),
        "timeline_url": f"{url}/timeline",
        "performed_via_github_app": None,
        "state_reason": None,
    }
