"""One pull request on a served repository, and the mirrors that fetch it."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from app.adapters.git.mirror import GitMirrors
from app.adapters.git.objects import GitRepository
from app.adapters.git.storage import Mirror
from app.adapters.git.transfer import FetchLimits
from app.domain.errors import GitFailed
from app.domain.pull_request import PullRequestRef, RepositoryName, Sha
from tests.adapters.git.http_server import TOKEN, GitServer
from tests.adapters.git.stores import Store

REF = PullRequestRef(installation_id=11, repository_id=22, number=7)
NAME = RepositoryName("acme", "web")
ABSENT = Sha("1" * 40)


def numbered(number: int) -> PullRequestRef:
    """Another pull request of the same repository."""
    return replace(REF, number=number)


@dataclass(frozen=True)
class PullRequestStore:
    """`base` is where main is, `head` where refs/pull/7/head is: one commit later."""

    store: Store
    base: Sha
    head: Sha

    @staticmethod
    def create(git_dir: Path) -> PullRequestStore:
        store = Store.create(git_dir)
        base = store.commit({"a.py": b"one\n"}, store.commit({"a.py": b"zero\n"}))
        head = store.commit({"a.py": b"two\n"}, base)
        store.point("refs/heads/main", base)
        store.point("refs/pull/7/head", head)
        return PullRequestStore(store, base, head)

    def at(self, git_dir: Path) -> PullRequestStore:
        """A copy of it elsewhere."""
        return replace(self, store=Store(git_dir))


@dataclass(frozen=True)
class Site:
    """The pull request, served, and mirrors of it."""

    store: Store
    base: Sha
    head: Sha
    server: GitServer
    data_dir: Path
    mirrors: GitMirrors

    @staticmethod
    def of(pull: PullRequestStore, server: GitServer, data_dir: Path) -> Site:
        return Site(pull.store, pull.base, pull.head, server, data_dir, GitMirrors(data_dir, server.url))

    def limited(self, limits: FetchLimits) -> Site:
        """The same site with other limits, as another process would see it."""
        return replace(self, mirrors=GitMirrors(self.data_dir, self.server.url, fetch_limits=limits))

    async def fetch(
        self, head: str = "", base: str = "", *, ref: PullRequestRef = REF, token: str = TOKEN
    ) -> GitRepository:
        shas = Sha(head or self.head), Sha(base or self.base)
        return await self.mirrors.fetch(ref, NAME, head=shas[0], base=shas[1], token=token)

    async def failure(
        self, head: str = "", base: str = "", *, ref: PullRequestRef = REF, token: str = TOKEN
    ) -> GitFailed:
        return await failed(self.fetch(head, base, ref=ref, token=token))

    def git_dir(self, ref: PullRequestRef = REF) -> Path:
        return Mirror.of(ref, directory=self.data_dir / "mirrors", label="acme/web").git_dir

    def refs(self) -> dict[str, str]:
        """The refs of the mirror."""
        lines = Store(self.git_dir()).git("for-each-ref", "--format=%(refname) %(objectname)").decode().splitlines()
        return dict(line.split() for line in lines)


async def failed(call: Awaitable[object]) -> GitFailed:
    with pytest.raises(GitFailed) as caught:
        await call
    return caught.value
