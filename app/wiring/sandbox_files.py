"""A workspace on this machine held against a commit of a local store: what `revwright sandbox collect` does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Sequence
from pathlib import Path

from app.adapters.git.local import open_local
from app.adapters.git.objects import GitRepository
from app.adapters.sandbox.files.workspace import Workspace
from app.domain.collecting import CollectionPlan, collected, plan_collection
from app.domain.errors import GitFailed, SandboxRefused
from app.domain.patch_policy import PatchLimits
from app.domain.patches import Collected, TreeEntry
from app.domain.pull_request import Sha


async def open_store(git_dir: Path) -> GitRepository:
    """The repository at exactly this git dir, of which no configuration, hook or filter has a say."""
    if not (git_dir / "HEAD").is_file():  # else one in a directory above might be found
        raise GitFailed(f"{str(git_dir)!r} is not a git dir: name a bare repository or the .git of a clone")
    return await open_local(git_dir)


async def collect_directory(directory: Path, git_dir: Path, base: Sha, declared: Collection[str] | None) -> Collected:
    """What differs from `base`; of it, the declared paths become the patch, or all paths with None.

    Raises SandboxRefused for a directory that cannot be read within the limits, and GitFailed.
    """
    repository = await open_store(git_dir)
    entries = await repository.tree(base).entries()
    return await asyncio.to_thread(_collect, directory, base, entries, declared)


def _collect(directory: Path, base: Sha, entries: Sequence[TreeEntry], declared: Collection[str] | None) -> Collected:
    with _opened(directory) as workspace:
        found = tuple(workspace.walk())
        if declared is None:
            declared = {entry.path for entry in entries} | {one.path for one in found}
        plan = plan_collection(entries, found, declared, PatchLimits())
        return collected(plan, base, _contents(workspace, plan))


def _opened(directory: Path) -> Workspace:
    try:
        return Workspace.at(directory)
    except OSError as error:
        raise SandboxRefused(f"cannot read {str(directory)!r}: {error.strerror}") from error


def _contents(workspace: Workspace, plan: CollectionPlan) -> dict[str, bytes]:
    """Those that can still be read; a byte more than expected tells that a file has grown."""
    contents = {}
    for want in plan.wanted:
        with contextlib.suppress(SandboxRefused):
            contents[want.path] = workspace.read(want.path, max_bytes=want.size + 1)
    return contents
