"""``createCommitOnBranch``: a commit of whole files that GitHub makes on a branch, and would sign."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from tests.fakes.github import receiving, workflows
from tests.fakes.github.git_store import GitFailed
from tests.fakes.github.graphql_pages import Fields, NotSimulated, Refusal
from tests.fakes.github.render.repositories import is_protected

if TYPE_CHECKING:
    from tests.fakes.github.auth import Actor
    from tests.fakes.github.repository import Repository
    from tests.fakes.github.state import FakeGitHub

_GITHUB: Final = "GitHub <noreply@github.com>"
_HEADS: Final = "refs/heads/"


def committing(fake: FakeGitHub, actor: Actor) -> Callable[..., Fields]:
    """The mutation, for one caller."""

    def create(*, input: Mapping[str, Any]) -> Fields:  # noqa: A002 - GitHub's word
        named = input["branch"]
        if named.get("id") is not None:
            raise NotSimulated("a branch by its id")
        full_name, branch = named["repositoryNameWithOwner"], named["branchName"].removeprefix(_HEADS)
        repository = fake.find_repository(full_name)
        if repository is None or not actor.sees(repository) or branch not in repository.branches:
            raise Refusal("NOT_FOUND", f"Could not resolve to a branch {branch} of {full_name}.")
        if not actor.may(repository, "contents", "write") and branch not in receiving.may_edit(actor, repository):
            raise Refusal("FORBIDDEN", "Resource not accessible by integration")
        if is_protected(repository, branch):
            raise Refusal("UNPROCESSABLE", f"Protected branch update failed for {_HEADS}{branch}.")
        head = repository.head(branch)
        if head != input["expectedHeadOid"]:
            raise Refusal("STALE_DATA", f'Expected branch to point to "{head}" but it did not. Pull and try again.')
        sha = _commit(repository, actor, head, input)
        if not workflows.may_change(actor, repository) and workflows.changed_by(repository.store, sha):
            raise Refusal("FORBIDDEN", f"{workflows.REFUSING} without `workflows` permission")
        repository.store.set_ref(f"{_HEADS}{branch}", sha)
        repository.take_refs(sender=actor.user)
        return {"commit": {"oid": sha}}

    return create


def _commit(repository: Repository, actor: Actor, head: str, wanted: Mapping[str, Any]) -> str:
    """Its objects; no ref leads there yet."""
    store, changes = repository.store, wanted.get("fileChanges") or {}
    modes = {entry.path: entry.mode for entry in store.tree(head, recursive=True)}
    lines = []
    for one in changes.get("deletions") or ():
        if one["path"] not in modes:
            raise Refusal("UNPROCESSABLE", f"A path was requested for deletion which does not exist: {one['path']}")
        lines.append(f"0 {'0' * 40}\t{one['path']}\0")
    for one in changes.get("additions") or ():
        if {"", ".", "..", ".git"} & set(one["path"].lower().split("/")):  # git would leave it out with a warning
            raise Refusal("UNPROCESSABLE", f"A path was requested for addition that is not valid: {one['path']}")
        try:
            content = base64.b64decode(one["contents"], validate=True)
        except binascii.Error:
            raise Refusal("UNPROCESSABLE", "contents are not valid Base64") from None
        blob = store.run("hash-object", "-w", "--stdin", stdin=content).decode().strip()
        lines.append(f"{modes.get(one['path'], '100644')} {blob}\t{one['path']}\0")
    index = {"GIT_INDEX_FILE": str(store.git_dir / f"index-{repository.fake.ids.next('index')}")}
    try:
        store.run("read-tree", head, environment=index)
        store.run("update-index", "-z", "--index-info", stdin="".join(lines).encode(), environment=index)
        tree = store.run("write-tree", environment=index).decode().strip()
    except GitFailed as error:
        raise Refusal("UNPROCESSABLE", str(error)) from error
    said = wanted["message"]
    message = "\n\n".join(part for part in (said["headline"], said.get("body") or "") if part)
    date = repository.next_commit_date()
    author = f"{actor.user.login} <{actor.user.email}>"
    text = f"tree {tree}\nparent {head}\nauthor {author} {date} +0000\ncommitter {_GITHUB} {date} +0000\n\n{message}\n"
    return store.run("hash-object", "-t", "commit", "-w", "--stdin", stdin=text.encode()).decode().strip()
