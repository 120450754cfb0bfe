"""Mirrors of GitHub repositories: one per installation and repository, fetched when a job needs a commit."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from app.adapters.git.changes import DiffLimits
from app.adapters.git.lock import locked
from app.adapters.git.objects import GitRepository
from app.adapters.git.process import checked_sha
from app.adapters.git.server import FORGIVEN, GitHubServer
from app.adapters.git.storage import Mirror
from app.adapters.git.transfer import FetchLimits, Transfer, talking
from app.domain.errors import GitFailed
from app.domain.pull_request import PullRequestRef, RepositoryName, Sha

_NO_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|^$")
"""What no branch is called (git-check-ref-format)."""


class GitMirrors:
    """The mirrors under `<data_dir>/mirrors`."""

    def __init__(
        self,
        data_dir: Path,
        github_url: str,
        *,
        forgiven: tuple[str, ...] = FORGIVEN,
        proxy: str | None = None,
        ca_file: str | None = None,
        fetch_limits: FetchLimits | None = None,
        diff_limits: DiffLimits | None = None,
    ) -> None:
        self._directory = data_dir.absolute() / "mirrors"
        self._server = GitHubServer(github_url, forgiven=forgiven, proxy=proxy, ca_file=ca_file)
        self._fetch_limits = fetch_limits or FetchLimits()
        self._diff_limits = diff_limits

    @property
    def server(self) -> GitHubServer:
        return self._server

    def mirror(self, ref: PullRequestRef, repository: RepositoryName) -> Mirror:
        """Where the repository's mirror is, whether or not anything was fetched yet."""
        return Mirror.of(ref, directory=self._directory, label=str(repository))

    async def fetch(
        self,
        ref: PullRequestRef,
        repository: RepositoryName,
        *,
        head: Sha,
        base: Sha,
        floor: Sha | None = None,
        token: str,
    ) -> GitRepository:
        """The repository with the commits and their history; GitHub is asked only if they are not here."""
        mirror = self.mirror(ref, repository)
        transfer = Transfer(
            mirror=mirror,
            server=self._server,
            repository=repository,
            number=ref.number,
            head=checked_sha(head),
            base=checked_sha(base),
            floor=None if floor is None else checked_sha(floor),
            token=token,
            limits=self._fetch_limits,
        )
        if not await _here(mirror, transfer):
            try:
                await self._filled(mirror, transfer)
            except OSError as error:  # a full disk, missing permissions
                raise GitFailed(f"the mirror of {repository} cannot be written: {error.strerror}") from error
        return GitRepository(mirror.git, limits=self._diff_limits)

    async def _filled(self, mirror: Mirror, transfer: Transfer) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)  # private repositories lie here
        mirror.git_dir.parent.mkdir(exist_ok=True)
        async with locked(mirror.lock_file, seconds=self._fetch_limits.lock_seconds) as lock:
            here = await mirror.repaired()
            if not transfer.satisfied_by(here):
                await transfer.run(lock=lock, begun=bool(here))
                await mirror.tidy(keep=transfer.number, lock=lock)

    async def pull_request_head(self, ref: PullRequestRef, repository: RepositoryName, *, token: str) -> Sha | None:
        """The commit that the head is at now, asked of the server; None when its ref is gone."""
        return await self._at(f"refs/pull/{ref.number:d}/head", ref, repository, token)

    async def branch_head(
        self, ref: PullRequestRef, repository: RepositoryName, branch: str, *, token: str
    ) -> Sha | None:
        """The commit that the branch is at now, asked of the server; None when there is none of that name."""
        if _NO_REF.search(branch):  # git would take some of these for a pattern
            return None
        return await self._at(f"refs/heads/{branch}", ref, repository, token)

    async def _at(self, name: str, ref: PullRequestRef, repository: RepositoryName, token: str) -> Sha | None:
        git = replace(self.mirror(ref, repository).git, damage_mark=None)
        url = self._server.clone_url(repository)
        with talking(git, self._server, token) as talker:
            printed = await talker.output("ls-remote", "--quiet", "--refs", "--end-of-options", url, name)
        for line in printed.split(b"\n"):  # git also lists refs that merely end like the name
            sha, _, found = line.partition(b"\t")
            if found == name.encode("utf-8", "surrogateescape"):
                return checked_sha(sha.decode("ascii", "replace"))
        return None


async def _here(mirror: Mirror, transfer: Transfer) -> bool:
    """Whether nothing is to be done; without the lock, so the mirror may be changing under our eyes."""
    if mirror.suspect:
        return False
    try:
        return transfer.satisfied_by(await mirror.refs())
    except GitFailed:
        return False  # whatever it is, it is looked at with the lock held
