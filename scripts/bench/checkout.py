"""Benchmark `checkout`: from a repository that nobody here has seen, or has, to the first file that can be read."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from app.adapters.git.mirror import GitMirrors
from app.adapters.git.objects import GitRepository
from app.domain.policy import ParsedPolicy
from app.domain.pull_request import PullRequestRef, RepositoryName, Sha
from app.usecases.review.gather import gather
from scripts.bench import invented
from scripts.bench.git_server import AUTHORIZATION, TOKEN, GitServer
from scripts.bench.repositories import COMMITS, ENVIRONMENT, FILES, OF_PULL, PULLS, Invented, with_history
from scripts.bench.results import Section

NAME = "checkout"
COLD, WARM, HERE = "revwright, cold mirror", "revwright, warm mirror", "revwright, commits are here"
SHALLOW, WHOLE, NOTHING = "git clone --depth=1", "git clone", "git fetch, nothing new"
BARE_SHALLOW, BARE_WHOLE = "git clone --depth=1 --bare", "git clone --bare"
LITTLE = "git fetch of a pull request"
SECONDS = "s in git"
FROM_FIRST_BYTE = "s from the pack's first byte to the first file"
FIRST_FILE = "s to the first file"
RECEIVED, ON_DISK = "MB received", "MB on disk"

_NAME = RepositoryName("acme", "web")
_MB = 1e6


@dataclass(frozen=True, slots=True)
class Plan:
    cold: int
    """Rounds of what fetches everything."""
    warm: int
    """Rounds in each of them of what fetches little."""


FULL, QUICK = Plan(3, 5), Plan(1, 5)


@dataclass(frozen=True, slots=True)
class _Bench:
    store: Invented
    base: Sha
    server: GitServer
    folder: Path
    values: dict[str, dict[str, list[float]]]

    def note(self, column: str, **measured: float) -> None:
        for name, value in measured.items():
            self.values[column][_WORDS[name]].append(value)

    async def cold(self, mirrors: GitMirrors) -> None:
        head = self.store.commit("refs/pull/1/head")
        began = self._begun()
        repository = await self._fetched(mirrors, 1, head)
        await _read(repository, head)
        read = time.perf_counter()
        await self._gathered(repository, head)
        done = time.perf_counter()
        assert self.server.first_pack_at is not None
        self.note(
            COLD,
            first_file=read - began,
            from_first_byte=read - self.server.first_pack_at,
            seconds=done - began,
            received=self.server.sent_bytes / _MB,
            on_disk=_size(self.folder / "data") / _MB,
        )

    async def warm(self, mirrors: GitMirrors, number: int) -> None:
        """A pull request that is new here, and then the same again: another look at commits that are here."""
        head = self.store.commit(f"refs/pull/{number}/head")
        for column in (WARM, HERE):
            began = self._begun()
            repository = await self._fetched(mirrors, number, head)
            await _read(repository, head)
            read = time.perf_counter()
            await self._gathered(repository, head)
            done = time.perf_counter()
            self.note(column, first_file=read - began, seconds=done - began, received=self.server.sent_bytes / _MB)

    def clone(self, column: str, *options: str) -> Path:
        target = self.folder / "clone"
        shutil.rmtree(target, ignore_errors=True)
        began = self._begun()
        self._git("clone", "--quiet", *options, f"{self.server.url}/{_NAME}.git", str(target))
        ended = time.perf_counter()
        self.note(
            column,
            first_file=ended - began,
            seconds=ended - began,
            received=self.server.sent_bytes / _MB,
            on_disk=_size(target) / _MB,
        )
        return target

    def fetch(self, column: str, clone: Path, ref: str) -> None:
        began = self._begun()
        self._git("-C", str(clone), "fetch", "--quiet", "--no-tags", "origin", f"+{ref}:{ref}")
        self.note(column, seconds=time.perf_counter() - began, received=self.server.sent_bytes / _MB)

    def _begun(self) -> float:
        self.server.forget()
        return time.perf_counter()

    async def _fetched(self, mirrors: GitMirrors, number: int, head: Sha) -> GitRepository:
        ref = PullRequestRef(installation_id=1, repository_id=1, number=number)
        return await mirrors.fetch(ref, _NAME, head=head, base=self.base, token=TOKEN)

    async def _gathered(self, repository: GitRepository, head: Sha) -> None:
        """All that a review reads of git."""
        snapshot = await gather(repository, _no_policy, base=self.base, head=head, title="", body="")
        if len(snapshot.changes) != OF_PULL:
            raise RuntimeError(f"{len(snapshot.changes)} changes were read, and there are {OF_PULL}")

    def _git(self, *arguments: str) -> None:
        variables = {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "http.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: {AUTHORIZATION}",
        }
        subprocess.run(("git", *arguments), env={**ENVIRONMENT, **variables}, check=True)


_WORDS = {
    "first_file": FIRST_FILE,
    "from_first_byte": FROM_FIRST_BYTE,
    "seconds": SECONDS,
    "received": RECEIVED,
    "on_disk": ON_DISK,
}


async def measure(plan: Plan) -> Section:
    """In each round a mirror from nothing, clones beside it, and what comes after on top of both."""
    store = with_history()
    columns = (COLD, SHALLOW, BARE_SHALLOW, WHOLE, BARE_WHOLE, WARM, LITTLE, HERE, NOTHING)
    values: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in columns}
    with (
        GitServer(store.git_dir.parents[1]).serving() as server,
        tempfile.TemporaryDirectory(prefix="rw-bench-", dir="/var/tmp") as folder,
    ):
        bench = _Bench(store, store.commit("main"), server, Path(folder), values)
        for _ in range(plan.cold):
            data = Path(folder) / "data"
            shutil.rmtree(data, ignore_errors=True)
            mirrors = GitMirrors(data, server.url)
            await bench.cold(mirrors)
            bench.clone(SHALLOW, "--depth=1")
            bench.clone(BARE_SHALLOW, "--depth=1", "--bare")
            bench.clone(WHOLE)
            clone = bench.clone(BARE_WHOLE, "--bare")
            for number in range(2, 2 + plan.warm):
                await bench.warm(mirrors, number)
                bench.fetch(LITTLE, clone, f"refs/pull/{number}/head")
                bench.fetch(NOTHING, clone, "refs/heads/main")
    title = (
        f"Checkout: {FILES:,} files, {COMMITS:,} commits, {PULLS} pull requests of {OF_PULL} files, over loopback "
        f"HTTP; {plan.cold} rounds with {plan.warm} pull requests each"
    )
    return Section(NAME, title, values)


async def _read(repository: GitRepository, head: Sha) -> None:
    if await repository.blob(head, invented.path(0), max_bytes=1 << 20) is None:
        raise RuntimeError("the first file cannot be read")


def _no_policy(_content: bytes, _path: str) -> ParsedPolicy:
    raise LookupError("the invented repository has no policy")


def _size(directory: Path) -> int:
    """Allocated on the disk."""
    return sum((Path(above) / name).lstat().st_blocks * 512 for above, _, names in os.walk(directory) for name in names)
