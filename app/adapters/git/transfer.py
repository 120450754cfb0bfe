"""One fetch of a pull request's commits into a mirror, by exact object id."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from app.adapters.git.credentials import offered
from app.adapters.git.environment import git_environment
from app.adapters.git.process import Git, GitDamaged, Limits
from app.adapters.git.server import GitHubServer, refused_sha
from app.adapters.git.storage import Mirror
from app.domain.errors import GitFailed
from app.domain.pull_request import RepositoryName, Sha

# All history (https://git-scm.com/docs/shallow). Said, because git then refuses a server of mere files, whose objects
# would come one by one past the checks of fsck and past the limit on the pack. Said to a server that a mirror has
# nothing from yet only: git then walks through all of the history that is here, however little arrives (`fetch-pack.c`,
# is_deepening_fetch). Without it git walks from what arrived to what a ref of ours already vouches for.
_WHOLE = "--depth=2147483647"
_FETCH = (
    "--quiet",
    "--force",
    "--atomic",
    "--no-tags",
    "--no-recurse-submodules",
    "--no-write-fetch-head",
    "--no-auto-maintenance",
    "--no-show-forced-updates",
)


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What one fetch may take."""

    seconds: float = 600
    lock_seconds: float = 660
    """How long to wait for another job's fetch of the same repository."""
    pack_bytes: int = 4 << 30
    """The most that one fetch may write."""
    memory_bytes: int = 4 << 30
    """Of each of its processes: a small pack may hold large objects."""


@contextlib.contextmanager
def talking(git: Git, server: GitHubServer, token: str) -> Iterator[Git]:
    """The same git, allowed to talk to the server with the token."""
    with offered(token, origin=server.origin) as credential:
        config = (*server.config, *credential.config)
        yield replace(
            git,
            environment=git_environment(config=config, protocols=server.protocols),
            secrets=(*git.secrets, token),
            pass_fds=(*git.pass_fds, credential.fd),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """What one job wants in its repository's mirror."""

    mirror: Mirror
    server: GitHubServer
    repository: RepositoryName
    number: int
    head: Sha
    base: Sha
    floor: Sha | None
    """Another commit of the base repository."""
    token: str = field(repr=False)
    limits: FetchLimits

    @property
    def _by_id(self) -> dict[str, Sha]:
        """What only an id names, by side: the head has a ref of its own on the server."""
        return {"base": self.base} | ({} if self.floor is None else {"floor": self.floor})

    def satisfied_by(self, refs: Mapping[str, str]) -> bool:
        return {self.head, *self._by_id.values()} <= set(refs.values())

    async def run(self, *, lock: int, begun: bool) -> None:
        """Fetch; the caller holds the mirror's lock, and git inherits it. `begun`: the mirror has commits already."""
        try:
            refs = await self._fetched(lock, begun=begun)
        except GitDamaged:  # seen only now, against what the server has: once more, from nothing
            self.mirror.rebuild()
            refs = await self._fetched(lock, begun=False)
        for side, wanted in {"head": self.head, **self._by_id}.items():
            arrived = refs.get(self._ref(side))
            if arrived is None:
                raise GitFailed(f"git fetch of {self.mirror.label} failed: {wanted} ({side}) is not a commit")
            if arrived != wanted:
                raise self._absent(side, f"does not have {wanted}; refs/pull/{self.number}/head is {arrived}")

    async def _fetched(self, lock: int, *, begun: bool) -> dict[str, str]:
        limits = Limits(
            seconds=self.limits.seconds,
            memory_bytes=self.limits.memory_bytes,
            file_bytes=self.limits.pack_bytes,
        )
        local = replace(self.mirror.git, limits=limits, pass_fds=(lock,))
        with talking(local, self.server, self.token) as git:
            try:
                await self._fetch(git, self.head, begun=begun)
            except GitFailed as failed:
                refused = refused_sha(str(failed))
                if refused is None:
                    raise
                if refused != self.head:
                    raise self._refused(refused) from failed
                await self._by_pull_ref(git, begun=begun)
        return await self.mirror.refs()

    async def _by_pull_ref(self, git: Git, *, begun: bool) -> None:
        """Some servers give only what a ref points at: then the head comes by its ref, and is checked afterwards."""
        try:
            await self._fetch(git, f"refs/pull/{self.number:d}/head", begun=begun)
        except GitFailed as failed:
            if "couldn't find remote ref" in str(failed):
                raise self._absent("head", f"has neither {self.head} nor refs/pull/{self.number}/head") from failed
            refused = refused_sha(str(failed))
            if refused is not None and refused in self._by_id.values():
                raise self._refused(refused) from failed
            raise

    async def _fetch(self, git: Git, head: str, *, begun: bool) -> None:
        url = self.server.clone_url(self.repository)
        wanted = (f"{sha}:{self._ref(side)}" for side, sha in {"head": head, **self._by_id}.items())
        await git.output("fetch", *_FETCH, *(() if begun else (_WHOLE,)), "--end-of-options", url, *wanted)

    def _ref(self, side: str) -> str:
        return self.mirror.ref_name(self.number, side)

    def _refused(self, sha: str) -> GitFailed:
        side = "floor" if sha == self.floor else "base"
        return self._absent(side, f"does not have {sha}")

    def _absent(self, side: str, what: str) -> GitFailed:
        """The API named the commit, so it is on its way to the servers of git, or a newer push took its place."""
        message = f"git fetch of {self.mirror.label} failed: for the {side} commit, the server {what}"
        return GitFailed(message, retry=True)
