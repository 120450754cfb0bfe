"""One bare mirror on disk: what it holds, and how it is created, repaired, rebuilt and kept small.

A mirror is a cache: deleting it costs time and nothing else. So whatever a killed fetch leaves is dealt with here.
Lock files and half-written packs are swept away before the next fetch, small files that were lost are written again,
and a mirror that git cannot read is built anew; so is one that a job found broken while reading, which leaves a mark
beside it. Objects are never dropped otherwise, so a running job cannot lose them to another job's housekeeping.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from app.adapters.git.layout import sweep, write_bare
from app.adapters.git.process import Git, GitDamaged
from app.domain.errors import GitFailed
from app.domain.pull_request import PullRequestRef

_PULLS = "refs/revwright/pulls"
_PULLS_KEPT = 100
_SIDES = ("head", "base", "floor")
_PACKS_BEFORE_REPACK = 40


@dataclass(frozen=True, slots=True)
class Mirror:
    """The mirror at `git_dir`. Only the holder of the lock may call what changes it."""

    git_dir: Path
    label: str

    @staticmethod
    def of(ref: PullRequestRef, *, directory: Path, label: str) -> Mirror:
        """The installation is part of the path: what one may read, another must not find."""
        return Mirror(directory / str(ref.installation_id) / f"{ref.repository_id}.git", label)

    @property
    def lock_file(self) -> Path:
        return self.git_dir.with_suffix(".lock")

    @property
    def damage_mark(self) -> Path:
        return self.git_dir.with_suffix(".damaged")

    @property
    def suspect(self) -> bool:
        return self.damage_mark.exists()

    @property
    def git(self) -> Git:
        return Git(self.git_dir, self.label, damage_mark=self.damage_mark)

    @staticmethod
    def ref_name(number: int, side: str) -> str:
        """Where a commit of a pull request is kept: fixed names, moved at every fetch."""
        return f"{_PULLS}/{number}/{side}"

    async def refs(self) -> dict[str, str]:
        """The commits that are here with all their history, by ref: git writes a ref only after checking that."""
        if not (self.git_dir / "HEAD").is_file():
            return {}
        git = replace(self.git, damage_mark=None)  # who asks acts on it at once
        printed = await git.output("for-each-ref", "--format=%(objecttype) %(objectname) %(refname)", _PULLS)
        lines = (line.split(" ", 2) for line in printed.decode("utf-8", "replace").splitlines())
        return {name: sha for kind, sha, name in lines if kind == "commit"}

    async def repaired(self) -> dict[str, str]:
        """Its refs, after making it usable, whatever state it was in."""
        for pattern in ("new", "old"):
            for left in self.git_dir.parent.glob(f"{self.git_dir.name}.{pattern}-*"):
                _remove(left)
        if self.suspect or not (self.git_dir / "objects" / "pack").is_dir():
            self.rebuild()
        write_bare(self.git_dir)
        sweep(self.git_dir)
        try:
            return await self.refs()
        except GitFailed as failed:
            if failed.retry and not isinstance(failed, GitDamaged):
                raise  # killed or too slow, which says nothing about the mirror
            self.rebuild()
            return {}

    def rebuild(self) -> None:
        """Put an empty mirror in its place, in one step."""
        suffix = secrets.token_hex(4)
        fresh = self.git_dir.with_name(f"{self.git_dir.name}.new-{suffix}")
        write_bare(fresh)
        old = self.git_dir.with_name(f"{self.git_dir.name}.old-{suffix}")
        with contextlib.suppress(FileNotFoundError):
            self.git_dir.rename(old)
        fresh.rename(self.git_dir)
        _remove(old)
        self.damage_mark.unlink(missing_ok=True)

    async def tidy(self, *, keep: int, lock: int) -> None:
        """Bound what makes every fetch slower: refs (the highest pull request numbers stay) and packs."""
        git = replace(self.git, pass_fds=(lock,))
        # It is only housekeeping: what fails now is tried again after the next fetch.
        with contextlib.suppress(GitFailed):
            numbers = {int(name.split("/")[3]) for name in await self.refs()} - {keep}
            stale = sorted(numbers, reverse=True)[_PULLS_KEPT - 1 :]
            if stale:
                names = [self.ref_name(number, side) for number in stale for side in _SIDES]
                commands = "".join(f"delete {name}\0\0" for name in names)
                await git.output("update-ref", "--no-deref", "-z", "--stdin", stdin=commands.encode("ascii"))
            if len(list((self.git_dir / "objects" / "pack").glob("*.pack"))) > _PACKS_BEFORE_REPACK:
                # Geometric repacking keeps unreachable objects: a job may be reading them.
                await git.output("repack", "-d", "-q", "--geometric=2")


def _remove(path: Path) -> None:
    """Best effort: what cannot be removed now is tried again before the next fetch."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
