"""Decides what isolates here: bubblewrap with /proc, without it, or nothing, and then nothing is ever executed."""

from __future__ import annotations

import asyncio
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

from app.adapters.sandbox.files.workspace import Workspace
from app.adapters.sandbox.files.workspaces import Claim
from app.adapters.sandbox.isolation.plan import Proc, SandboxPlan, Toolchain, proc_secrets
from app.adapters.sandbox.isolation.syscalls import Machine
from app.adapters.sandbox.running.cgroups import Subtree
from app.adapters.sandbox.running.host import Host
from app.adapters.sandbox.running.launcher import Launcher
from app.adapters.sandbox.running.starting import LaunchFailed
from app.adapters.sandbox.self_test import diagnosis
from app.adapters.sandbox.self_test.diagnosis import Surroundings, Trouble
from app.adapters.sandbox.self_test.evidence import SCRIPT, Evidence, look_at
from app.adapters.sandbox.self_test.probes import CAP, CLOCK, PROBES
from app.adapters.sandbox.self_test.roots import trouble_with
from app.domain.sandbox import CommandLimits, Ended, Isolation, Limit, Mode, Stream
from app.ports import Output

_OLDEST = (0, 8)
_WHERE = "/usr/bin:/bin:/usr/local/bin"
_TRIAL = CommandLimits(seconds=20, memory_bytes=256 << 20, processes=32, disk_bytes=64 << 20, files=10_000)
_CLOCK_SECONDS = 0.1
_CAP_BYTES = 64 << 10
_NOT_EXECUTED = (126, 127)
"""See `Launcher.run`."""


class _Refused(Exception):
    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.reason)
        self.trouble = trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """What is tried, and where."""

    workspaces: Claim
    toolchain: Toolchain
    around: Surroundings
    own_user: bool
    cgroups: Subtree | None = None
    mark: str = ""
    """See `Host.mark`."""
    launcher: Callable[[Host], Launcher] = Launcher
    bwrap: str | None = None
    """Instead of the one that is installed."""

    async def decide(self) -> tuple[Isolation, Launcher | None]:
        """What isolates here, and who runs commands so; nobody where nothing does."""
        try:
            host = await asyncio.to_thread(self._host)
            workspace = await asyncio.to_thread(self.workspaces.create)
            try:
                host, trouble = await self._mode(host, workspace)
                probes = await self._probes(host, workspace)
            finally:
                await asyncio.to_thread(workspace.remove)
        except _Refused as refused:
            return self._isolation(Mode.REFUSED, refused.trouble, ()), None
        failed = [name for name, passed in probes if not passed]
        if failed:
            return self._isolation(Mode.REFUSED, _failed(failed), probes), None
        mode = Mode.FULL if host.proc is Proc.OWN else Mode.NO_PROC
        return self._isolation(mode, trouble, probes), self.launcher(host)

    def _isolation(self, mode: Mode, trouble: Trouble, probes: tuple[tuple[str, bool], ...]) -> Isolation:
        return Isolation(
            mode=mode,
            reason=trouble.reason,
            remedy=trouble.remedy,
            cgroup="none" if self.cgroups is None else self.cgroups.version,
            own_user=self.own_user,
            probes=probes,
        )

    def _host(self) -> Host:
        if os.geteuid() == 0:
            raise _Refused(diagnosis.AS_ROOT)
        machine = platform.machine()
        if sys.platform != "linux" or machine not in {each.value for each in Machine}:
            raise _Refused(diagnosis.wrong_system(sys.platform, machine))
        found = self.bwrap or shutil.which("bwrap", path=_WHERE)
        if found is None:
            raise _Refused(diagnosis.NO_BUBBLEWRAP)
        version = _version(found)
        if version < _OLDEST:
            raise _Refused(diagnosis.too_old(".".join(map(str, version))))
        trouble = trouble_with(Path(self.toolchain.root))
        if trouble is not None:
            raise _Refused(trouble)
        masked = proc_secrets(entry.name for entry in Path("/proc").iterdir())
        return Host(
            bwrap=PurePosixPath(found), machine=Machine(machine), masked=masked, cgroups=self.cgroups, mark=self.mark
        )

    async def _mode(self, host: Host, workspace: Workspace) -> tuple[Host, Trouble]:
        """The host as it can be had, and what is missing of it."""
        try:
            await self._start(host, workspace)
        except LaunchFailed as error:
            if not diagnosis.proc_is_masked(str(error)):
                raise _Refused(self._diagnosed(str(error))) from None
        else:
            return host, Trouble("every probe passed", "")
        without = replace(host, proc=Proc.ABSENT, masked=())
        try:
            await self._start(without, workspace)
        except LaunchFailed as error:
            raise _Refused(self._diagnosed(str(error))) from None
        return without, diagnosis.NO_PROC

    async def _start(self, host: Host, workspace: Workspace) -> None:
        """Run the simplest of programs. Raises LaunchFailed, and _Refused where the kernel does not start it."""
        said = bytearray()

        async def hear(_stream: Stream, data: bytes) -> None:
            said.extend(data)

        ended = await self._run(host, workspace, ("true",), hear=hear)
        if ended.status in _NOT_EXECUTED:
            raise _Refused(diagnosis.not_started(said.decode(errors="replace")))

    def _diagnosed(self, said: str) -> Trouble:
        return diagnosis.diagnosed(said, self.around)

    async def _probes(self, host: Host, workspace: Workspace) -> tuple[tuple[str, bool], ...]:
        evidence = await self._evidence(host, workspace)
        probes = [(name, holds(evidence)) for name, holds in PROBES.items()]
        late = await self._run(host, workspace, ("sleep", "30"), replace(_TRIAL, seconds=_CLOCK_SECONDS))
        wordy = await self._run(host, workspace, ("cat", "/dev/zero"), replace(_TRIAL, output_bytes=_CAP_BYTES))
        return (*probes, (CLOCK, late.limit is Limit.TIME), (CAP, wordy.limit is Limit.OUTPUT))

    async def _evidence(self, host: Host, workspace: Workspace) -> Evidence:
        """Runs the script and looks at it where it waits."""
        canary = self.workspaces.path / "trial-secret"
        try:
            await asyncio.to_thread(canary.write_text, "not for a sandbox\n")
        except OSError as error:
            raise _Refused(_no_room(error)) from None
        said = bytearray()
        ready = asyncio.Event()
        first = 0

        def begun(pid: int) -> None:
            nonlocal first
            first = pid

        async def hear(_stream: Stream, data: bytes) -> None:
            said.extend(data)
            if said.endswith(b"ready\n"):
                ready.set()

        script = ("sh", "-c", SCRIPT, "trial", str(canary))
        running = asyncio.create_task(self._run(host, workspace, script, hear=hear, begun=begun))
        waiting = asyncio.create_task(ready.wait())
        try:
            await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
            lines = tuple(said.decode(errors="replace").splitlines())
            if not ready.is_set():
                raise _Refused(diagnosis.NO_SHELL)
            evidence = await asyncio.to_thread(
                look_at, first, lines, workspace=PurePosixPath(workspace.path), masked=host.masked
            )
            await asyncio.to_thread(workspace.write, "go", b"")
            await running
        except LaunchFailed as error:
            raise _Refused(self._diagnosed(str(error))) from None
        except OSError as error:
            raise _Refused(_unseen(error)) from None
        finally:
            for task in (running, waiting):
                task.cancel()
            await asyncio.gather(running, waiting, return_exceptions=True)
            await asyncio.to_thread(canary.unlink, missing_ok=True)
        return evidence

    async def _run(
        self,
        host: Host,
        workspace: Workspace,
        argv: tuple[str, ...],
        limits: CommandLimits = _TRIAL,
        *,
        hear: Output | None = None,
        begun: Callable[[int], None] | None = None,
    ) -> Ended:
        plan = SandboxPlan(argv=argv, workspace=PurePosixPath(workspace.path), toolchain=self.toolchain)
        measure = partial(workspace.measure, max_bytes=limits.disk_bytes, max_files=limits.files)
        return await self.launcher(host).run(plan, limits, hear or _unheard, measure=measure, begun=begun)


async def _unheard(_stream: Stream, _data: bytes) -> None:
    """What the trials print is of no interest."""


def _version(bwrap: str) -> tuple[int, ...]:
    try:
        told = subprocess.run(
            (bwrap, "--version"), capture_output=True, text=True, timeout=10, check=False, env={"LC_ALL": "C.UTF-8"}
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        raise _Refused(diagnosis.NO_BUBBLEWRAP) from None
    match = re.search(r"(\d+)\.(\d+)", told)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _failed(names: list[str]) -> Trouble:
    return Trouble(
        f"a sandbox was built, but it does not isolate: {', '.join(names)}",
        "Please report this with the output of `revwright doctor` and the versions of the kernel and of bubblewrap.",
    )


def _no_room(error: OSError) -> Trouble:
    return Trouble(
        f"nothing can be written where workspaces lie: {error.strerror}",
        "Make room there, or name another place in REVWRIGHT_WORKSPACES_DIR.",
    )


def _unseen(error: OSError) -> Trouble:
    return Trouble(
        f"a sandbox was built, but it cannot be looked at: {error.strerror} ({error.filename})",
        "The runner must be able to read /proc of its own processes: mount it without hidepid, or with its group.",
    )
