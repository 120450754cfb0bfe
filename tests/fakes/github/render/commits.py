"""Commits, statuses and pushes as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.github.git_store import ZERO_SHA
from tests.fakes.github.render.accounts import simple_user
from tests.fakes.github.render.basics import node_id, timestamp
from tests.fakes.github.render.repositories import repository_full, repository_page, repository_url

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.fakes.github.git_store import Commit
    from tests.fakes.github.records import CommitStatus, JsonObject, User
    from tests.fakes.github.repository import Repository

UNSIGNED: JsonObject = {
    "verified": False,
    "reason": "unsigned",
    "signature": None,
    "payload": None,
    "verified_at": None,
}
# GitHub lists up to 2048 commits in a push event; each costs a process here, and the App reads none.
_PUSH_COMMITS = 20


def commits(repository: Repository, shas: Iterable[str]) -> list[JsonObject]:
    """Commits in a list."""
    return [_commit(repository, one) for one in repository.store.commits(list(shas))]


def commit(repository: Repository, sha: str) -> JsonObject:
    """One commit, without its files."""
    return commits(repository, [sha])[0]


def _commit(repository: Repository, one: Commit) -> JsonObject:
    url, page = repository_url(repository), repository_page(repository)
    return {
        "sha": one.sha,
        "node_id": node_id("Commit", one.sha),
        "url": f"{url}/commits/{one.sha}",
        "html_url": f"{page}/commit/{one.sha}",
        "comments_url": f"{url}/commits/{one.sha}/comments",
        "commit": {
            "author": _person(one.author),
            "committer": _person(one.committer),
            "message": one.message,
            "tree": {"sha": one.tree, "url": f"{url}/git/trees/{one.tree}"},
            "url": f"{url}/git/commits/{one.sha}",
            "comment_count": 0,
            "verification": UNSIGNED,
        },
        "author": _account(repository, one.author[1]),
        "committer": _account(repository, one.committer[1]),
        "parents": [
            {"sha": parent, "url": f"{url}/commits/{parent}", "html_url": f"{page}/commit/{parent}"}
            for parent in one.parents
        ],
    }


def git_commit(repository: Repository, sha: str) -> JsonObject:
    """One commit as a git object."""
    (one,) = repository.store.commits([sha])
    url, page = repository_url(repository), repository_page(repository)
    return {
        "sha": one.sha,
        "node_id": node_id("Commit", one.sha),
        "url": f"{url}/git/commits/{one.sha}",
        "html_url": f"{page}/commit/{one.sha}",
        "author": _person(one.author),
        "committer": _person(one.committer),
        "tree": {"sha": one.tree, "url": f"{url}/git/trees/{one.tree}"},
        "message": one.message,
        "parents": [
            {"sha": parent, "url": f"{url}/git/commits/{parent}", "html_url": f"{page}/commit/{parent}"}
            for parent in one.parents
        ],
        "verification": UNSIGNED,
    }


def simple_commit(repository: Repository, sha: str) -> JsonObject:
    """A commit as check suites carry it."""
    (one,) = repository.store.commits([sha])
    return {
        "id": one.sha,
        "tree_id": one.tree,
        "message": one.message,
        "timestamp": one.committer[2],
        "author": {"name": one.author[0], "email": one.author[1]},
        "committer": {"name": one.committer[0], "email": one.committer[1]},
    }


def push(repository: Repository, branch: str, before: str, after: str, *, sender: User) -> JsonObject:
    """The payload of a push event."""
    created, deleted = before == ZERO_SHA, after == ZERO_SHA
    known = repository.branches.get(repository.default_branch, after) if created else before
    shas = [] if deleted else repository.store.log(after, f"^{known}", limit=_PUSH_COMMITS)[::-1]
    found = list(repository.store.commits(shas if after in shas or deleted else [*shas, after]))
    pushed = {one.sha: _pushed_commit(repository, one) for one in found}
    follows = bool(found) and before in found[-1].parents
    forced = not (created or deleted or follows or repository.store.is_ancestor(before, after))
    pusher = {"name": sender.login, "email": sender.email}
    stamp = int(repository.created_at.timestamp())
    return {
        "ref": f"refs/heads/{branch}",
        "before": before,
        "after": after,
        "repository": {
            **repository_full(repository),
            "pushed_at": stamp,
            "created_at": stamp,
            "master_branch": repository.default_branch,
        },
        "pusher": pusher,
        "created": created,
        "deleted": deleted,
        "forced": forced,
        "base_ref": None,
        "compare": f"{repository_page(repository)}/compare/{before[:12]}...{after[:12]}",
        "commits": [pushed[sha] for sha in shas],
        "head_commit": pushed.get(after),
    }


def _pushed_commit(repository: Repository, one: Commit) -> JsonObject:
    changes: dict[str, list[str]] = {"A": [], "D": [], "M": []}
    options = ("-r", "--root", "--no-commit-id", "--name-status", "-z", "-m", "--first-parent")
    output = repository.store.told("diff-tree", *options, one.sha, ids=(one.sha,))
    fields = iter(output.decode(errors="replace").split("\x00")[:-1])
    for status, path in zip(fields, fields, strict=True):
        changes[status if status in changes else "M"].append(path)
    return {
        "id": one.sha,
        "tree_id": one.tree,
        "distinct": True,
        "message": one.message,
        "timestamp": one.committer[2],
        "url": f"{repository_page(repository)}/commit/{one.sha}",
        "author": {"name": one.author[0], "email": one.author[1]},
        "committer": {"name": one.committer[0], "email": one.committer[1]},
        "added": changes["A"],
        "removed": changes["D"],
        "modified": changes["M"],
    }


def status(repository: Repository, one: CommitStatus) -> JsonObject:
    """One status of a commit."""
    return {**simple_status(repository, one), "creator": simple_user(repository.fake, one.creator)}


def simple_status(repository: Repository, one: CommitStatus) -> JsonObject:
    """A status in a combined status."""
    return {
        "url": f"{repository_url(repository)}/statuses/{one.sha}",
        "avatar_url": f"{repository.fake.url}/avatars/u/{one.creator.id}?v=4",
        "id": one.id,
        "node_id": node_id("StatusContext", one.id),
        "state": one.state,
        "description": one.description,
        "target_url": one.target_url,
        "context": one.context,
        "created_at": timestamp(one.created_at),
        "updated_at": timestamp(one.created_at),
    }


def _person(person: tuple[str, str, str]) -> JsonObject:
    name, email, date = person
    return {"name": name, "email": email, "date": date}


def _account(repository: Repository, email: str) -> JsonObject | None:
    fake = repository.fake
    user = next((user for user in fake.users.values() if user.email == email), None)
    return simple_user(fake, user) if user else None
