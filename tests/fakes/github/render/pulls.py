"""Pull requests and their files as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from tests.fakes.github.render.accounts import simple_user, team_simple
from tests.fakes.github.render.basics import node_id, timestamp
from tests.fakes.github.render.conversation import author_association, label
from tests.fakes.github.render.repositories import repository_full, repository_page, repository_url

if TYPE_CHECKING:
    from tests.fakes.github.diff import DiffFile
    from tests.fakes.github.pull_requests import PullRequest
    from tests.fakes.github.records import JsonObject
    from tests.fakes.github.repository import Repository


def pull_url(pull: PullRequest) -> str:
    """The pull request in the REST API."""
    return f"{repository_url(pull.repository)}/pulls/{pull.number}"


def pull_page(pull: PullRequest) -> str:
    """The pull request on the web."""
    return f"{repository_page(pull.repository)}/pull/{pull.number}"


def pull_request(pull: PullRequest) -> JsonObject:
    """A pull request in full, as its own operation and events carry it."""
    files = pull.diff()
    return {
        **pull_request_simple(pull),
        "merged": pull.merged_at is not None,
        "mergeable": pull.mergeable,
        "rebaseable": pull.mergeable,
        "mergeable_state": _mergeable_state(pull),
        "merged_by": simple_user(pull.fake, pull.merged_by) if pull.merged_by else None,
        "comments": len(pull.comments),
        "review_comments": len(pull.review_comments),
        "maintainer_can_modify": pull.maintainer_can_modify,
        "commits": len(pull.commits()),
        "additions": sum(file.additions for file in files),
        "deletions": sum(file.deletions for file in files),
        "changed_files": len(files),
    }


def pull_request_simple(pull: PullRequest) -> JsonObject:
    """A pull request in a list."""
    fake, repository = pull.fake, pull.repository
    url, page, links = pull_url(pull), pull_page(pull), _links(pull)
    return {
        "url": url,
        "id": pull.id,
        "node_id": node_id("PullRequest", pull.id),
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": links["issue"],
        "number": pull.number,
        "state": pull.state,
        "locked": False,
        "title": pull.title,
        "user": simple_user(fake, pull.user),
        "body": pull.body,
        "created_at": timestamp(pull.created_at),
        "updated_at": timestamp(pull.updated_at),
        "closed_at": timestamp(pull.closed_at),
        "merged_at": timestamp(pull.merged_at),
        "merge_commit_sha": pull.merge_commit_sha,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [simple_user(fake, user) for user in pull.requested_reviewers],
        "requested_teams": [team_simple(fake, team) for team in pull.requested_teams],
        "labels": [label(repository, one) for one in pull.labels],
        "milestone": None,
        "draft": pull.draft,
        "commits_url": links["commits"],
        "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"],
        "comments_url": links["comments"],
        "statuses_url": links["statuses"],
        "head": {
            "label": f"{pull.head_owner.login}:{pull.head_ref}",
            "ref": pull.head_ref,
            "sha": pull.head_sha,
            "user": simple_user(fake, pull.head_owner),
            "repo": repository_full(pull.head_repo) if pull.head_repo else None,
        },
        "base": {
            "label": f"{repository.owner.login}:{pull.base_ref}",
            "ref": pull.base_ref,
            "sha": pull.base_sha,
            "user": simple_user(fake, repository.owner),
            "repo": repository_full(repository),
        },
        "_links": {name: {"href": href} for name, href in links.items()},
        "author_association": author_association(repository, pull.user),
        "auto_merge": None,
        "active_lock_reason": None,
    }


def pull_request_minimal(pull: PullRequest) -> JsonObject:
    """A pull request as check runs carry it."""
    return {
        "url": pull_url(pull),
        "id": pull.id,
        "number": pull.number,
        "head": {
            "ref": pull.head_ref,
            "sha": pull.head_sha,
            "repo": _named(pull.head_repo or pull.repository),
        },
        "base": {"ref": pull.base_ref, "sha": pull.base_sha, "repo": _named(pull.repository)},
    }


def diff_entry(repository: Repository, file: DiffFile, commit: str) -> JsonObject:
    """A file of a diff."""
    path = quote(file.path)
    entry: JsonObject = {
        "sha": file.sha,
        "filename": file.path,
        "status": file.status,
        "additions": file.additions,
        "deletions": file.deletions,
        "changes": file.additions + file.deletions,
        "blob_url": f"{repository_page(repository)}/blob/{commit}/{path}",
        "raw_url": f"{repository_page(repository)}/raw/{commit}/{path}",
        "contents_url": f"{repository_url(repository)}/contents/{path}?ref={commit}",
    }
    if file.patch is not None:
        entry["patch"] = file.patch
    if file.previous_path is not None:
        entry["previous_filename"] = file.previous_path
    return entry


def _links(pull: PullRequest) -> dict[str, str]:
    root, url = repository_url(pull.repository), pull_url(pull)
    issue = f"{root}/issues/{pull.number}"
    return {
        "self": url,
        "html": pull_page(pull),
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{root}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{root}/statuses/{pull.head_sha}",
    }


def _named(repository: Repository) -> JsonObject:
    return {"id": repository.id, "url": repository_url(repository), "name": repository.name}


def _mergeable_state(pull: PullRequest) -> str:
    if pull.mergeable is None:
        return "unknown"
    if not pull.mergeable:
        return "dirty"
    return "draft" if pull.draft else "clean"
