"""A user's own clone, read without obeying it: its configuration, attributes, hooks and filters have no say.

Objects are compared from an empty bare repository of ours that borrows the clone's object database, so git never sees
the clone's configuration there. Only names are looked up in the clone itself, by `git rev-parse`, which runs nothing.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path

from app.adapters.git.changes import DiffLimits
from app.adapters.git.environment import git_environment
from app.adapters.git.layout import find_clone, write_bare
from app.adapters.git.objects import GitRepository
from app.adapters.git.process import Git


async def open_local(path: Path, *, limits: DiffLimits | None = None) -> GitRepository:
    """The clone that `path` lies in: a work tree, a linked work tree or a bare repository.

    Nothing needs closing: our few files go when the result is no longer used, at the latest when Python ends.
    """
    clone = find_clone(path)
    borrowing = Path(tempfile.mkdtemp(prefix="revwright-"))
    write_bare(borrowing)
    if (clone.common_dir / "shallow").is_file():  # else git would look for the parents that were not fetched
        shutil.copyfile(clone.common_dir / "shallow", borrowing / "shallow")
    borrowed = {"GIT_OBJECT_DIRECTORY": str((clone.common_dir / "objects").resolve())}
    label = str(path)
    repository = GitRepository(
        Git(borrowing, label, git_environment(variables=borrowed)),
        names=Git(clone.git_dir, label),
        limits=limits,
    )
    weakref.finalize(repository, shutil.rmtree, borrowing, ignore_errors=True)
    return repository
