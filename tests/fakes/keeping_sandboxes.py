"""Sandboxes in memory that keep workspaces and environments; what setup commands make is written down beforehand."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from app.domain.blobs import blob_id
from app.domain.collecting import collected, plan_collection
from app.domain.errors import SandboxRefused, SetupFailed
from app.domain.patch_policy import PatchLimits
from app.domain.patches import Collected, FoundFile, FoundKind, TreeEntry
from app.domain.sandbox import Command, Ended, Isolation, Mode, WorkspaceKey, bindable
from app.ports import KeptSandbox, Output, Prepared, Tree
from tests.fakes.scripted_sandbox import ended

Made = Mapping[str, bytes]
"""Path -> content of what a setup command makes."""


@dataclass(slots=True)
class KeepingSandboxesInMemory:
    """Implements ports.KeepingSandboxes. A setup command that `makes` does not have fails with status 1."""

    makes: Mapping[str, Made] = field(default_factory=dict)
    prepared: list[str] = field(default_factory=list)
    """Every setup command that was run, in order."""
    _environments: dict[str, dict[str, bytes]] = field(default_factory=dict)
    _kept: dict[str, tuple[WorkspaceKey, bool, dict[str, bytes]]] = field(default_factory=dict)
    _forgotten: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    _preparing: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def isolation(self) -> Isolation:
        return Isolation(mode=Mode.FULL, reason="in memory", remedy="", cgroup="none", own_user=True)

    @asynccontextmanager
    async def open(
        self,
        tree: Tree,
        *,
        git: bool = False,
        environment: Prepared | None = None,
        keep: WorkspaceKey | None = None,
    ) -> AsyncIterator[KeptSandbox]:
        if keep is not None and keep.commit != tree.commit:
            raise ValueError(f"a workspace of {keep.commit} cannot be filled with {tree.commit}")
        entries = await tree.entries()
        mounted: dict[str, bytes] = {}
        if environment is not None:
            made = await self._environment(environment)
            try:
                places = bindable(sorted({path.split("/")[0] for path in made}), (entry.path for entry in entries))
            except ValueError as error:
                raise SandboxRefused(str(error)) from None
            mounted = {path: data for path, data in made.items() if path.split("/")[0] in places}
        kept = self._kept.pop(keep.owner, None) if keep is not None else None
        resumed = kept is not None and kept[:2] == (keep, git)
        files = kept[2] if kept is not None and resumed else await _contents(tree)
        remembered = self._forgotten[keep.owner] if keep is not None else 0
        yield _Sandbox(tree, entries, files, mounted, git, resumed)
        if keep is not None and self._forgotten[keep.owner] == remembered:
            self._kept[keep.owner] = keep, git, files

    async def forget(self, owner: str) -> None:
        self._kept.pop(owner, None)
        self._forgotten[owner] += 1

    async def _environment(self, wanted: Prepared) -> Mapping[str, bytes]:
        async with self._preparing[wanted.key]:
            if wanted.key not in self._environments:
                base = await _contents(wanted.tree)
                made: dict[str, bytes] = {}
                for line in wanted.setup:
                    self.prepared.append(line)
                    await asyncio.sleep(0)
                    if line not in self.makes:
                        raise SetupFailed(line, ended(1), "as told\n")
                    made.update({path: data for path, data in self.makes[line].items() if path not in base})
                self._environments[wanted.key] = made
            return self._environments[wanted.key]


async def _contents(tree: Tree) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    async for chunk in tree.contents(await tree.entries()):
        files[chunk.entry.path] = files.get(chunk.entry.path, b"") + chunk.data
    return files


@dataclass(slots=True)
class _Sandbox:
    """Implements ports.KeptSandbox. No command does anything."""

    tree: Tree
    entries: tuple[TreeEntry, ...]
    files: dict[str, bytes]
    mounted: Mapping[str, bytes]
    has_git: bool
    resumed: bool

    async def run(self, command: Command, output: Output | None = None) -> Ended:
        return ended()

    async def read(self, path: str, *, max_bytes: int) -> bytes:
        files = {**self.files, **self.mounted}
        if path not in files:
            raise SandboxRefused(f"cannot read {path!r}: there is no such file")
        return files[path][:max_bytes]

    async def write(self, path: str, content: bytes, *, executable: bool = False) -> None:
        self._refuse_mounted(path)
        self.files[path] = content

    async def delete(self, path: str) -> None:
        self._refuse_mounted(path)
        if self.files.pop(path, None) is None:
            raise SandboxRefused(f"cannot delete {path!r}: there is no such file")

    async def collect(self, declared: Collection[str]) -> Collected:
        found = [FoundFile(path, FoundKind.FILE, len(data), blob_id(data)) for path, data in self.files.items()]
        plan = plan_collection(self.entries, found, declared, PatchLimits())
        return collected(plan, self.tree.commit, {want.path: self.files[want.path] for want in plan.wanted})

    def _refuse_mounted(self, path: str) -> None:
        if path.split("/", maxsplit=1)[0] in {mounted.split("/")[0] for mounted in self.mounted}:
            raise SandboxRefused(f"cannot change {path!r}: it belongs to the prepared environment, which is read-only")
