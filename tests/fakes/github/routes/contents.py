"""Files, commits and comparisons, read from the real repository."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from tests.fakes.github.diff import DiffFile, diff_files, diff_text
from tests.fakes.github.errors import GitHubError, not_found
from tests.fakes.github.exchange import Exchange, Handler, Reply, resolve_commit
from tests.fakes.github.render.commits import commit, commits
from tests.fakes.github.render.pulls import diff_entry, pull_request_simple
from tests.fakes.github.render.repositories import repository_page, repository_url

if TYPE_CHECKING:
    from tests.fakes.github.git_store import TreeEntry
    from tests.fakes.github.records import JsonObject

EMPTY_TREE: Final = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_MAX_INLINE: Final = 1_000_000
_MAX_FILES: Final = 300
_MAX_COMMITS: Final = 250
_DIFF: Final = "application/vnd.github.v3.diff; charset=utf-8"


def get_content(exchange: Exchange) -> Reply:
    """A file, a directory, a link or a submodule at a ref."""
    repository, path = exchange.repository, exchange.text("path").strip("/")
    sha = _commit(exchange, exchange.query.get("ref", repository.default_branch))
    entry = _entry(exchange, sha, path)
    if entry.type == "tree":
        children = repository.store.tree(entry.sha)
        return Reply(body=[_described(exchange, sha, _join(path, child.path), child) for child in children])
    if entry.type == "blob" and "raw" in exchange.accept:
        return Reply(200, repository.store.blob(entry.sha), content_type="application/vnd.github.raw; charset=utf-8")
    described = _described(exchange, sha, path, entry)
    if described["type"] == "file":
        small = entry.size is not None and entry.size <= _MAX_INLINE
        data = repository.store.blob(entry.sha) if small else b""
        # GitHub wraps its base64.
        described["content"] = base64.encodebytes(data).decode()
        described["encoding"] = "base64" if small else "none"
    elif described["type"] == "symlink":
        described["target"] = repository.store.blob(entry.sha).decode(errors="replace")
    elif described["type"] == "submodule":
        described["submodule_git_url"] = ""
    return Reply(body=described)


def list_commits(exchange: Exchange) -> Reply:
    """The history of a ref, newest first."""
    repository = exchange.repository
    sha = _commit(exchange, exchange.query.get("sha", repository.default_branch))
    shas = repository.store.log(sha, path=exchange.flag("path"))
    page = exchange.page(shas, lambda one: one)
    return Reply(200, commits(repository, page.body), page.headers)


def get_commit(exchange: Exchange) -> Reply:
    """A commit with its files, or its diff."""
    repository, sha = exchange.repository, exchange.commit("ref")
    rendered = commit(repository, sha)
    base = rendered["parents"][0]["sha"] if rendered["parents"] else EMPTY_TREE
    if "diff" in exchange.accept:
        return Reply(200, diff_text(repository.store, base, sha), content_type=_DIFF)
    files = _diff(exchange, base, sha)
    page = exchange.page(files, lambda file: diff_entry(repository, file, sha), cap=_MAX_FILES)
    additions, deletions = sum(file.additions for file in files), sum(file.deletions for file in files)
    stats = {"additions": additions, "deletions": deletions, "total": additions + deletions}
    return Reply(200, {**rendered, "stats": stats, "files": page.body}, page.headers)


def compare(exchange: Exchange) -> Reply:
    """What one commit has that another has not, from their merge base on."""
    repository, store = exchange.repository, exchange.repository.store
    base_name, separator, head_name = exchange.text("basehead").partition("...")
    if not separator:
        raise not_found()
    base, head = (
        _commit(exchange, base_name.rpartition(":")[2]),
        _commit(exchange, head_name.rpartition(":")[2]),
    )
    merge_base = store.merge_base(base, head)
    if merge_base is None:
        raise GitHubError(404, f"No common ancestor between {base_name} and {head_name}.")
    if "diff" in exchange.accept:
        return Reply(200, diff_text(store, merge_base, head), content_type=_DIFF)
    ahead, behind = store.log(head, f"^{base}")[::-1], store.log(base, f"^{head}")
    url, page = f"{repository_url(repository)}/compare/{base_name}...{head_name}", repository_page(repository)
    listed = exchange.page(ahead[-_MAX_COMMITS:], lambda one: one)
    body = {
        "url": url,
        "html_url": f"{page}/compare/{base_name}...{head_name}",
        "permalink_url": f"{page}/compare/{base[:7]}...{head[:7]}",
        "diff_url": f"{page}/compare/{base_name}...{head_name}.diff",
        "patch_url": f"{page}/compare/{base_name}...{head_name}.patch",
        "base_commit": commit(repository, base),
        "merge_base_commit": commit(repository, merge_base),
        "status": _relation(ahead, behind),
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": commits(repository, listed.body),
        "files": [diff_entry(repository, file, head) for file in _diff(exchange, merge_base, head)[:_MAX_FILES]],
    }
    return Reply(200, body, listed.headers)


def list_pulls_of_commit(exchange: Exchange) -> Reply:
    """The pull requests that a commit is part of."""
    sha = exchange.commit("commit_sha")
    found = [
        pull for pull in exchange.repository.pulls.values() if sha in pull.commits() or sha == pull.merge_commit_sha
    ]
    return exchange.page(found, pull_request_simple)


def _commit(exchange: Exchange, name: str) -> str:
    sha = resolve_commit(exchange.repository, name)
    if sha is None:
        raise GitHubError(404, f"No commit found for the ref {name}")
    return sha


def _entry(exchange: Exchange, sha: str, path: str) -> TreeEntry:
    store = exchange.repository.store
    parent, _, name = path.rpartition("/")
    tree = store.at_path(sha, parent)
    if tree is None or store.resolve(tree, kind="tree") is None:
        raise not_found()
    found = next((one for one in store.tree(tree) if one.path == name), None)
    if found is None:
        raise not_found()
    return found


def _described(exchange: Exchange, sha: str, path: str, entry: TreeEntry) -> JsonObject:
    repository, kind = exchange.repository, _kind(entry)
    url = f"{repository_url(repository)}/contents/{quote(path)}?ref={sha}"
    page = f"{repository_page(repository)}/{'tree' if kind == 'dir' else 'blob'}/{sha}/{quote(path)}"
    git = f"{repository_url(repository)}/git/{'trees' if kind == 'dir' else 'blobs'}/{entry.sha}"
    download = f"{repository_page(repository)}/raw/{sha}/{quote(path)}" if entry.type == "blob" else None
    return {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": entry.sha,
        "size": entry.size or 0,
        "url": url,
        "html_url": page,
        "git_url": git,
        "download_url": download,
        "type": kind,
        "_links": {"self": url, "git": git, "html": page},
    }


def _kind(entry: TreeEntry) -> str:
    if entry.mode == "120000":
        return "symlink"
    return {"tree": "dir", "blob": "file", "commit": "submodule"}[entry.type]


def _join(directory: str, name: str) -> str:
    return f"{directory}/{name}" if directory else name


def _diff(exchange: Exchange, base: str, head: str) -> list[DiffFile]:
    return diff_files(exchange.repository.store, base, head, max_patch_bytes=exchange.fake.max_patch_bytes)


def _relation(ahead: list[str], behind: list[str]) -> str:
    if ahead:
        return "diverged" if behind else "ahead"
    return "behind" if behind else "identical"


HANDLERS: Final[dict[str, Handler]] = {
    "repos/get-content": get_content,
    "repos/list-commits": list_commits,
    "repos/get-commit": get_commit,
    "repos/compare-commits-with-basehead": compare,
    "repos/list-pull-requests-associated-with-commit": list_pulls_of_commit,
}
