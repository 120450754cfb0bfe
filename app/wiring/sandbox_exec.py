"""One command in exactly the sandbox that jobs use, on a directory that is there already."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from app.adapters.sandbox.files.workspace import Workspace
from app.adapters.sandbox.isolation.plan import SandboxPlan
from app.adapters.sandbox.running.cgroups import Subtree
from app.adapters.sandbox.running.starting import LaunchFailed
from app.domain.errors import SandboxRefused
from app.domain.sandbox import Command, Ended
from app.ports import Output
from app.settings import SandboxSettings
from app.wiring.runner import OF_ROOT, RunnerOptions, open_ground, prepare


@contextlib.contextmanager
def prepared(settings: SandboxSettings, *, cgroups: bool = True) -> Iterator[tuple[RunnerOptions, Subtree | None]]:
    """Become the runner's user. The self-test's own workspace lies where a runner's would, or for a moment elsewhere.

    Raises SettingsInvalid.
    """
    with _workspaces_dir(settings) as directory:
        options = RunnerOptions(
            workspaces_dir=directory,
            root=settings.root,
            user=settings.runner_user,
            at_once=1,
            worker_uid=os.getuid(),
            cgroups=cgroups,
        )
        subtree = prepare(options)
        try:
            yield options, subtree
        finally:
            if subtree is not None:
                subtree.close()


@contextlib.contextmanager
def _workspaces_dir(settings: SandboxSettings) -> Iterator[Path]:
    """Who has no place for workspaces yet may not want one for good, only because of one command."""
    if settings.workspaces_dir is not None or os.geteuid() == 0:
        yield settings.workspaces_dir or OF_ROOT
        return
    directory = tempfile.mkdtemp(prefix="revwright-")
    try:
        yield Path(directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


async def execute(
    options: RunnerOptions, cgroups: Subtree | None, directory: Path, command: Command, output: Output
) -> Ended:
    """Raises SandboxRefused where nothing isolates or the directory is of no use, ValueError for a wrong command."""
    async with open_ground(options, cgroups) as ground:
        isolation, launcher, toolchain = ground.isolation, ground.launcher, ground.toolchain
    if launcher is None:
        raise SandboxRefused(f"nothing is executed on this host: {isolation.reason}. {isolation.remedy}")
    plan = SandboxPlan(
        argv=command.argv,
        workspace=PurePosixPath(directory),
        toolchain=toolchain,
        network=command.network,
        environment=command.environment,
    )
    _check_rights(directory, by_root=os.getuid() != options.worker_uid)
    limits = command.limits
    with Workspace.at(directory) as workspace:
        measure = partial(workspace.measure, max_bytes=limits.disk_bytes, max_files=limits.files)
        try:
            return await launcher.run(plan, limits, output, merged=command.merged, measure=measure)
        except LaunchFailed as error:
            raise SandboxRefused(str(error)) from None


def _check_rights(directory: Path, *, by_root: bool) -> None:
    """`by_root` tells that root started us, who could change rights."""
    who = f"user {os.geteuid()}, as whom the command would run,"
    for above in reversed(directory.parents):
        if not os.access(above, os.X_OK):
            raise SandboxRefused(f"{who} cannot enter {str(above)!r}: name a workspace in another place")
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        remedy = (
            f"give that user a copy (`chown -R {os.geteuid()} COPY`), or name the owner in REVWRIGHT_RUNNER_USER"
            if by_root
            else "name a directory of your own"
        )
        raise SandboxRefused(f"{who} cannot read and write {str(directory)!r}: {remedy}")
