"""Sandboxes that are plain directories, for stories in which isolation has no part: commands of ours really run."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from app.domain.blobs import blob_id
from app.domain.collecting import collected, plan_collection
from app.domain.entries import Kind
from app.domain.errors import SandboxRefused, SetupFailed
from app.domain.patch_policy import PatchLimits
from app.domain.patches import Collected, FoundFile, FoundKind
from app.domain.sandbox import Command, Ended, Isolation, Limit, Mode, Stream, WorkspaceKey
from app.ports import KeptSandbox, Output, Prepared, Tree
from tests.fakes.directory_sandbox import DirectorySandbox


@dataclass(slots=True)
class DirectorySandboxes:
    """Implements ports.KeepingSandboxes without isolating anything, and keeps nothing: an environment is set up in each
    workspace. Commands have at most `seconds`.
    """

    root: Path
    seconds: float = 60.0
    opened: int = 0

    async def isolation(self) -> Isolation:
        return Isolation(mode=Mode.FULL, reason="a stand-in", remedy="", cgroup="none", own_user=False)

    @asynccontextmanager
    async def open(
        self,
        tree: Tree,
        *,
        git: bool = False,
        environment: Prepared | None = None,
        keep: WorkspaceKey | None = None,
    ) -> AsyncIterator[KeptSandbox]:
        self.opened += 1
        self.root.mkdir(parents=True, exist_ok=True)
        root = Path(tempfile.mkdtemp(dir=self.root))
        try:
            await _fill(root, tree)
            workspace = _Workspace(root, tree=tree, seconds=self.seconds, has_git=git)
            for line in environment.setup if environment else ():
                await _set_up(workspace, line)
            yield workspace
        finally:
            shutil.rmtree(root)

    async def forget(self, owner: str) -> None:
        """Nothing is kept."""


async def _set_up(workspace: _Workspace, line: str) -> None:
    printed: list[bytes] = []

    async def take(_stream: Stream, data: bytes) -> None:
        printed.append(data)

    ended = await workspace.run(Command(argv=("sh", "-c", line)), take)
    if not ended.succeeded:
        raise SetupFailed(line, ended, b"".join(printed).decode("utf-8", "replace"))


@dataclass(slots=True)
class _Workspace(DirectorySandbox):
    tree: Tree = field(kw_only=True)
    seconds: float = field(kw_only=True)

    @property
    def resumed(self) -> bool:
        return False

    async def run(self, command: Command, output: Output | None = None) -> Ended:
        began, limit = time.monotonic(), None
        process = await asyncio.create_subprocess_exec(
            *command.argv,
            cwd=self.root,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1", **command.environment},
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(min(self.seconds, command.limits.seconds)):
                printed, _ = await process.communicate()
        except TimeoutError:
            printed, limit = b"", Limit.TIME
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        if output is not None:
            await output(Stream.OUT, printed)
        status = process.returncode
        ended_by = None if status is None or status >= 0 else -status
        return Ended(
            status=status if ended_by is None else None,
            signal=ended_by,
            limit=limit,
            seconds=time.monotonic() - began,
            output_bytes=len(printed),
        )

    async def delete(self, path: str) -> None:
        if not (self.root / path).is_symlink() and not (self.root / path).is_file():
            raise SandboxRefused(f"cannot delete {path!r}: there is no such file")
        (self.root / path).unlink()

    async def collect(self, declared: Collection[str]) -> Collected:
        found = [
            _seen(path, str(path.relative_to(self.root))) for path in sorted(self.root.rglob("*")) if _is_leaf(path)
        ]
        plan = plan_collection(await self.tree.entries(), found, declared, PatchLimits())
        contents = {want.path: (self.root / want.path).read_bytes() for want in plan.wanted}
        return collected(plan, self.tree.commit, contents)


async def _fill(root: Path, tree: Tree) -> None:
    entries = [entry for entry in await tree.entries() if entry.kind is not Kind.SUBMODULE]
    contents: dict[str, bytes] = {}
    async for chunk in tree.contents(entries):
        contents[chunk.entry.path] = contents.get(chunk.entry.path, b"") + chunk.data
    for entry in entries:
        path = root / entry.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if entry.kind is Kind.SYMLINK:
            path.symlink_to(contents[entry.path].decode())
        else:
            path.write_bytes(contents[entry.path])
            path.chmod(0o755 if entry.kind is Kind.EXECUTABLE else 0o644)


def _is_leaf(path: Path) -> bool:
    return path.is_symlink() or not path.is_dir()


def _seen(path: Path, name: str) -> FoundFile:
    if path.is_symlink():
        target = os.fsencode(path.readlink())
        return FoundFile(name, FoundKind.SYMLINK, len(target), blob_id(target))
    if not path.is_file():
        return FoundFile(name, FoundKind.OTHER, 0, None)
    data = path.read_bytes()
    kind = FoundKind.EXECUTABLE if path.stat().st_mode & 0o100 else FoundKind.FILE
    return FoundFile(name, kind, len(data), blob_id(data))
