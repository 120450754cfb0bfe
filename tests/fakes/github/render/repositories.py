"""Repositories, branches and refs as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.fakes.github.render.accounts import simple_user
from tests.fakes.github.render.basics import node_id, timestamp

if TYPE_CHECKING:
    from tests.fakes.github.records import JsonObject
    from tests.fakes.github.repository import Repository

# Link of a repository to what follows it in the path.
_LINKS: Final = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}


def repository_url(repository: Repository) -> str:
    """The repository in the REST API."""
    return f"{repository.fake.api_url}/repos/{repository.full_name}"


def repository_page(repository: Repository) -> str:
    """The repository on the web."""
    return f"{repository.fake.url}/{repository.full_name}"


def minimal_repository(repository: Repository) -> JsonObject:
    """The part of a repository that no version of the object lacks."""
    url = repository_url(repository)
    return {
        "id": repository.id,
        "node_id": node_id("Repository", repository.id),
        "name": repository.name,
        "full_name": repository.full_name,
        "private": repository.private,
        "owner": simple_user(repository.fake, repository.owner),
        "html_url": repository_page(repository),
        "description": None,
        "fork": repository.parent is not None,
        "url": url,
        **{name: url + rest for name, rest in _LINKS.items()},
    }


def repository_full(repository: Repository) -> JsonObject:
    """A repository as lists, pull requests and events carry it."""
    page = repository_page(repository)
    created = timestamp(repository.created_at)
    open_pulls = sum(pull.state == "open" for pull in repository.pulls.values())
    forks = sum(one.parent is repository for one in repository.fake.repositories.values())
    return {
        **minimal_repository(repository),
        "clone_url": f"{page}.git",
        "git_url": f"git:{page.partition(':')[2]}.git",
        "ssh_url": f"git@127.0.0.1:{repository.full_name}.git",
        "svn_url": page,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "license": None,
        "topics": [],
        "visibility": "private" if repository.private else "public",
        "default_branch": repository.default_branch,
        "forks": forks,
        "forks_count": forks,
        "stargazers_count": 0,
        "watchers": 0,
        "watchers_count": 0,
        "open_issues": open_pulls,
        "open_issues_count": open_pulls,
        "size": 0,
        "has_issues": True,
        "has_projects": True,
        "has_downloads": True,
        "has_wiki": True,
        "has_pages": False,
        "has_discussions": False,
        "archived": False,
        "disabled": False,
        "allow_forking": True,
        "is_template": False,
        "web_commit_signoff_required": False,
        "pushed_at": created,
        "created_at": created,
        "updated_at": created,
    }


def repository_page_object(repository: Repository) -> JsonObject:
    """A repository as its own operation answers it."""
    parent = repository.parent
    ancestry = {"parent": repository_full(parent), "source": repository_full(parent)} if parent else {}
    return {
        **repository_full(repository),
        "network_count": 0,
        "subscribers_count": 0,
        "temp_clone_token": None,
        **ancestry,
    }


def short_branch(repository: Repository, branch: str) -> JsonObject:
    """A branch in a list."""
    sha = repository.head(branch)
    return {
        "name": branch,
        "commit": {"sha": sha, "url": f"{repository_url(repository)}/commits/{sha}"},
        "protected": is_protected(repository, branch),
    }


def is_protected(repository: Repository, branch: str) -> bool:
    """Whether merging into a branch needs checks to pass, or pushing to it something else."""
    return branch in repository.protected_branches or (
        bool(repository.required_checks) and branch == repository.default_branch
    )


def git_ref(repository: Repository, ref: str, sha: str) -> JsonObject:
    """A git ref."""
    url = repository_url(repository)
    kind = repository.store.text("cat-file", "-t", sha)
    return {
        "ref": ref,
        "node_id": node_id("Ref", f"{repository.id}:{ref}"),
        "url": f"{url}/git/{ref}",
        "object": {"sha": sha, "type": kind, "url": f"{url}/git/{kind}s/{sha}"},
    }
