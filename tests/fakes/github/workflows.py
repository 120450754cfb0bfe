"""Only an App with the workflows permission may push files under ``.github/workflows/``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.fakes.github.auth import InstallationCaller

if TYPE_CHECKING:
    from tests.fakes.github.auth import Actor
    from tests.fakes.github.git_store import GitStore
    from tests.fakes.github.repository import Repository

FOLDER: Final = ".github/workflows"
REFUSING: Final = "refusing to allow a GitHub App to create or update workflow"
# Git's receive-pack runs this before it moves any ref; the new objects are visible to it.
PRE_RECEIVE: Final = f"""#!/bin/sh
test "$MAY_CHANGE_WORKFLOWS" = yes && exit 0
while read -r old new ref; do
    case "$new" in *[!0]*) ;; *) continue ;; esac
    for commit in $(git rev-list "$new" --not --all); do
        path=$(git diff-tree -r --root --no-commit-id --name-only "$commit" -- {FOLDER} | head -n 1)
        if test -n "$path"; then
            echo "{REFUSING} \\`$path\\`" \\
                "without \\`workflows\\` permission"
            exit 1
        fi
    done
done
"""


def install_hook(store: GitStore) -> None:
    """Let git itself refuse pushes over HTTP; commits that tests make do not come this way."""
    hooks = store.git_dir / "hooks"
    hooks.mkdir(exist_ok=True)
    hook = hooks / "pre-receive"
    hook.write_text(PRE_RECEIVE, encoding="utf-8")
    hook.chmod(0o755)


def may_change(actor: Actor, repository: Repository) -> bool:
    """Whether the caller may push workflows; a person's role is enough for that."""
    return not isinstance(actor, InstallationCaller) or actor.may(repository, "workflows", "write")


def changed_by(store: GitStore, sha: str) -> str | None:
    """A workflow that the commits not yet on any ref change."""
    for commit in store.log(sha, "--not", "--all"):
        arguments = ("diff-tree", "-r", "--root", "--no-commit-id", "--name-only", commit, "--", FOLDER)
        if changed := store.text(*arguments):
            return changed.splitlines()[0]
    return None
