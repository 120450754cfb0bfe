"""Git objects and refs through the REST API."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Final

from tests.fakes.github import workflows
from tests.fakes.github.errors import GitHubError, forbidden, invalid, not_found
from tests.fakes.github.exchange import Exchange, Handler, Reply
from tests.fakes.github.git_store import GitFailed
from tests.fakes.github.records import JsonObject
from tests.fakes.github.render.basics import node_id
from tests.fakes.github.render.commits import git_commit
from tests.fakes.github.render.repositories import git_ref, repository_url

_MAX_TREE: Final = 100_000


def get_ref(exchange: Exchange) -> Reply:
    """One ref, by its whole name without ``refs/``."""
    ref = f"refs/{exchange.text('ref')}"
    sha = exchange.repository.store.refs(ref).get(ref)
    if sha is None:
        raise not_found()
    return Reply(body=git_ref(exchange.repository, ref, sha))


def list_refs(exchange: Exchange) -> Reply:
    """Every ref that starts like this."""
    prefix = f"refs/{exchange.text('ref')}"
    found = {ref: sha for ref, sha in exchange.repository.store.refs("refs/").items() if ref.startswith(prefix)}
    return Reply(body=[git_ref(exchange.repository, ref, sha) for ref, sha in found.items()])


def create_ref(exchange: Exchange) -> Reply:
    """Make a branch or a tag."""
    repository, ref, sha = exchange.repository, exchange.body["ref"], exchange.body["sha"]
    if not ref.startswith("refs/") or ref.count("/") < 2:
        raise invalid("Reference", "ref", "Reference name must start with 'refs/' and have at least two slashes")
    if repository.store.refs(ref).get(ref):
        raise GitHubError(422, "Reference already exists")
    _write_ref(exchange, ref, sha)
    rendered = git_ref(repository, ref, sha)
    return Reply(201, rendered, {"location": rendered["url"]})


def update_ref(exchange: Exchange) -> Reply:
    """Move a ref; only forward, unless forced."""
    repository, ref, sha = exchange.repository, f"refs/{exchange.text('ref')}", exchange.body["sha"]
    before = repository.store.refs(ref).get(ref)
    if before is None:
        raise GitHubError(422, "Reference does not exist")
    known = repository.store.resolve(sha) is not None
    if known and not exchange.body.get("force", False) and not repository.store.is_ancestor(before, sha):
        raise GitHubError(422, "Update is not a fast forward")
    _write_ref(exchange, ref, sha)
    return Reply(body=git_ref(repository, ref, sha))


def delete_ref(exchange: Exchange) -> Reply:
    """Remove a branch or a tag."""
    repository, ref = exchange.repository, f"refs/{exchange.text('ref')}"
    if ref not in repository.store.refs(ref):
        raise GitHubError(422, "Reference does not exist")
    repository.store.delete_ref(ref)
    repository.take_refs(sender=exchange.user)
    return Reply(204)


def get_commit(exchange: Exchange) -> Reply:
    """A commit object."""
    sha = exchange.repository.store.resolve(exchange.text("commit_sha"))
    if sha is None:
        raise not_found()
    return Reply(body=git_commit(exchange.repository, sha))


def create_commit(exchange: Exchange) -> Reply:
    """Write a commit object; no ref moves."""
    repository, body = exchange.repository, exchange.body
    store = repository.store
    if store.resolve(body["tree"], kind="tree") != body["tree"]:
        raise GitHubError(422, "Tree SHA does not exist")
    parents = body.get("parents", [])
    if any(store.resolve(parent) != parent for parent in parents):
        raise GitHubError(422, "Parent SHA does not exist or is not a commit object")
    author = body.get("author", {"name": exchange.user.login, "email": exchange.user.email})
    date = (
        int(datetime.fromisoformat(author["date"]).timestamp()) if "date" in author else repository.next_commit_date()
    )
    person = f"{author['name']} <{author['email']}>"
    sha = store.commit_tree(body["tree"], parents, message=body["message"], person=person, date=date)
    rendered = git_commit(repository, sha)
    return Reply(201, rendered, {"location": rendered["url"]})


def get_tree(exchange: Exchange) -> Reply:
    """A tree, whole if asked for."""
    name = exchange.text("tree_sha")
    sha = exchange.repository.store.resolve(name, kind="tree")
    if sha is None:
        raise not_found()
    return Reply(body=_tree(exchange, sha, recursive="recursive" in exchange.query))


def create_tree(exchange: Exchange) -> Reply:
    """Write a tree, on top of another one if asked."""
    store, body = exchange.repository.store, exchange.body
    base = body.get("base_tree")
    index = {"GIT_INDEX_FILE": str(store.git_dir / f"index-{exchange.fake.ids.next('index')}")}
    try:
        if base is not None:
            store.run("read-tree", base, environment=index)
        lines = [_index_line(exchange, entry) for entry in body["tree"]]
        store.run("update-index", "--index-info", stdin="".join(lines).encode(), environment=index)
        sha = store.run("write-tree", environment=index).decode().strip()
    except GitFailed as error:
        raise invalid("Tree", "tree", str(error)) from error
    return Reply(201, _tree(exchange, sha, recursive=False))


def get_blob(exchange: Exchange) -> Reply:
    """A blob in base64."""
    repository = exchange.repository
    sha = repository.store.resolve(exchange.text("file_sha"), kind="blob")
    if sha is None:
        raise not_found()
    data = repository.store.blob(sha)
    body = {
        "sha": sha,
        "node_id": node_id("Blob", sha),
        "size": len(data),
        "url": f"{repository_url(repository)}/git/blobs/{sha}",
        "content": base64.encodebytes(data).decode(),
        "encoding": "base64",
    }
    return Reply(body=body)


def create_blob(exchange: Exchange) -> Reply:
    """Write a blob."""
    content, encoding = exchange.body["content"], exchange.body.get("encoding", "utf-8")
    try:
        data = base64.b64decode(content) if encoding == "base64" else content.encode()
    except binascii.Error as error:
        raise invalid("Blob", "content", "content is not valid Base64") from error
    sha = _write_blob(exchange, data)
    return Reply(201, {"sha": sha, "url": f"{repository_url(exchange.repository)}/git/blobs/{sha}"})


def _write_ref(exchange: Exchange, ref: str, sha: str) -> None:
    repository = exchange.repository
    if repository.store.resolve(sha) != sha:
        raise GitHubError(422, "Object does not exist")
    if not workflows.may_change(exchange.actor, repository) and workflows.changed_by(repository.store, sha):
        raise forbidden()
    repository.store.set_ref(ref, sha)
    repository.take_refs(sender=exchange.user)


def _write_blob(exchange: Exchange, data: bytes) -> str:
    return exchange.repository.store.run("hash-object", "-w", "--stdin", stdin=data).decode().strip()


def _index_line(exchange: Exchange, entry: JsonObject) -> str:
    path = entry["path"]
    if "sha" in entry and entry["sha"] is None:
        return f"0 {'0' * 40}\t{path}\n"
    sha = entry.get("sha") or _write_blob(exchange, entry["content"].encode())
    return f"{entry.get('mode', '100644')} {sha}\t{path}\n"


def _tree(exchange: Exchange, sha: str, *, recursive: bool) -> JsonObject:
    url = f"{repository_url(exchange.repository)}/git"
    entries = exchange.repository.store.tree(sha, recursive=recursive)
    rendered = []
    for entry in entries[:_MAX_TREE]:
        one: JsonObject = {"path": entry.path, "mode": entry.mode, "type": entry.type, "sha": entry.sha}
        if entry.size is not None:
            one["size"] = entry.size
        if entry.type != "commit":
            one["url"] = f"{url}/{entry.type}s/{entry.sha}"
        rendered.append(one)
    return {"sha": sha, "url": f"{url}/trees/{sha}", "tree": rendered, "truncated": len(entries) > _MAX_TREE}


HANDLERS: Final[dict[str, Handler]] = {
    "git/get-ref": get_ref,
    "git/list-matching-refs": list_refs,
    "git/create-ref": create_ref,
    "git/update-ref": update_ref,
    "git/delete-ref": delete_ref,
    "git/get-commit": get_commit,
    "git/create-commit": create_commit,
    "git/get-tree": get_tree,
    "git/create-tree": create_tree,
    "git/get-blob": get_blob,
    "git/create-blob": create_blob,
}
